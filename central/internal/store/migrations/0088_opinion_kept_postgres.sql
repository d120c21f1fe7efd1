-- The database itself refuses that what was said, found out, signed or released is changed or removed. A signed
-- statement goes back to its draft, a released one gives way to its correction; neither changes its text.
-- +goose Up
-- +goose StatementBegin
create function opinion_stays() returns trigger language plpgsql as $$
begin raise exception 'what was said stays'; end $$;
-- +goose StatementEnd
create trigger opinion_entries_kept before update or delete on opinion_entries for each row execute function opinion_stays();
create trigger opinion_entries_stay before truncate on opinion_entries for each statement execute function opinion_stays();
create trigger opinion_lines_kept before update or delete on opinion_lines for each row execute function opinion_stays();
create trigger opinion_lines_stay before truncate on opinion_lines for each statement execute function opinion_stays();
create trigger opinion_tasks_kept before delete on opinion_tasks for each row execute function opinion_stays();
create trigger opinion_tasks_stay before truncate on opinion_tasks for each statement execute function opinion_stays();
create trigger opinion_statements_kept before update on opinion_statements for each row
  when ((old.state in ('signed', 'released', 'superseded') and (new.title <> old.title or new.words <> old.words))
    or (old.state = 'released' and new.state not in ('released', 'superseded')) or (old.state = 'superseded' and new.state <> 'superseded'))
  execute function opinion_stays();
create trigger opinion_statements_gone before delete on opinion_statements for each row when (old.state not in ('draft', 'checked')) execute function opinion_stays();
create trigger opinion_statements_stay before truncate on opinion_statements for each statement execute function opinion_stays();
