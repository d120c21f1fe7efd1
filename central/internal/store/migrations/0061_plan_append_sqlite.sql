-- The database itself refuses that a published version of a plan, or a step of its life, is changed or removed.
-- +goose Up
-- +goose StatementBegin
create trigger plan_versions_kept before update on plan_versions begin select raise(abort, 'what was published of a plan stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger plan_versions_stay before delete on plan_versions begin select raise(abort, 'what was published of a plan stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger plan_steps_kept before update on plan_steps begin select raise(abort, 'the steps of a plan are only appended to'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger plan_steps_stay before delete on plan_steps begin select raise(abort, 'the steps of a plan are only appended to'); end;
-- +goose StatementEnd
