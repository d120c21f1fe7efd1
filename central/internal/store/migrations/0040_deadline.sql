-- +goose Up
-- Clocks by which something must be done. Times of counted ones are kept without what the wall clock was set
-- by (deadline_line), so that setting it moves all of them in one write.
create table deadlines (
  id text primary key,
  owner_kind text not null,
  owner_id text not null,
  kind text not null,
  org_id text not null,
  division text not null,
  name text not null,
  rule text not null,
  scale text not null,
  base_at timestamp not null,
  due_at timestamp not null,
  stages text not null, -- JSON
  stage integer not null,
  round integer not null,
  next_at timestamp, -- of the next mark; null when none comes
  state text not null,
  passed_at timestamp,
  ended_at timestamp,
  ended_by text not null,
  asked text not null, -- JSON, empty before the first mark
  created_at timestamp not null
);
create unique index deadlines_owner on deadlines (owner_kind, owner_id, kind);
create index deadlines_next on deadlines (scale, next_at) where next_at is not null;
create index deadlines_running on deadlines (due_at) where state = 'running';
create index deadlines_passed on deadlines (passed_at) where passed_at is not null;

-- Each mark that was reached, once: the record of it, and what the owner still has to be told.
create table deadline_firings (
  deadline text not null references deadlines (id),
  round integer not null,
  stage integer not null,
  mark text not null,
  due_at timestamp not null,
  at timestamp not null,
  asked text not null, -- JSON
  told_at timestamp,
  rests_until timestamp,
  primary key (deadline, round, stage)
);
create index deadline_firings_untold on deadline_firings (at) where told_at is null;

create table deadline_line (
  id integer primary key check (id = 1),
  shift_us bigint not null,
  wall timestamp not null,
  boot text not null,
  up_us bigint not null
);
