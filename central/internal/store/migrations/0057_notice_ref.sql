-- +goose Up
-- The gateway's name for a message, by which its receipts come.
alter table notices add column ref text not null default '';
create index notices_ref on notices (channel, ref) where ref <> '';
