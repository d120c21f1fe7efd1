-- +goose Up
-- A window that was stored before today's rules holds again when somebody has confirmed it, by name.
alter table maintenance add column confirmed_at timestamp;
alter table maintenance add column confirmed_by_name text not null default '';
-- An exception of a rule that was stored without an end ends here unless somebody decides about it before.
alter table rule_overrides add column decide_by timestamp;
