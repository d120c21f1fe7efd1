-- +goose Up
-- The last questions to each terminal about itself, and what it answered.
create table diagnosis (
  id          text primary key, -- of the command
  edge        text not null,
  name        text not null,
  device      text not null,
  lines       integer not null,
  state       text not null,
  error       text not null,
  since       text not null,
  packed      integer not null,
  author      text not null,
  author_name text not null,
  asked_at    timestamp not null,
  answered_at timestamp,
  answer      bytea             -- text, zstd
);
create index diagnosis_edge on diagnosis (edge, id);
