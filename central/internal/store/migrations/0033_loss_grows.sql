-- +goose Up
-- A trouble that goes on is one loss that grows: until_ms is when the last reading of it was lost, Unix
-- milliseconds; 0 where a terminal did not say.
alter table loss add column until_ms bigint not null default 0;
