-- +goose Up
-- Programs of terminals. The files lie in the folder releases of the data, named by their hash.
create table agent_release (
  id          text primary key, -- version_arch
  version     text not null,
  arch        text not null,
  size        bigint not null,
  sha256      text not null,
  signature   text not null,
  packed      bigint not null, -- bytes of the packed file, 0 until the upload is whole
  note        text not null,
  note_en     text not null,
  author      text not null,
  author_name text not null,
  created_at  timestamp not null
);

-- Which program a terminal is to run, and what became of it. Only the newest few of each are kept.
create table agent_upgrade (
  id          text primary key, -- as the terminal knows it
  edge        text not null,
  release     text not null,    -- empty: the way back
  version     text not null,
  state       text not null,
  error       text not null,
  note        text not null,
  author      text not null,
  author_name text not null,
  rollout     text not null,
  ticket      text not null,    -- by which the terminal fetches the file
  spent       bigint not null,
  created_at  timestamp not null,
  settled_at  timestamp
);
create index agent_upgrade_edge on agent_upgrade (edge, id);
create index agent_upgrade_state on agent_upgrade (state);

-- A roll-out gives the same parts, or the same program.
alter table fleet_rollout add column version text not null default '';
