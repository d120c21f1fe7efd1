-- +goose Up
-- What a consultation is searched by: its title, its incident, its chair and the desk that opened it.
alter table consult_rooms add column words text not null default '';
update consult_rooms set words = lower(json_extract(body, '$.title') || ' ' || coalesce(json_extract(body, '$.incident'), '') || ' ' || json_extract(body, '$.chair_name') || ' ' || json_extract(body, '$.org_name'));
