-- Who is on duty. Days are civil days as text, 2026-11-26, in the zone of the desk; what a roster is laid
-- from is kept beside what was laid (duty_shifts), because a shift that has begun is never laid again.
-- +goose Up
create table duty_desks (
  org_id text primary key references orgs (id),
  zone text not null,
  phone text not null,
  max_row integer not null,
  rest_hours integer not null,
  public_names boolean not null,
  public_phone boolean not null
);

create table duty_posts (
  id text primary key,
  org_id text not null references orgs (id),
  name text not null,
  name_en text not null,
  tier text not null,
  position integer not null,
  continuous boolean not null,
  ended boolean not null
);
create index duty_posts_org on duty_posts (org_id);

-- How a post is held from a day on. body is JSON: watches, heads by class of day, rotations.
create table duty_rules (
  id text primary key,
  post_id text not null references duty_posts (id),
  from_day text not null,
  body text not null,
  by_name text not null,
  created_at timestamp not null
);
create unique index duty_rules_from on duty_rules (post_id, from_day);

-- Accounts or contacts without one. phones is JSON with when and how each number was verified.
create table duty_people (
  id text primary key,
  org_id text not null references orgs (id),
  user_id text references users (id),
  name text not null,
  title text not null,
  phones text not null,
  active boolean not null,
  updated_at timestamp not null
);
create unique index duty_people_user on duty_people (user_id);
create index duty_people_org on duty_people (org_id);

create table duty_leaves (
  id text primary key,
  org_id text not null,
  person_id text not null references duty_people (id),
  from_day text not null,
  to_day text not null,
  note text not null,
  by_name text not null,
  at timestamp not null
);
create index duty_leaves_org on duty_leaves (org_id, to_day);

create table duty_overrides (
  post_id text not null references duty_posts (id),
  day text not null,
  watch integer not null,
  head integer not null,
  person_id text not null, -- empty: nobody, on purpose
  by_id text not null,
  by_name text not null,
  at timestamp not null,
  primary key (post_id, day, watch, head)
);

-- A roster that takes the place of a post's rules for a time. body is JSON: watches and cells.
create table duty_temps (
  id text primary key,
  org_id text not null,
  post_id text not null references duty_posts (id),
  name text not null,
  from_day text not null,
  to_day text not null,
  heads integer not null,
  body text not null,
  by_name text not null,
  at timestamp not null
);
create index duty_temps_org on duty_temps (org_id);

-- Special periods hold for the organisation and everything below it.
create table duty_periods (
  id text primary key,
  org_id text not null references orgs (id),
  name text not null,
  order_no text not null,
  from_day text not null,
  to_day text not null,
  by_name text not null,
  at timestamp not null,
  cancelled_at timestamp
);

-- What the administrators say of single days, over the holiday table that the program brings.
create table duty_days (
  day text primary key,
  class text not null,
  name text not null,
  source text not null,
  by_name text not null,
  at timestamp not null
);

create table duty_shifts (
  post_id text not null references duty_posts (id),
  day text not null,
  watch integer not null,
  head integer not null,
  org_id text not null,
  watch_name text not null,
  class text not null,
  required boolean not null,
  starts_at timestamp not null,
  ends_at timestamp not null,
  person_id text not null, -- empty: a gap
  person_name text not null,
  layer text not null,
  base_id text not null,
  rotation_id text not null,
  turn integer not null,
  primary key (post_id, day, watch, head)
);
create index duty_shifts_org on duty_shifts (org_id, ends_at);
create index duty_shifts_day on duty_shifts (org_id, day);
create index duty_shifts_person on duty_shifts (person_id, ends_at);

create table duty_swaps (
  id text primary key,
  org_id text not null,
  state text not null,
  from_id text not null references duty_people (id),
  to_id text not null references duty_people (id),
  starts_at timestamp not null,
  created_at timestamp not null,
  body text not null
);
create index duty_swaps_org on duty_swaps (org_id, starts_at);

create table duty_takeovers (
  id text primary key,
  org_id text not null,
  post_id text not null,
  day text not null,
  watch integer not null,
  head integer not null,
  from_id text not null,
  from_name text not null,
  to_id text not null references duty_people (id),
  to_name text not null,
  reason text not null,
  by_name text not null,
  at timestamp not null,
  until timestamp
);
create index duty_takeovers_org on duty_takeovers (org_id, at);

-- Signed reasons why a fault of a roster stands, and months that were signed as a whole.
create table duty_waivers (
  org_id text not null,
  key text not null,
  reason text not null,
  by_id text not null,
  by_name text not null,
  at timestamp not null,
  primary key (org_id, key)
);

create table duty_publications (
  org_id text not null,
  month text not null,
  by_id text not null,
  by_name text not null,
  at timestamp not null,
  waived integer not null,
  primary key (org_id, month)
);

-- Addresses that show something without a login: calendars and public boards. Only hashes are kept.
create table duty_links (
  id text primary key,
  org_id text not null references orgs (id),
  kind text not null,
  person_id text not null, -- of a personal calendar
  name text not null,
  token_hash text not null,
  by_name text not null,
  created_at timestamp not null,
  revoked_at timestamp
);
create unique index duty_links_token on duty_links (token_hash);
create index duty_links_org on duty_links (org_id);
