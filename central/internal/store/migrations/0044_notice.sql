-- +goose Up
-- Messages to people outside the console, one row for each person, and every try.
create table notices (
  id text primary key,
  key text not null, -- cause and person: the same is queued once
  kind text not null,
  org_id text not null,
  division text not null,
  state text not null,
  urgent boolean not null,
  channel text not null, -- of the way that is tried
  next_at timestamp, -- of the next try; null when none comes
  body text not null, -- JSON: the rest
  link text not null -- secret of the person
);
create unique index notices_key on notices (key);
create index notices_due on notices (channel, next_at) where next_at is not null;
create index notices_failed on notices (id) where state = 'failed';

create table notice_tries (
  notice_id text not null references notices (id),
  no integer not null,
  channel text not null,
  address text not null, -- masked
  at timestamp not null,
  ended_at timestamp,
  outcome text not null,
  reason text not null,
  ref text not null,
  primary key (notice_id, no)
);
create index notice_tries_channel on notice_tries (channel, at);

create table notice_channels (
  name text primary key,
  failures integer not null,
  down_since timestamp,
  last_ok timestamp,
  last_error text not null,
  error_at timestamp
);
