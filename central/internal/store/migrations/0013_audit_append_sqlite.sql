-- The database itself refuses that a written row of the audit is changed or removed, whoever asks.
-- +goose Up
-- +goose StatementBegin
create trigger audit_kept before update on audit begin select raise(abort, 'the audit is only appended to'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger audit_stays before delete on audit begin select raise(abort, 'the audit is only appended to'); end;
-- +goose StatementEnd
