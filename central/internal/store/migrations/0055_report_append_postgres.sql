-- The database itself refuses that a report that was sent, a hop that was decided, an instruction or a judgement is
-- changed or removed.
-- +goose Up
-- +goose StatementBegin
create function report_stays() returns trigger language plpgsql as $$
begin raise exception 'what was reported stays as it is'; end $$;
-- +goose StatementEnd
create trigger reports_kept before update or delete on reports for each row when (old.state = 'sent') execute function report_stays();
create trigger report_hops_kept before update on report_hops for each row when (old.decision <> '' and new.decision <> old.decision) execute function report_stays();
create trigger report_hops_stay before delete on report_hops for each row execute function report_stays();
create trigger report_instructions_kept before update or delete on report_instructions for each row execute function report_stays();
create trigger report_judgements_kept before update or delete on report_judgements for each row execute function report_stays();
