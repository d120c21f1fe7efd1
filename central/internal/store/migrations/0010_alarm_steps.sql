-- What happened to alarms, step by step: an alarm's row holds only where it stands now. Alarms of before get
-- the steps that their row still tells of.
-- +goose Up
alter table alarms add column openings bigint not null default 1;
create table alarm_steps (
  id text primary key,
  alarm text not null references alarms (id),
  division text not null,
  kind text not null,
  at timestamp not null,
  recorded_at timestamp not null,
  actor text not null,
  actor_name text not null,
  note text not null,
  value double precision not null,
  openings bigint not null
);
create index alarm_steps_alarm on alarm_steps (alarm, id);
create index alarm_steps_division on alarm_steps (division, id);
insert into alarm_steps (id, alarm, division, kind, at, recorded_at, actor, actor_name, note, value, openings)
  select id || '-1', id, division, 'opened', opened_at, received_at, 'rules', 'rules', '', value, 1 from alarms;
insert into alarm_steps (id, alarm, division, kind, at, recorded_at, actor, actor_name, note, value, openings)
  select id || '-2', id, division, 'returned', returned_at, returned_at, 'rules', 'rules', '', peak, 1 from alarms where returned_at is not null;
insert into alarm_steps (id, alarm, division, kind, at, recorded_at, actor, actor_name, note, value, openings)
  select id || '-3', id, division, 'acknowledged', acked_at, acked_at, acked_by, acked_by_name, ack_note, peak, 1 from alarms where acked_at is not null;
insert into alarm_steps (id, alarm, division, kind, at, recorded_at, actor, actor_name, note, value, openings)
  select id || '-4', id, division, 'cleared', cleared_at, cleared_at, acked_by, acked_by_name, '', peak, 1 from alarms where cleared_at is not null;
