-- +goose Up
-- Single pictures that are kept: frozen by somebody, or of an alarm. at_ms is Unix milliseconds of the picture.
create table recording_snapshot (
  id          text primary key,
  stream      text not null,
  camera      text not null,
  at_ms       bigint not null,
  origin      text not null,
  type        text not null,
  width       bigint not null,
  height      bigint not null,
  bytes       bigint not null,
  sha256      text not null,
  alarm       text not null,
  title       text not null,
  title_en    text not null,
  reference   text not null,
  note        text not null,
  author      text not null,
  author_name text not null,
  created_at  timestamp not null,
  file        text not null
);
create index recording_snapshot_time on recording_snapshot (at_ms);
