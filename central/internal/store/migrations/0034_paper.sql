-- +goose Up
-- Official documents, the register of their numbers, and what organisations put on them.
create table papers (
  id text primary key,
  org_id text not null references orgs (id),
  division text not null,
  kind text not null,
  state text not null,
  title text not null,
  number text not null,
  source text not null,
  version integer not null,
  body text not null,   -- JSON: the rest, without the content
  content text not null -- JSON
);
create index papers_org on papers (org_id, id);
create index papers_source on papers (org_id, source) where source <> '';

-- What left the house.
create table paper_files (
  paper_id text primary key references papers (id),
  docx bytea not null,
  pdf bytea not null,
  missing text not null
);

-- Every number that was ever taken. paper_id is kept when its draft is discarded later.
create table paper_numbers (
  org_id text not null references orgs (id),
  prefix text not null,
  year integer not null,
  no integer not null,
  paper_id text not null,
  title text not null,
  at timestamp not null,
  by_name text not null,
  voided_at timestamp,
  voided_by text not null,
  reason text not null,
  primary key (org_id, prefix, year, no)
);

create table paper_letterheads (
  org_id text primary key references orgs (id),
  version integer not null,
  body text not null -- JSON
);

-- A prefix belongs to the organisation that used it first.
create table paper_prefixes (
  prefix text primary key,
  org_id text not null references orgs (id),
  at timestamp not null
);
