-- The database itself refuses that a text that was carried out, an order or a line of a task is changed or removed.
-- +goose Up
-- +goose StatementBegin
create trigger response_texts_kept before update on response_texts begin select raise(abort, 'the text that was carried out stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger response_texts_stay before delete on response_texts begin select raise(abort, 'the text that was carried out stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger response_changes_kept before update on response_changes begin select raise(abort, 'orders are only added'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger response_changes_stay before delete on response_changes begin select raise(abort, 'orders are only added'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger response_lines_kept before update on response_lines begin select raise(abort, 'what was written of a task stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger response_lines_stay before delete on response_lines begin select raise(abort, 'what was written of a task stays'); end;
-- +goose StatementEnd
