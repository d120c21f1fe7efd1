-- The database itself refuses that a move of stock, a status of a team or a step of a dispatch is changed or removed.
-- +goose Up
-- +goose StatementBegin
create function resource_only_appended() returns trigger language plpgsql as $$
begin raise exception 'what was moved and told stays'; end $$;
-- +goose StatementEnd
create trigger resource_moves_kept before update or delete on resource_moves for each row execute function resource_only_appended();
create trigger resource_moves_stay before truncate on resource_moves for each statement execute function resource_only_appended();
create trigger resource_team_steps_kept before update or delete on resource_team_steps for each row execute function resource_only_appended();
create trigger resource_team_steps_stay before truncate on resource_team_steps for each statement execute function resource_only_appended();
create trigger resource_steps_kept before update or delete on resource_steps for each row execute function resource_only_appended();
create trigger resource_steps_stay before truncate on resource_steps for each statement execute function resource_only_appended();
