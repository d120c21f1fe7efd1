-- +goose Up
-- Sound beside pictures: its codec, of cameras that are not muted.
alter table recording_policy add column mute boolean not null default false;
alter table recording_segment add column sound text not null default '';
alter table recording_clip add column mute boolean not null default false;
