-- The database itself refuses that a report that was sent, a hop that was decided, an instruction or a judgement is
-- changed or removed.
-- +goose Up
-- +goose StatementBegin
create trigger reports_kept before update on reports when old.state = 'sent' begin select raise(abort, 'what was reported stays as it is'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger reports_stay before delete on reports when old.state = 'sent' begin select raise(abort, 'what was reported stays as it is'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger report_hops_kept before update on report_hops when old.decision <> '' and new.decision <> old.decision begin select raise(abort, 'what was reported stays as it is'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger report_hops_stay before delete on report_hops begin select raise(abort, 'what was reported stays as it is'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger report_instructions_kept before update on report_instructions begin select raise(abort, 'what was reported stays as it is'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger report_instructions_stay before delete on report_instructions begin select raise(abort, 'what was reported stays as it is'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger report_judgements_kept before update on report_judgements begin select raise(abort, 'what was reported stays as it is'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger report_judgements_stay before delete on report_judgements begin select raise(abort, 'what was reported stays as it is'); end;
-- +goose StatementEnd
