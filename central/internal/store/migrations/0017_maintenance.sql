-- +goose Up
-- What is being worked on, and when. A window without days happens once, from starts_at to ends_at; with days
-- (1 Monday to 7 Sunday) it happens at wall (HH:MM, UTC+8) for minutes, between the two.
create table maintenance (
  id              text primary key,
  target          text not null,
  subject         text not null,
  division        text not null,
  starts_at       timestamp not null,
  ends_at         timestamp not null,
  days            text not null,
  wall            text not null,
  minutes         bigint not null,
  reason          text not null,
  critical        boolean not null,
  skip_to         timestamp,
  created_at      timestamp not null,
  created_by      text not null,
  created_by_name text not null,
  ended_at        timestamp,
  ended_by        text not null,
  ended_by_name   text not null,
  updated_at      timestamp not null
);
create index maintenance_end on maintenance (ends_at);
-- The window under which an alarm is, as JSON; empty when there is none.
alter table alarms add column maintenance text not null default '';
