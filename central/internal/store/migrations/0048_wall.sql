-- +goose Up
-- Saved arrangements of pictures. cameras is JSON; version counts the changes, so that nobody overwrites what they
-- have not seen.
create table wall (
  id          text primary key,
  division    text not null,
  title       text not null,
  size        integer not null,
  cameras     text not null,
  tour        integer not null,
  version     bigint not null,
  author      text not null,
  author_name text not null,
  created_at  timestamp not null,
  updated_at  timestamp not null,
  removed_at  timestamp
);
