-- The database itself refuses that a written row of the audit is changed or removed, whoever asks.
-- +goose Up
-- +goose StatementBegin
create function audit_only_appended() returns trigger language plpgsql as $$
begin raise exception 'the audit is only appended to'; end $$;
-- +goose StatementEnd
create trigger audit_kept before update or delete on audit for each row execute function audit_only_appended();
create trigger audit_stays before truncate on audit for each statement execute function audit_only_appended();
