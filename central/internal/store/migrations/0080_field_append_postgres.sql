-- The database itself refuses that what somebody sent from the scene is changed or removed.
-- +goose Up
-- +goose StatementBegin
create function field_only_appended() returns trigger language plpgsql as $$
begin raise exception 'what was sent from the scene stays'; end $$;
-- +goose StatementEnd
create trigger field_entries_kept before update or delete on field_entries for each row execute function field_only_appended();
create trigger field_entries_stay before truncate on field_entries for each statement execute function field_only_appended();
