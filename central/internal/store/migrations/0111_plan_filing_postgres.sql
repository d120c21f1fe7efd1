-- +goose Up
-- Each published version of a plan is filed by itself: the clock of a filing is that of its version.
update deadlines set owner_id = owner_id || ' ' || (select body::json->>'version' from plans where plans.id = deadlines.owner_id)
  where owner_kind = 'plan' and kind in ('plan.file', 'plan.receipt') and owner_id in (select id from plans);
-- What was sent with a task says what it proves: a picture of the scene, a document, or a signature of somebody.
alter table response_photos add column kind text not null default 'photo';
alter table response_photos add column name text not null default '';
alter table response_photos add column hash text not null default '';
