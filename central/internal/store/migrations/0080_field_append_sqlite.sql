-- The database itself refuses that what somebody sent from the scene is changed or removed.
-- +goose Up
-- +goose StatementBegin
create trigger field_entries_kept before update on field_entries begin select raise(abort, 'what was sent from the scene stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger field_entries_stay before delete on field_entries begin select raise(abort, 'what was sent from the scene stays'); end;
-- +goose StatementEnd
