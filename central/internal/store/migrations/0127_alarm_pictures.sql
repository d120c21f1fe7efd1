-- +goose Up
-- How far a camera stands from what alarmed, in metres, and which alarms left no picture of a camera and why.
alter table recording_snapshot add column metres integer;
alter table recording_mark add column metres integer;
create table recording_missed (
  alarm text not null,
  stream text not null,
  camera text not null,
  at_ms bigint not null,
  title text not null,
  title_en text not null,
  metres integer,
  why text not null,
  primary key (alarm, stream)
);
create index recording_missed_at on recording_missed (at_ms);
