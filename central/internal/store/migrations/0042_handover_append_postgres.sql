-- The database itself refuses that a written line of a duty log, or a step of an item, is changed or removed.
-- +goose Up
-- +goose StatementBegin
create function handover_only_appended() returns trigger language plpgsql as $$
begin raise exception 'the duty log is only appended to'; end $$;
-- +goose StatementEnd
create trigger handover_entries_kept before update or delete on handover_entries for each row execute function handover_only_appended();
create trigger handover_entries_stay before truncate on handover_entries for each statement execute function handover_only_appended();
create trigger handover_steps_kept before update or delete on handover_steps for each row execute function handover_only_appended();
create trigger handover_steps_stay before truncate on handover_steps for each statement execute function handover_only_appended();
-- A shift that was handed over is signed.
create trigger handover_shifts_kept before update on handover_shifts for each row when (old.state = 'closed') execute function handover_only_appended();
create trigger handover_shifts_stay before delete on handover_shifts for each row execute function handover_only_appended();
