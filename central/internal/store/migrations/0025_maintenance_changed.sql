-- +goose Up
-- The one time of a weekly window that was ended early or extended: when it began, and when it ends instead.
alter table maintenance add column changed_from timestamp;
alter table maintenance add column changed_to timestamp;
alter table maintenance drop column skip_to;
