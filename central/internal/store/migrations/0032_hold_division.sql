-- A hold belongs to the division of whoever placed it. One of an account that is gone is the top's.
-- +goose Up
alter table telemetry_holds add column division text not null default '';
update telemetry_holds set division = coalesce(
  (select o.division from users u join orgs o on o.id = u.org_id where u.id = telemetry_holds.created_by),
  (select min(division) from orgs where parent_id is null),
  '');
