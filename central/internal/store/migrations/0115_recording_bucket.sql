-- +goose Up
-- Recordings that have left the disk for a bucket.
alter table recording_segment add column away boolean not null default false;
create index recording_segment_away on recording_segment (away, to_ms);
