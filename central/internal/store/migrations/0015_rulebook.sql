-- +goose Up
-- Alarm rules as people keep them. body, draft, shipped and seen are JSON, empty for none: what the newest
-- version says, what a person has written since, what the shipped file says, and said when a person last
-- published.
create table rules (
  id          text primary key,
  division    text not null,
  state       text not null,
  version     bigint not null,
  revision    bigint not null,
  touched     boolean not null, -- by a person: the file only offers
  body        text not null,
  draft       text not null,
  shipped     text not null,
  seen        text not null,
  updated_at  timestamp not null
);

-- What was published. Never altered.
create table rule_versions (
  rule        text not null references rules (id),
  number      bigint not null,
  body        text not null,
  origin      text not null,
  author      text not null,
  author_name text not null,
  reason      text not null,
  created_at  timestamp not null,
  primary key (rule, number)
);

-- Where a rule is something else. exception is JSON.
create table rule_overrides (
  id            text primary key,
  rule          text not null references rules (id),
  device        text not null,
  division      text not null,
  exception     text not null,
  reason        text not null,
  author        text not null,
  author_name   text not null,
  created_at    timestamp not null,
  ended_at      timestamp,
  ended_by      text not null,
  ended_by_name text not null
);
create index rule_overrides_rule on rule_overrides (rule, id);

-- The rules that terminals were last given: by which version of their configuration.
create table rule_given (
  edge   text primary key,
  number bigint not null,
  hash   text not null
);
create index alarms_opened on alarms (opened_at);
