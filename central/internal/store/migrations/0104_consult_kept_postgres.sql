-- The database itself refuses that a line of a consultation is changed or removed.
-- +goose Up
-- +goose StatementBegin
create function consult_lines_stay() returns trigger language plpgsql as $$
begin raise exception 'what went on in a consultation stays'; end $$;
-- +goose StatementEnd
create trigger consult_lines_kept before update or delete on consult_lines for each row execute function consult_lines_stay();
create trigger consult_lines_stay before truncate on consult_lines for each statement execute function consult_lines_stay();
