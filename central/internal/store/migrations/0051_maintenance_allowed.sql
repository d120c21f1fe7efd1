-- +goose Up
-- The limits that stood when a window was confirmed: it is held to those that became stricter since. Zero before
-- anybody confirmed it.
alter table maintenance add column allowed_break bigint not null default 0;
alter table maintenance add column allowed_hours bigint not null default 0;
alter table maintenance add column allowed_days bigint not null default 0;
-- What a confirmation so far was for is not known: it silenced critical devices whatever it was asked for. It is asked
-- for again.
update maintenance set critical = false where confirmed_at is not null;
