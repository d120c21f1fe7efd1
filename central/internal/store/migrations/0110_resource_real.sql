-- +goose Up
-- Teams and stock are real: an exercise asks for them by its plan and moves none, so that nothing here is of an exercise
-- but the requests, whose incident says it.
alter table resource_teams drop column exercise;
alter table resource_warehouses drop column exercise;
alter table resource_requests drop column exercise;
alter table resource_dispatches drop column exercise;
