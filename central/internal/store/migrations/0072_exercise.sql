-- +goose Up
-- The world to which a row belongs: empty is reality, anything else the id of an exercise. What hangs on an incident
-- belongs to the world of the incident.
alter table incidents add column exercise text not null default '';
drop index incidents_no;
create unique index incidents_no on incidents (org_id, exercise, no);
create index incidents_exercise on incidents (exercise, id);

alter table deadlines add column exercise text not null default '';

-- The database itself refuses that a message of an exercise waits for a channel.
alter table notices add column exercise text not null default '' check (exercise = '' or next_at is null);
create index notices_exercise on notices (exercise, id) where exercise <> '';
