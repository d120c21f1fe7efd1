-- +goose Up
-- What has happened, how its figures grew, who knew when; and the inbox from which it comes.
create table incidents (
  id text primary key,
  org_id text not null references orgs (id),
  no text not null,
  year text not null,
  division text not null,
  state text not null,
  category text not null,
  occurred_at timestamp not null,
  words text not null, -- what a search looks through
  version integer not null,
  body text not null -- JSON: the record
);
create unique index incidents_no on incidents (org_id, no);
create index incidents_time on incidents (occurred_at);

create table incident_steps (
  incident_id text not null references incidents (id),
  no integer not null,
  at timestamp not null,
  by_name text not null,
  org_name text not null,
  kind text not null,
  act text not null,
  text text not null,
  ref text not null,
  primary key (incident_id, no)
);

create table incident_figures (
  id text primary key,
  incident_id text not null references incidents (id),
  kind text not null,
  value integer not null,
  at timestamp not null,
  source text not null,
  ref text not null,
  by_name text not null,
  org_name text not null,
  written_at timestamp not null
);
create index incident_figures_of on incident_figures (incident_id, id);

create table incident_known (
  id text primary key,
  incident_id text not null references incidents (id),
  org_id text not null,
  org_name text not null,
  at timestamp not null,
  kind text not null,
  ref text not null,
  text text not null
);
create unique index incident_known_once on incident_known (incident_id, org_id, kind, ref);

create table intake_items (
  id text primary key,
  org_id text not null references orgs (id),
  no integer not null,
  division text not null,
  state text not null,
  kind text not null,
  received_at timestamp not null,
  incident_id text references incidents (id),
  source text, -- of an alarm, once
  words text not null,
  version integer not null,
  body text not null -- JSON: the record
);
create unique index intake_items_no on intake_items (org_id, no);
create unique index intake_items_source on intake_items (source) where source is not null;
create index intake_items_waiting on intake_items (state, id);
