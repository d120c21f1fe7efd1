-- Why a legal hold was ended; the English name of a device, empty when it has none.
-- +goose Up
alter table telemetry_holds add column ended_reason text not null default '';
alter table device add column name_en text not null default '';
