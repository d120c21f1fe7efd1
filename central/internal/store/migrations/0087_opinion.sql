-- +goose Up
-- What is said of incidents outside their command, and what this house says in answer. The world of a row is that of
-- its incident.
create table opinion_entries (
  id text primary key,
  incident_id text not null references incidents (id),
  body text not null -- JSON: the entry as it was written down
);
create index opinion_entries_incident on opinion_entries (incident_id, id);

create table opinion_lines (
  entry_id text not null references opinion_entries (id),
  no integer not null,
  body text not null,
  primary key (entry_id, no)
);

create table opinion_tasks (
  id text primary key,
  incident_id text not null references incidents (id),
  org_id text not null references orgs (id),
  state text not null,
  due_at timestamp not null,
  body text not null
);
create index opinion_tasks_incident on opinion_tasks (incident_id, id);

create table opinion_statements (
  id text primary key,
  incident_id text not null references incidents (id),
  org_id text not null references orgs (id),
  state text not null,
  title text not null,
  words text not null, -- the text itself
  body text not null -- JSON: everything else
);
create index opinion_statements_incident on opinion_statements (incident_id, id);
