-- +goose Up
-- The year of a document: of its signature, of a draft of its beginning.
alter table papers add column year integer not null default 0;
update papers set year = cast(substr(coalesce(nullif(json_extract(body, '$.date'), ''), json_extract(body, '$.created_at')), 1, 4) as integer);
