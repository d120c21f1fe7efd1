-- The database itself refuses that a move of stock, a status of a team or a step of a dispatch is changed or removed.
-- +goose Up
-- +goose StatementBegin
create trigger resource_moves_kept before update on resource_moves begin select raise(abort, 'what was moved and told stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger resource_moves_stay before delete on resource_moves begin select raise(abort, 'what was moved and told stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger resource_team_steps_kept before update on resource_team_steps begin select raise(abort, 'what was moved and told stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger resource_team_steps_stay before delete on resource_team_steps begin select raise(abort, 'what was moved and told stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger resource_steps_kept before update on resource_steps begin select raise(abort, 'what was moved and told stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger resource_steps_stay before delete on resource_steps begin select raise(abort, 'what was moved and told stays'); end;
-- +goose StatementEnd
