-- +goose Up
-- How each stream is recorded. Moments of pictures are Unix milliseconds.
create table recording_policy (
  stream      text primary key,
  mode        text not null,
  keep_days   bigint not null,
  until_ms    bigint not null, -- 0: none
  since_ms    bigint not null,
  author      text not null,
  author_name text not null
);

-- What is kept. The spans of a stream do not overlap.
create table recording_segment (
  id      text primary key,
  stream  text not null,
  source  text not null,
  from_ms bigint not null,
  to_ms   bigint not null,
  film_ms bigint not null, -- when the film in the file begins
  bytes   bigint not null,
  codec   text not null,
  width   bigint not null,
  height  bigint not null,
  open    boolean not null,
  file    text not null
);
create index recording_segment_time on recording_segment (stream, from_ms);

-- What is not deleted, for an incident.
create table recording_hold (
  id            text primary key,
  stream        text not null,
  from_ms       bigint not null,
  to_ms         bigint not null,
  reference     text not null,
  note          text not null,
  author        text not null,
  author_name   text not null,
  created_at    timestamp not null,
  ended_at      timestamp,
  ended_by_name text not null
);

-- Moments to jump to.
create table recording_mark (
  stream   text not null,
  at_ms    bigint not null,
  kind     text not null,
  ref      text not null,
  title    text not null,
  title_en text not null,
  level    bigint not null,
  primary key (stream, kind, ref)
);
create index recording_mark_time on recording_mark (stream, at_ms);
