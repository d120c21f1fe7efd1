-- +goose Up
-- Daily and zero reports of special periods: one of a desk and a day.
create table report_dailies (
  org_id text not null references orgs (id),
  day text not null, -- 2026-10-01, by the law's clock
  to_org text not null,
  state text not null, -- owed, told, spared
  version integer not null,
  body text not null, -- JSON
  primary key (org_id, day)
);
create index report_dailies_day on report_dailies (day);
