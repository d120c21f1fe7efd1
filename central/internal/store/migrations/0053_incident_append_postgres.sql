-- The database itself refuses that a line of an incident's timeline, a figure, or who knew when is changed or removed.
-- +goose Up
-- +goose StatementBegin
create function incident_only_appended() returns trigger language plpgsql as $$
begin raise exception 'the record of an incident is only appended to'; end $$;
-- +goose StatementEnd
create trigger incident_steps_kept before update or delete on incident_steps for each row execute function incident_only_appended();
create trigger incident_steps_stay before truncate on incident_steps for each statement execute function incident_only_appended();
create trigger incident_figures_kept before update or delete on incident_figures for each row execute function incident_only_appended();
create trigger incident_figures_stay before truncate on incident_figures for each statement execute function incident_only_appended();
create trigger incident_known_kept before update or delete on incident_known for each row execute function incident_only_appended();
create trigger incident_known_stay before truncate on incident_known for each statement execute function incident_only_appended();
