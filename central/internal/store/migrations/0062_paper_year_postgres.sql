-- +goose Up
-- The year of a document: of its signature, of a draft of its beginning.
alter table papers add column year integer not null default 0;
update papers set year = cast(left(coalesce(nullif(body::json ->> 'date', ''), body::json ->> 'created_at'), 4) as integer);
