-- +goose Up
-- Reports, their ways from desk to desk, instructions and tasks, and what people have judged.
create table reports (
  id text primary key,
  incident_id text not null references incidents (id),
  org_id text not null references orgs (id),
  state text not null,
  version integer not null,
  sent_at timestamp,
  body text not null -- JSON: the version
);
create index reports_chain on reports (incident_id, org_id, id);
create index reports_drafts on reports (org_id) where state = 'draft';
-- A desk writes one version of an incident at a time.
create unique index reports_one_draft on reports (incident_id, org_id) where state = 'draft';

create table report_hops (
  id text primary key,
  report_id text references reports (id),
  incident_id text not null references incidents (id),
  from_org text not null,
  to_org text not null,
  decision text not null,
  submitted_at timestamp not null,
  body text not null -- JSON: the hop
);
create index report_hops_incident on report_hops (incident_id, submitted_at);
create index report_hops_to on report_hops (to_org, submitted_at);
create index report_hops_from on report_hops (from_org, submitted_at);

create table report_instructions (
  id text primary key,
  incident_id text not null references incidents (id),
  body text not null -- JSON
);
create index report_instructions_of on report_instructions (incident_id);

create table report_tasks (
  id text primary key,
  incident_id text not null references incidents (id),
  from_org text not null,
  to_org text not null,
  state text not null,
  due_at timestamp not null,
  version integer not null,
  body text not null -- JSON
);
create index report_tasks_of on report_tasks (incident_id);
create index report_tasks_open on report_tasks (due_at) where state <> 'done';

create table report_judgements (
  id text primary key,
  incident_id text not null references incidents (id),
  body text not null -- JSON
);
create index report_judgements_of on report_judgements (incident_id);

create table report_weights (
  id integer primary key,
  body text not null -- JSON
);
