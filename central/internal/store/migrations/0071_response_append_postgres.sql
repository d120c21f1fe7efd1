-- The database itself refuses that a text that was carried out, an order or a line of a task is changed or removed.
-- +goose Up
-- +goose StatementBegin
create function response_only_appended() returns trigger language plpgsql as $$
begin raise exception 'what was ordered and done stays'; end $$;
-- +goose StatementEnd
create trigger response_texts_kept before update or delete on response_texts for each row execute function response_only_appended();
create trigger response_texts_stay before truncate on response_texts for each statement execute function response_only_appended();
create trigger response_changes_kept before update or delete on response_changes for each row execute function response_only_appended();
create trigger response_changes_stay before truncate on response_changes for each statement execute function response_only_appended();
create trigger response_lines_kept before update or delete on response_lines for each row execute function response_only_appended();
create trigger response_lines_stay before truncate on response_lines for each statement execute function response_only_appended();
