-- +goose Up
-- What a consultation is searched by: its title, its incident, its chair and the desk that opened it.
alter table consult_rooms add column words text not null default '';
update consult_rooms set words = lower((body::json->>'title') || ' ' || coalesce(body::json->>'incident', '') || ' ' || (body::json->>'chair_name') || ' ' || (body::json->>'org_name'));
