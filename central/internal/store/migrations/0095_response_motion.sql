-- +goose Up
-- Proposals to start a plan, made to its owner by a desk that may not start it.
create table response_motions (
  id text primary key,
  incident_id text not null references incidents (id),
  state text not null,
  body text not null -- JSON
);
create index response_motions_incident on response_motions (incident_id, id);
