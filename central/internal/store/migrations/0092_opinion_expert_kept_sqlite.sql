-- The database itself refuses that what an expert has signed is changed or removed.
-- +goose Up
-- +goose StatementBegin
create trigger opinion_experts_kept before update on opinion_experts when old.state = 'signed' begin select raise(abort, 'what was signed stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger opinion_experts_stay before delete on opinion_experts when old.state = 'signed' begin select raise(abort, 'what was signed stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger opinion_files_new before insert on opinion_files when exists (select 1 from opinion_experts where id = new.expert_id and state = 'signed') begin select raise(abort, 'what was signed stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger opinion_files_kept before update on opinion_files when exists (select 1 from opinion_experts where id = old.expert_id and state = 'signed') begin select raise(abort, 'what was signed stays'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger opinion_files_stay before delete on opinion_files when exists (select 1 from opinion_experts where id = old.expert_id and state = 'signed') begin select raise(abort, 'what was signed stays'); end;
-- +goose StatementEnd
