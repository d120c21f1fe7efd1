-- +goose Up
-- Reports that a response owes by its plan, each with the time by which it is due.
create table response_reports (
  id text primary key,
  incident_id text not null references incidents (id),
  response_id text not null references responses (id),
  body text not null -- JSON
);
create index response_reports_incident on response_reports (incident_id, id);
