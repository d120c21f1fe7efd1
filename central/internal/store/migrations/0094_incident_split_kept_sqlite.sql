-- The database itself refuses that a move is changed or removed.
-- +goose Up
-- +goose StatementBegin
create trigger incident_moves_kept before update on incident_moves begin select raise(abort, 'how an incident was split stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger incident_moves_stay before delete on incident_moves begin select raise(abort, 'how an incident was split stays'); end;
-- +goose StatementEnd
