-- The database itself refuses that a move is changed or removed.
-- +goose Up
-- +goose StatementBegin
create function incident_moves_stay() returns trigger language plpgsql as $$
begin raise exception 'how an incident was split stays'; end $$;
-- +goose StatementEnd
create trigger incident_moves_kept before update or delete on incident_moves for each row execute function incident_moves_stay();
create trigger incident_moves_stay before truncate on incident_moves for each statement execute function incident_moves_stay();
