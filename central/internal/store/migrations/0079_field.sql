-- +goose Up
-- What phones send by a link: words, steps of tasks and pictures, each once however often it comes. A link says for
-- which incident and for which duty person it is; a line of a timeline may have come later than it happened.
alter table video_link add column incident_id text not null default '';
alter table video_link add column person_id text not null default '';
alter table incident_steps add column received_at timestamp;

create table field_entries (
  link_id text not null references video_link (id),
  key text not null, -- that the phone gave it
  id text not null,
  incident_id text not null references incidents (id),
  at timestamp not null,
  body text not null, -- JSON
  primary key (link_id, key)
);
create unique index field_entries_id on field_entries (id);
create index field_entries_incident on field_entries (incident_id, at);

create table field_photos (
  link_id text not null references video_link (id),
  key text not null,
  size integer not null,
  have integer not null, -- bytes that came
  sum text not null, -- SHA-256 of the whole
  type text not null, -- empty until it is whole
  at timestamp not null,
  primary key (link_id, key)
);

create table field_photo_parts (
  link_id text not null,
  key text not null,
  at integer not null, -- of its first byte
  body text not null, -- base64
  primary key (link_id, key, at),
  foreign key (link_id, key) references field_photos (link_id, key)
);
