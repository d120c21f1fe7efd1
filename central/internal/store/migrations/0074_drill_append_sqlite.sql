-- The database itself refuses that a line of how an exercise was run is changed or removed.
-- +goose Up
-- +goose StatementBegin
create trigger drill_steps_kept before update on drill_steps begin select raise(abort, 'the log of an exercise is only appended to'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger drill_steps_stay before delete on drill_steps begin select raise(abort, 'the log of an exercise is only appended to'); end;
-- +goose StatementEnd
