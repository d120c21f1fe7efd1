-- +goose Up
-- Messages to the crews at the scenes, and what became of each.
create table crew_messages (
  id text primary key,
  target text not null, -- terminal or phone
  incident_id text references incidents (id),
  author text not null,
  at timestamp not null,
  waiting integer not null, -- 1: something has still to become of it
  version integer not null,
  body text not null -- JSON: the message as it stands
);
create index crew_messages_target on crew_messages (target, at);
create index crew_messages_incident on crew_messages (incident_id, at);
create index crew_messages_author on crew_messages (author, at);
create index crew_messages_waiting on crew_messages (waiting, at);
