-- +goose Up
-- Opinions of experts about incidents, each with at most one file.
create table opinion_experts (
  id text primary key,
  incident_id text not null references incidents (id),
  org_id text not null references orgs (id),
  state text not null,
  words text not null, -- the opinion itself
  body text not null -- JSON: everything else
);
create index opinion_experts_incident on opinion_experts (incident_id, id);

create table opinion_files (
  expert_id text primary key references opinion_experts (id),
  body text not null -- base64
);
