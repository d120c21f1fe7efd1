-- The database itself refuses that a reason why something was late is changed, or that a lesson or a suggestion is removed.
-- +goose Up
-- +goose StatementBegin
create function review_stays() returns trigger language plpgsql as $$
begin raise exception 'what was learned stays'; end $$;
-- +goose StatementEnd
create trigger review_reasons_kept before update or delete on review_reasons for each row execute function review_stays();
create trigger review_reasons_stay before truncate on review_reasons for each statement execute function review_stays();
create trigger review_lessons_kept before delete on review_lessons for each row execute function review_stays();
create trigger review_lessons_stay before truncate on review_lessons for each statement execute function review_stays();
create trigger plan_suggestions_kept before delete on plan_suggestions for each row execute function review_stays();
create trigger plan_suggestions_stay before truncate on plan_suggestions for each statement execute function review_stays();
