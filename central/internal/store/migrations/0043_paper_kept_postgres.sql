-- The database itself refuses that a signed document changes, and that a number goes.
-- +goose Up
-- +goose StatementBegin
create function paper_kept() returns trigger language plpgsql as $$
begin raise exception 'a signed document and its number are kept'; end $$;
-- +goose StatementEnd
create trigger papers_kept before update on papers for each row
  when (old.state <> 'draft' and (new.content <> old.content or new.number <> old.number or new.state = 'draft')) execute function paper_kept();
create trigger papers_stay before delete on papers for each row when (old.state <> 'draft') execute function paper_kept();
create trigger paper_files_kept before update or delete on paper_files for each row execute function paper_kept();
create trigger paper_files_stay before truncate on paper_files for each statement execute function paper_kept();
create trigger paper_numbers_kept before update on paper_numbers for each row
  when (old.voided_at is not null or new.no <> old.no or new.year <> old.year or new.prefix <> old.prefix) execute function paper_kept();
create trigger paper_numbers_stay before delete on paper_numbers for each row execute function paper_kept();
create trigger paper_numbers_all before truncate on paper_numbers for each statement execute function paper_kept();
