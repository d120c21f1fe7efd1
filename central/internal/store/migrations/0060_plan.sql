-- +goose Up
-- Emergency plans: heads, the draft that is being written, published versions, the steps of their lives, attachments.
create table plans (
  id text primary key,
  org_id text not null references orgs (id),
  state text not null,
  body text not null -- JSON: the rest of the head
);

create table plan_drafts (
  plan_id text primary key references plans (id),
  body text not null
);

create table plan_versions (
  plan_id text not null references plans (id),
  no integer not null,
  head text not null, -- JSON: by whom, when, hash
  body text not null,
  primary key (plan_id, no)
);

create table plan_steps (
  plan_id text not null references plans (id),
  no integer not null,
  body text not null,
  primary key (plan_id, no)
);

create table plan_files (
  id text primary key,
  plan_id text not null references plans (id),
  kind text not null,
  name text not null,
  type text not null,
  size integer not null,
  hash text not null,
  at timestamp not null,
  by_name text not null,
  body text not null -- base64
);
create index plan_files_plan on plan_files (plan_id);
