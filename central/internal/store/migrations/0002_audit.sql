-- What has happened and who did it. Each row carries the hash of the row before it; audit_head holds the
-- last, so that a changed, removed or cut-off row is found.
-- +goose Up
create table audit (
  seq bigint primary key,
  id text not null,
  at timestamp not null,
  actor text not null,
  actor_name text not null,
  kind text not null,
  subject text not null,
  division text not null,
  data text not null,
  prev_hash text not null,
  hash text not null
);
create unique index audit_id on audit (id);
create index audit_kind on audit (kind, seq);
create index audit_subject on audit (subject, seq);

create table audit_head (
  name text primary key,
  seq bigint not null,
  hash text not null
);
insert into audit_head (name, seq, hash) values ('audit', 0, '');
