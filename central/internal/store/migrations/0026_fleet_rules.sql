-- Versions that a publish of rules made are counted apart, so that they push out nothing that a person wrote.
-- +goose Up
alter table fleet_config add column rules boolean not null default false;
