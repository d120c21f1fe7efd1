-- +goose Up
-- Readings that a terminal had to thin or drop, as it told in lane 0. id is the terminal's own, so a record
-- that comes again is one.
create table loss (
  id      text primary key,
  edge    text not null,
  at      bigint not null, -- Unix milliseconds
  lane    integer not null,
  from_ms bigint not null, -- of the oldest reading lost
  to_ms   bigint not null,
  count   bigint not null,
  why     text not null
);
create index loss_edge on loss (edge, at);
