-- +goose Up
-- Spans of recordings as files that people take away, until they expire.
create table recording_clip (
  id          text primary key,
  stream      text not null,
  camera      text not null,
  from_ms     bigint not null,
  to_ms       bigint not null,
  reference   text not null,
  burn        boolean not null,
  state       text not null,
  trouble     text not null,
  files       text not null, -- JSON
  gaps        text not null, -- JSON
  author      text not null,
  author_name text not null,
  created_at  timestamp not null,
  made_at     timestamp,
  expires_at  timestamp not null
);
