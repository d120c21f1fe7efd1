-- +goose Up
-- Which snapshots reports name. Nothing that is named is removed.
create table report_pictures (
  report_id text not null references reports (id) on delete cascade,
  snapshot_id text not null references recording_snapshot (id),
  primary key (report_id, snapshot_id)
);
create index report_pictures_snapshot on report_pictures (snapshot_id);
