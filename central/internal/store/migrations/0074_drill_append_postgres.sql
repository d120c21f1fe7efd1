-- The database itself refuses that a line of how an exercise was run is changed or removed.
-- +goose Up
-- +goose StatementBegin
create function drill_only_appended() returns trigger language plpgsql as $$
begin raise exception 'the log of an exercise is only appended to'; end $$;
-- +goose StatementEnd
create trigger drill_steps_kept before update or delete on drill_steps for each row execute function drill_only_appended();
create trigger drill_steps_stay before truncate on drill_steps for each statement execute function drill_only_appended();
