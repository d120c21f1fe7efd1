-- Failed sign-ins are counted by name and by where they came from, so that a stranger who guesses at an
-- officer's password does not lock the officer out. The source is an address or a browser that signed in
-- before. Counts live for a quarter of an hour: those of the old table are not carried over.
-- +goose Up
create table failed_logins (
  username text not null,
  source text not null,
  failures bigint not null,
  last_at timestamp not null,
  locked_until timestamp,
  primary key (username, source)
);
create index failed_logins_last on failed_logins (last_at);
drop table login_attempts;
