-- +goose Up
-- Spans that terminals are asked for, because the centre could not record them itself.
create table recording_wish (
  id          text primary key,
  stream      text not null,
  edge        text not null,
  from_ms     bigint not null,
  to_ms       bigint not null,
  state       text not null, -- wanted, done, failed
  error       text not null,
  films       bigint not null, -- that came of it
  bytes       bigint not null,
  ticket      text not null,   -- by which the terminal brings them
  author_name text not null,   -- empty: the centre itself
  created_at  timestamp not null,
  settled_at  timestamp
);
create index recording_wish_time on recording_wish (stream, from_ms);
create index recording_wish_state on recording_wish (state);
