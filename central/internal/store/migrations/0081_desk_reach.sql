-- +goose Up
-- Whose each line of a timeline is and whom it was addressed to; what stands merged into what; an alarm becomes an
-- item of each desk that takes it.
alter table incident_steps add column org_id text not null default '';
alter table incident_steps add column told text not null default '';
alter table incidents add column merged_into text references incidents (id);
create index incidents_merged on incidents (merged_into) where merged_into is not null;
update incidents set merged_into = (
  select s.ref from incident_steps s where s.incident_id = incidents.id and s.kind = 'merged' and s.act = 'into' order by s.no desc limit 1
) where state = 'merged';
drop index intake_items_source;
create unique index intake_items_source on intake_items (org_id, source) where source is not null;
