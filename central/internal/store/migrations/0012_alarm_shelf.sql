-- A person may keep an alarm from ringing for a time, with a reason. The row has the shelf, its steps who
-- shelved and unshelved it and when.
-- +goose Up
alter table alarms add column shelved_until timestamp;
alter table alarms add column shelved_by text not null default '';
alter table alarms add column shelved_by_name text not null default '';
alter table alarms add column shelve_reason text not null default '';
alter table alarm_steps add column until timestamp;
