-- One row that is written to find out whether the database can be written.
-- +goose Up
create table ready (
  id integer primary key,
  at timestamp not null
);
