-- The database itself refuses that what an expert has signed is changed or removed.
-- +goose Up
-- +goose StatementBegin
create function opinion_file_stays() returns trigger language plpgsql as $$
begin
  if exists (select 1 from opinion_experts where id = coalesce(old.expert_id, new.expert_id) and state = 'signed') then
    raise exception 'what was signed stays';
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  return new;
end $$;
-- +goose StatementEnd
create trigger opinion_experts_kept before update or delete on opinion_experts for each row when (old.state = 'signed') execute function opinion_stays();
create trigger opinion_experts_stay before truncate on opinion_experts for each statement execute function opinion_stays();
create trigger opinion_files_kept before insert or update or delete on opinion_files for each row execute function opinion_file_stays();
create trigger opinion_files_stay before truncate on opinion_files for each statement execute function opinion_stays();
