-- +goose Up
-- After-action reviews of incidents, why tasks were late, lessons, and what plans shall say because of them.
create table reviews (
  incident_id text primary key references incidents (id),
  division text not null,
  state text not null,
  category text not null,
  level integer not null,
  year text not null, -- of the incident, by the law's clock
  exercise text not null default '',
  words text not null, -- what a search looks through
  occurred_at timestamp not null,
  body text not null -- JSON: the record
);
create index reviews_cases on reviews (state, occurred_at);

create table review_reasons (
  incident_id text not null references incidents (id),
  no integer not null,
  body text not null,
  primary key (incident_id, no)
);

create table review_lessons (
  id text primary key,
  incident_id text not null references incidents (id),
  org_id text not null references orgs (id),
  state text not null,
  due_at timestamp not null,
  exercise text not null default '',
  body text not null
);
create index review_lessons_incident on review_lessons (incident_id, id);

create table plan_suggestions (
  id text primary key,
  plan_id text not null references plans (id),
  body text not null
);
create index plan_suggestions_plan on plan_suggestions (plan_id, id);
