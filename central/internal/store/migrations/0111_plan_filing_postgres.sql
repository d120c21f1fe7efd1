-- +goose Up
-- Each published version of a plan is filed by itself: the clock of a filing is that of its version.
update deadlines set owner_id = owner_id || ' ' || (select body::json->>'version' from plans where plans.id = deadlines.owner_id)
  where owner_kind = 'plan' and kind in ('plan.file', 'plan.receipt') and owner_id in (select id from plans);
