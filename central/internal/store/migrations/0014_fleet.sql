-- +goose Up
-- What terminals are to run and have run. Only the newest few of each are kept.
create table fleet_config (
  edge        text not null,
  number      bigint not null,
  id          text not null, -- of its message, empty when it was found at the terminal
  hash        text not null, -- SHA-256 of document
  document    text not null,
  state       text not null,
  error       text not null,
  note        text not null,
  author      text not null,
  author_name text not null,
  rollout     text not null,
  created_at  timestamp not null,
  settled_at  timestamp,
  primary key (edge, number)
);
create index fleet_config_state on fleet_config (state);

-- The same parts for many terminals, batch by batch. members is JSON.
create table fleet_rollout (
  id          text primary key,
  note        text not null,
  parts       text not null,
  batch       integer not null,
  state       text not null,
  division    text not null,
  author      text not null,
  author_name text not null,
  members     text not null,
  created_at  timestamp not null,
  ended_at    timestamp
);
