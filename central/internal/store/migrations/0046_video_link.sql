-- +goose Up
-- Links by which somebody without an account sends or watches one picture. The token is not kept: it is made of the
-- id and the key of the centre. ended_at is set when a person has ended it.
create table video_link (
  id            text primary key,
  division      text not null,
  stream        text not null,
  action        text not null,
  title         text not null,
  author        text not null,
  author_name   text not null,
  created_at    timestamp not null,
  expires_at    timestamp not null,
  ended_at      timestamp,
  ended_by_name text not null,
  used_at       timestamp,
  uses          bigint not null
);
create index video_link_expires on video_link (expires_at);
