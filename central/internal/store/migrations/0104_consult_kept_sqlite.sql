-- The database itself refuses that a line of a consultation is changed or removed.
-- +goose Up
-- +goose StatementBegin
create trigger consult_lines_kept before update on consult_lines begin select raise(abort, 'what went on in a consultation stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger consult_lines_stay before delete on consult_lines begin select raise(abort, 'what went on in a consultation stays'); end;
-- +goose StatementEnd
