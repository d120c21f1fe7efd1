-- +goose Up
-- How many places of a phone were taken in by each link and day (UTC): the places themselves stand among the readings.
create table field_places (
  link_id text not null references video_link (id),
  day text not null, -- 2026-11-27
  n integer not null,
  primary key (link_id, day)
);
