-- +goose Up
-- What of an incident belongs to another since it was split. What was written is never rewritten: the last move of a
-- thing says where it counts.
create table incident_moves (
  no integer primary key,
  kind text not null, -- line, figure, opinion or task
  ref text not null,
  from_id text not null references incidents (id),
  to_id text not null references incidents (id),
  at timestamp not null,
  by_name text not null
);
create index incident_moves_ref on incident_moves (kind, ref, no);
create index incident_moves_to on incident_moves (to_id, kind);
