-- Who may sign in. Only hashes of passwords, session tokens and API tokens are kept, so that a stolen
-- copy of the database lets nobody in.
-- +goose Up
create table orgs (
  id text primary key,
  parent_id text references orgs (id),
  name text not null,
  name_en text not null,
  division text not null,
  created_at timestamp not null
);
create index orgs_division on orgs (division);

create table users (
  id text primary key,
  username text not null,
  name text not null,
  org_id text not null references orgs (id),
  password_hash text not null,
  must_change_password boolean not null,
  disabled boolean not null,
  last_login_at timestamp,
  created_at timestamp not null,
  updated_at timestamp not null
);
create unique index users_username on users (username);
create index users_org on users (org_id);

create table user_roles (
  user_id text not null references users (id) on delete cascade,
  role text not null,
  primary key (user_id, role)
);

create table sessions (
  id text primary key,
  token_hash text not null,
  user_id text not null references users (id) on delete cascade,
  created_at timestamp not null,
  seen_at timestamp not null,
  expires_at timestamp not null,
  ends_at timestamp not null
);
create unique index sessions_token on sessions (token_hash);
create index sessions_user on sessions (user_id);
create index sessions_expiry on sessions (expires_at);

create table api_tokens (
  id text primary key,
  user_id text not null references users (id) on delete cascade,
  name text not null,
  token_hash text not null,
  created_at timestamp not null,
  last_used_at timestamp,
  revoked_at timestamp
);
create unique index api_tokens_token on api_tokens (token_hash);
create index api_tokens_user on api_tokens (user_id);

-- Failed sign-ins are counted by the name that was typed, known or not, so that the answer does not tell
-- which names exist.
create table login_attempts (
  username text primary key,
  failures bigint not null,
  last_at timestamp not null,
  locked_until timestamp
);
create index login_attempts_last on login_attempts (last_at);
