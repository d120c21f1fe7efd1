-- +goose Up
-- Teams and stock, what an incident asked of them, and what was sent. Amounts are in thousandths of their unit. key and
-- word are names as they are compared. exercise is the drill in which something takes place.
create table resource_teams (
  id text primary key,
  org_id text not null,
  name text not null,
  division text not null,
  status text not null,
  words text not null, -- by which it is searched
  exercise text not null default '',
  body text not null -- JSON
);
create unique index resource_teams_name on resource_teams (org_id, name);

create table resource_team_words (
  word text not null,
  team_id text not null references resource_teams (id),
  primary key (word, team_id)
);
create index resource_team_words_team on resource_team_words (team_id);

create table resource_words (
  kind text not null,
  word text not null,
  text text not null, -- as it was written
  primary key (kind, word)
);

create table resource_team_steps (
  team_id text not null references resource_teams (id),
  no integer not null,
  at timestamp not null,
  status text not null,
  why text not null,
  by_name text not null,
  dispatch_id text not null,
  primary key (team_id, no)
);

create table resource_warehouses (
  id text primary key,
  org_id text not null,
  name text not null,
  division text not null,
  exercise text not null default '',
  body text not null
);
create unique index resource_warehouses_name on resource_warehouses (org_id, name);

create table resource_stock (
  id text primary key,
  warehouse_id text not null references resource_warehouses (id),
  word text not null,
  item text not null,
  unit text not null,
  amount bigint not null,
  reserved bigint not null,
  moves integer not null,
  check (reserved >= 0 and amount >= reserved)
);
create unique index resource_stock_item on resource_stock (warehouse_id, item, unit);
create index resource_stock_word on resource_stock (word);

create table resource_moves (
  stock_id text not null references resource_stock (id),
  no integer not null,
  body text not null,
  primary key (stock_id, no)
);

create table resource_requests (
  id text primary key,
  incident_id text not null references incidents (id),
  task_id text not null,
  no integer not null,
  exercise text not null default '',
  body text not null
);
create index resource_requests_incident on resource_requests (incident_id);
create unique index resource_requests_once on resource_requests (task_id, no) where no > 0;

create table resource_dispatches (
  id text primary key,
  request_id text not null references resource_requests (id),
  incident_id text not null references incidents (id),
  subject_id text not null,
  state text not null,
  exercise text not null default '',
  body text not null
);
create index resource_dispatches_incident on resource_dispatches (incident_id);

create table resource_steps (
  dispatch_id text not null references resource_dispatches (id),
  no integer not null,
  body text not null,
  primary key (dispatch_id, no)
);

create table resource_links (
  hash text primary key,
  dispatch_id text not null references resource_dispatches (id),
  until timestamp not null
);
