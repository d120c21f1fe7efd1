-- The database itself refuses that a written line of a duty log, or a step of an item, is changed or removed.
-- +goose Up
-- +goose StatementBegin
create trigger handover_entries_kept before update on handover_entries begin select raise(abort, 'the duty log is only appended to'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger handover_entries_stay before delete on handover_entries begin select raise(abort, 'the duty log is only appended to'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger handover_steps_kept before update on handover_steps begin select raise(abort, 'the duty log is only appended to'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger handover_steps_stay before delete on handover_steps begin select raise(abort, 'the duty log is only appended to'); end;
-- +goose StatementEnd
-- A shift that was handed over is signed.
-- +goose StatementBegin
create trigger handover_shifts_kept before update on handover_shifts when old.state = 'closed' begin select raise(abort, 'a shift that was handed over is signed'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger handover_shifts_stay before delete on handover_shifts begin select raise(abort, 'the duty log is only appended to'); end;
-- +goose StatementEnd
