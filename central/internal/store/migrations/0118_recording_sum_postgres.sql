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
create function recording_sum_keep() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then
    update recording_sum set segments = segments - 1, bytes = bytes - old.bytes where stream = old.stream and away = old.away;
  end if;
  if tg_op <> 'DELETE' then
    insert into recording_sum as t (stream, away, segments, bytes) values (new.stream, new.away, 1, new.bytes)
      on conflict (stream, away) do update set segments = t.segments + 1, bytes = t.bytes + excluded.bytes;
  end if;
  if tg_op <> 'INSERT' then
    delete from recording_sum where stream = old.stream and away = old.away and segments = 0;
  end if;
  return null;
end $$;
-- +goose StatementEnd
create trigger recording_sum_kept after insert or delete or update of stream, away, bytes on recording_segment for each row execute function recording_sum_keep();
