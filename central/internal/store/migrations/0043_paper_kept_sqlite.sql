-- The database itself refuses that a signed document changes, and that a number goes.
-- +goose Up
-- +goose StatementBegin
create trigger papers_kept before update on papers
  when old.state <> 'draft' and (new.content <> old.content or new.number <> old.number or new.state = 'draft')
  begin select raise(abort, 'a signed document is kept'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger papers_stay before delete on papers when old.state <> 'draft' begin select raise(abort, 'a signed document is kept'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger paper_files_kept before update on paper_files begin select raise(abort, 'a signed document is kept'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger paper_files_stay before delete on paper_files begin select raise(abort, 'a signed document is kept'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger paper_numbers_kept before update on paper_numbers
  when old.voided_at is not null or new.no <> old.no or new.year <> old.year or new.prefix <> old.prefix
  begin select raise(abort, 'a number is kept'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger paper_numbers_stay before delete on paper_numbers begin select raise(abort, 'a number is kept'); end;
-- +goose StatementEnd
