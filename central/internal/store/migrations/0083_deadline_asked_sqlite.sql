-- +goose Up
-- Whom a clock asks now, so that a desk finds all that ask it among many that ask others.
alter table deadlines add column asked_org text not null default '';
update deadlines set asked_org = coalesce(json_extract(asked, '$.org_id'), '') where asked not in ('', 'null');
create index deadlines_asked on deadlines (asked_org, due_at) where state = 'running';
