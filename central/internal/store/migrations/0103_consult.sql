-- +goose Up
-- Consultation rooms: who leads them, what is shared, who was invited, and what went on. Who is in one now is in memory.
create table consult_rooms (
  id text primary key,
  incident_id text references incidents (id),
  org_id text not null,
  exercise text not null, -- empty: real
  state text not null,    -- open or ended
  recorded boolean not null,
  created_at timestamp not null,
  version integer not null,
  body text not null
);
create index consult_rooms_incident on consult_rooms (incident_id);
create index consult_rooms_state on consult_rooms (state, exercise, created_at);
create table consult_invitations (
  id text primary key,
  room_id text not null references consult_rooms (id),
  ref text not null,  -- user or organisation; empty: from outside
  hash text not null, -- of the token of a link; empty: none
  revoked boolean not null,
  body text not null
);
create index consult_invitations_room on consult_invitations (room_id, id);
create index consult_invitations_ref on consult_invitations (ref);
create index consult_invitations_hash on consult_invitations (hash);
create table consult_lines (
  room_id text not null references consult_rooms (id),
  no integer not null,
  body text not null,
  primary key (room_id, no)
);
