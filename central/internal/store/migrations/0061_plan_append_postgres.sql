-- The database itself refuses that a published version of a plan, or a step of its life, is changed or removed.
-- +goose Up
-- +goose StatementBegin
create function plan_only_appended() returns trigger language plpgsql as $$
begin raise exception 'what was published of a plan stays'; end $$;
-- +goose StatementEnd
create trigger plan_versions_kept before update or delete on plan_versions for each row execute function plan_only_appended();
create trigger plan_versions_stay before truncate on plan_versions for each statement execute function plan_only_appended();
create trigger plan_steps_kept before update or delete on plan_steps for each row execute function plan_only_appended();
create trigger plan_steps_stay before truncate on plan_steps for each statement execute function plan_only_appended();
