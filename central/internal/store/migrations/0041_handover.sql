-- +goose Up
-- The books of duty desks: shift records, the log, and what stays to be done.
create table handover_shifts (
  id text primary key,
  org_id text not null references orgs (id),
  no integer not null,
  state text not null,
  opened_at timestamp not null,
  closed_at timestamp,
  body text not null -- JSON: the rest of the record
);
create unique index handover_shifts_no on handover_shifts (org_id, no);
-- A desk has one shift at a time.
create unique index handover_shifts_running on handover_shifts (org_id) where state <> 'closed';

create table handover_entries (
  id text primary key,
  org_id text not null,
  shift_id text not null references handover_shifts (id),
  no integer not null,
  kind text not null,
  at timestamp not null,
  written_at timestamp not null,
  by_id text not null,
  by_name text not null,
  party text not null,
  contact text not null,
  text text not null,
  corrects text references handover_entries (id),
  reason text not null,
  source text
);
create unique index handover_entries_no on handover_entries (shift_id, no);
create unique index handover_entries_corrects on handover_entries (corrects) where corrects is not null;
create unique index handover_entries_source on handover_entries (org_id, source) where source is not null;
create index handover_entries_org on handover_entries (org_id, id);

create table handover_items (
  id text primary key,
  org_id text not null,
  title text not null,
  level integer not null,
  owner_id text not null,
  owner_name text not null,
  due_at timestamp,
  entry_id text not null,
  opened_at timestamp not null,
  opened_by text not null,
  done_at timestamp,
  done_by text not null,
  result text not null,
  version integer not null
);
create index handover_items_open on handover_items (org_id) where done_at is null;

create table handover_steps (
  item_id text not null references handover_items (id),
  no integer not null,
  at timestamp not null,
  by_name text not null,
  kind text not null,
  text text not null,
  primary key (item_id, no)
);
