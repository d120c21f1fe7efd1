-- +goose Up
-- An alarm that nobody acknowledges is passed on to the desk above. escalation is how far it was, as JSON.
alter table alarms add column escalation text not null default '';
alter table alarms add column escalate_at timestamp;
alter table alarms add column late_at timestamp;
alter table alarm_steps add column tier bigint not null default 0;
alter table alarm_steps add column desk text not null default '';
alter table alarm_steps add column desk_role text not null default '';
-- Each step upwards once, whatever dies in between.
create unique index alarm_steps_tier on alarm_steps (alarm, tier) where kind = 'escalated';
-- Versions of the policy by which that happens; the newest holds. document is JSON.
create table escalation_policy (
  number      bigint primary key,
  document    text not null,
  note        text not null,
  author      text not null,
  author_name text not null,
  created_at  timestamp not null
);
