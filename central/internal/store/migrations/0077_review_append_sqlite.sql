-- The database itself refuses that a reason why something was late is changed, or that a lesson or a suggestion is removed.
-- +goose Up
-- +goose StatementBegin
create trigger review_reasons_kept before update on review_reasons begin select raise(abort, 'why something was late stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger review_reasons_stay before delete on review_reasons begin select raise(abort, 'why something was late stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger review_lessons_stay before delete on review_lessons begin select raise(abort, 'a lesson stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger plan_suggestions_stay before delete on plan_suggestions begin select raise(abort, 'a suggestion stays'); end;
-- +goose StatementEnd
