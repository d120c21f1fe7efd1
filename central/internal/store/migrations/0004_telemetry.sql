-- Alarms: every passing of a limit with who acknowledged it and when. Names of rule and device are kept
-- as they were at that time, because both may change or go. Readings are not here but in the telemetry
-- folder.
-- +goose Up
create table alarms (
  id text primary key,
  rule text not null,
  rule_name text not null,
  rule_name_en text not null,
  source text not null,
  device text not null,
  device_name text not null,
  property text not null,
  unit text not null,
  division text not null,
  level bigint not null,
  state text not null check (state in ('open', 'acknowledged', 'returned', 'cleared')),
  value double precision not null,
  peak double precision not null,
  limit_value double precision not null,
  origin text not null,
  retrospective boolean not null,
  demo boolean not null,
  opened_at timestamp not null,
  received_at timestamp not null,
  acked_at timestamp,
  acked_by text not null,
  acked_by_name text not null,
  ack_note text not null,
  returned_at timestamp,
  cleared_at timestamp,
  updated_at timestamp not null
);
-- One active alarm for each rule, device and property, whatever happens in the program.
create unique index alarms_active on alarms (rule, device, property) where state <> 'cleared';
create index alarms_key on alarms (rule, device, property, opened_at);
create index alarms_division on alarms (division, id);
