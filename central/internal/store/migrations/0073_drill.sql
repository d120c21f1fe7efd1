-- +goose Up
-- Exercises with who controls them, the log of how they were run, and what came of them.
create table drills (
  id text primary key,
  org_id text not null references orgs (id),
  division text not null,
  plan_id text not null,
  planned_on text not null,
  state text not null,
  sealed integer not null, -- nobody but its controllers knows of it
  version integer not null,
  body text not null -- JSON
);
create index drills_year on drills (planned_on);
create index drills_running on drills (id) where state = 'running';

create table drill_people (
  drill_id text not null references drills (id),
  user_id text not null,
  part text not null,
  primary key (drill_id, user_id, part)
);

create table drill_steps (
  drill_id text not null references drills (id),
  no integer not null,
  body text not null,
  primary key (drill_id, no)
);

create table drill_sheets (
  id text primary key,
  drill_id text not null references drills (id),
  hash text not null,
  body text not null
);
create unique index drill_sheets_hash on drill_sheets (hash);
create index drill_sheets_of on drill_sheets (drill_id, id);

create table drill_items (
  id text primary key,
  drill_id text not null references drills (id),
  state text not null,
  body text not null
);
create index drill_items_of on drill_items (drill_id, id);
