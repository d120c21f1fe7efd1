-- +goose Up
-- Roll-calls: who was asked when, and what each post answered.
create table rollcalls (
  id text primary key,
  org_id text not null references orgs (id),
  division text not null,
  at timestamp not null,
  body text not null -- JSON: the rest
);
create table rollcall_posts (
  id text primary key,
  call_id text not null references rollcalls (id),
  org_id text not null references orgs (id),
  tier text not null,
  division text not null,
  at timestamp not null,
  due_at timestamp not null,
  state text not null,
  body text not null
);
create unique index rollcall_posts_call on rollcall_posts (call_id, org_id, tier);
create index rollcall_posts_org on rollcall_posts (org_id, at);
create index rollcall_posts_at on rollcall_posts (at);

-- Addresses by which a person answers without a login: only a hash of the token is kept.
create table rollcall_links (
  hash text primary key,
  post_id text not null references rollcall_posts (id),
  person_id text not null,
  name text not null,
  until timestamp not null
);

create table rollcall_plans (
  id text primary key,
  org_id text not null references orgs (id),
  division text not null,
  body text not null
);
create table rollcall_days (
  plan_id text not null references rollcall_plans (id),
  day text not null,
  primary key (plan_id, day)
);
create table rollcall_draws (
  plan_id text not null references rollcall_plans (id),
  at timestamp not null,
  done_at timestamp,
  call_id text not null,
  why text not null,
  primary key (plan_id, at)
);
create index rollcall_draws_coming on rollcall_draws (at) where done_at is null;
