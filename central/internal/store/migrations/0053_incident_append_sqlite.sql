-- The database itself refuses that a line of an incident's timeline, a figure, or who knew when is changed or removed.
-- +goose Up
-- +goose StatementBegin
create trigger incident_steps_kept before update on incident_steps begin select raise(abort, 'the record of an incident is only appended to'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger incident_steps_stay before delete on incident_steps begin select raise(abort, 'the record of an incident is only appended to'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger incident_figures_kept before update on incident_figures begin select raise(abort, 'the record of an incident is only appended to'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger incident_figures_stay before delete on incident_figures begin select raise(abort, 'the record of an incident is only appended to'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger incident_known_kept before update on incident_known begin select raise(abort, 'the record of an incident is only appended to'); end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger incident_known_stay before delete on incident_known begin select raise(abort, 'the record of an incident is only appended to'); end;
-- +goose StatementEnd
