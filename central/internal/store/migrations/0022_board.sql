-- +goose Up
-- Boards of rivers and plants. tiles is JSON; version counts the changes, so that nobody overwrites what they
-- have not seen.
create table board (
  id          text primary key,
  division    text not null,
  title       text not null,
  title_en    text not null,
  tiles       text not null,
  version     bigint not null,
  author      text not null,
  author_name text not null,
  demo        boolean not null,
  created_at  timestamp not null,
  updated_at  timestamp not null,
  removed_at  timestamp
);
