-- +goose Up
-- Working groups and commands on site of a response, with the seats of their leaders and members.
create table response_groups (
  id text primary key,
  response_id text not null references responses (id),
  no integer not null,
  body text not null -- JSON
);
create index response_groups_response on response_groups (response_id, no);

create table response_group_seats (
  group_id text not null references response_groups (id),
  seat_id text not null references response_seats (id),
  primary key (group_id, seat_id)
);
create index response_group_seats_seat on response_group_seats (seat_id);

alter table response_tasks add column group_id text not null default '';
