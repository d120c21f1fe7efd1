-- +goose Up
-- A link whose places of a phone are all deleted by their age, or never were: it is not looked at again.
alter table video_link add column places_gone boolean not null default false;
create index video_link_places on video_link (stream, created_at) where not places_gone;
