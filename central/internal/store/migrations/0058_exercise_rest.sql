-- +goose Up
-- When the clocks of an exercise rest: from since until until, which is null while they do, and for good once it has
-- ended. Times are without what the wall clock was set by (deadline_line). A clock that rests has no next mark.
create table deadline_rests (
  exercise text not null,
  since timestamp not null,
  until timestamp,
  over integer not null default 0, -- the exercise has ended
  primary key (exercise, since)
);
create unique index deadline_rests_now on deadline_rests (exercise) where until is null;
alter table deadlines add column rests_at timestamp;
