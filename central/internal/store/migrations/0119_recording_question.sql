-- +goose Up
-- What the centre asks of recordings again and again is found without reading all of them: those that are open, the oldest
-- of a stream on the disk or in the bucket, those that are leaving the disk, marks by age.
create index recording_segment_open on recording_segment (stream, from_ms) where open;
create index recording_segment_oldest on recording_segment (stream, away, from_ms);
alter table recording_segment add column leaving boolean not null default false;
update recording_segment set leaving = true where away;
create index recording_segment_leaving on recording_segment (stream) where leaving;
create index recording_mark_age on recording_mark (at_ms);
-- One row for each file: where two showed parts of one, the end of one took the file of the other.
create index recording_segment_same on recording_segment (file);
delete from recording_segment where exists (select 1 from recording_segment o where o.file = recording_segment.file and o.id < recording_segment.id);
drop index recording_segment_same;
create unique index recording_segment_file on recording_segment (file);
