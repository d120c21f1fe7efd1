-- +goose Up
-- An alarm whose rule was withdrawn or switched off has not returned.
alter table alarms add column rule_gone boolean not null default false;
update alarms set rule_gone = true where returned_at is not null and exists (
  select 1 from alarm_steps s where s.alarm = alarms.id and s.kind = 'rule_gone' and not exists (
    select 1 from alarm_steps l where l.alarm = s.alarm and l.kind in ('reopened', 'returned') and l.id > s.id));
