-- +goose Up
-- Plans that are carried out for an incident: one row for each plan and version, with the text that is carried out,
-- orders about its level, the seats of its roles and its tasks. exercise is the drill in which something takes place.
create table response_texts (
  hash text primary key,
  body text not null
);

create table responses (
  id text primary key,
  incident_id text not null references incidents (id),
  plan_id text not null references plans (id),
  version integer not null,
  hash text not null references response_texts (hash),
  division text not null,
  level integer not null,
  exercise text not null default '',
  body text not null -- JSON
);
create unique index responses_once on responses (incident_id, plan_id, version);

create table response_changes (
  response_id text not null references responses (id),
  no integer not null,
  body text not null,
  primary key (response_id, no)
);

create table response_seats (
  id text primary key,
  response_id text not null references responses (id),
  role_id text not null,
  no integer not null,
  body text not null
);
create unique index response_seats_once on response_seats (response_id, role_id);

create table response_seat_people (
  seat_id text not null references response_seats (id),
  person_id text not null,
  primary key (seat_id, person_id)
);
create index response_seat_people_person on response_seat_people (person_id);

create table response_tasks (
  id text primary key,
  response_id text not null references responses (id),
  incident_id text not null references incidents (id),
  seat_id text not null references response_seats (id),
  org_id text not null,
  action_id text not null,
  state text not null,
  due_at timestamp not null,
  ended_at timestamp,
  exercise text not null default '',
  body text not null
);
create index response_tasks_incident on response_tasks (incident_id, due_at);
create index response_tasks_org on response_tasks (org_id, state);
create index response_tasks_seat on response_tasks (seat_id);
create unique index response_tasks_once on response_tasks (response_id, action_id) where state <> 'void' and action_id <> '';

create table response_lines (
  task_id text not null references response_tasks (id),
  no integer not null,
  body text not null,
  primary key (task_id, no)
);

create table response_photos (
  id text primary key,
  task_id text not null references response_tasks (id),
  type text not null,
  size integer not null,
  at timestamp not null,
  by_name text not null,
  body text not null -- base64
);
create index response_photos_task on response_photos (task_id);

create table response_links (
  hash text primary key,
  response_id text not null references responses (id),
  until timestamp not null,
  body text not null
);

create table response_commands (
  incident_id text primary key references incidents (id),
  body text not null
);
