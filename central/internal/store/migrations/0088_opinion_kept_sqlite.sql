-- The database itself refuses that what was said, found out, signed or released is changed or removed. A signed
-- statement goes back to its draft, a released one gives way to its correction; neither changes its text.
-- +goose Up
-- +goose StatementBegin
create trigger opinion_entries_kept before update on opinion_entries begin select raise(abort, 'what was said stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger opinion_entries_stay before delete on opinion_entries begin select raise(abort, 'what was said stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger opinion_lines_kept before update on opinion_lines begin select raise(abort, 'what was found out stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger opinion_lines_stay before delete on opinion_lines begin select raise(abort, 'what was found out stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger opinion_tasks_stay before delete on opinion_tasks begin select raise(abort, 'a task to speak stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger opinion_statements_kept before update on opinion_statements
when (old.state in ('signed', 'released', 'superseded') and (new.title <> old.title or new.words <> old.words))
  or (old.state = 'released' and new.state not in ('released', 'superseded')) or (old.state = 'superseded' and new.state <> 'superseded')
begin select raise(abort, 'what was signed or released stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger opinion_statements_stay before delete on opinion_statements when old.state not in ('draft', 'checked')
begin select raise(abort, 'what was signed or released stays'); end;
-- +goose StatementEnd
