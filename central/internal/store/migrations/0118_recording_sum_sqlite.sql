-- What is kept of each stream, on the disk and in the bucket: kept right by the database itself, with every segment that
-- comes, grows, moves or goes, so that nobody has to add up all of them.
-- +goose Up
create table recording_sum (
  stream   text not null,
  away     boolean not null,
  segments bigint not null,
  bytes    bigint not null,
  primary key (stream, away)
);
insert into recording_sum (stream, away, segments, bytes) select stream, away, count(*), sum(bytes) from recording_segment group by stream, away;
-- +goose StatementBegin
create trigger recording_sum_comes after insert on recording_segment begin
  insert into recording_sum (stream, away, segments, bytes) values (new.stream, new.away, 1, new.bytes)
    on conflict (stream, away) do update set segments = segments + 1, bytes = bytes + excluded.bytes;
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger recording_sum_changes after update of stream, away, bytes on recording_segment begin
  update recording_sum set segments = segments - 1, bytes = bytes - old.bytes where stream = old.stream and away = old.away;
  insert into recording_sum (stream, away, segments, bytes) values (new.stream, new.away, 1, new.bytes)
    on conflict (stream, away) do update set segments = segments + 1, bytes = bytes + excluded.bytes;
  delete from recording_sum where stream = old.stream and away = old.away and segments = 0;
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger recording_sum_goes after delete on recording_segment begin
  update recording_sum set segments = segments - 1, bytes = bytes - old.bytes where stream = old.stream and away = old.away;
  delete from recording_sum where stream = old.stream and away = old.away and segments = 0;
end;
-- +goose StatementEnd
