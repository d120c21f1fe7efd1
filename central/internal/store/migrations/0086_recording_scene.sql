-- +goose Up
-- Cameras that are recorded with incidents.
create table recording_scene (
  id            text primary key,
  incident      text not null,
  no            text not null, -- of the incident
  stream        text not null,
  by_rule       boolean not null,
  hold_from_ms  bigint not null,
  added_at      timestamp not null,
  author_name   text not null,
  began_at      timestamp,
  ended_at      timestamp,
  why           text not null,
  reason        text not null,
  ended_by_name text not null
);
create index recording_scene_incident on recording_scene (incident);
create index recording_scene_ended on recording_scene (ended_at);
