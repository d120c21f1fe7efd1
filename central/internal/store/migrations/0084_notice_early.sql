-- +goose Up
-- Receipts for messages of which the centre has not kept the gateway's name yet: they are applied when it has.
create table notice_early (
  channel text not null,
  ref text not null,
  state text not null,
  delivered boolean not null,
  failed boolean not null,
  at timestamp not null,
  primary key (channel, ref, state)
);
create index notice_early_at on notice_early (at);
-- When a link is over its post's clock says, which moves along when the clock of the machine is set.
alter table rollcall_links drop column until;
