-- Records with a time that cannot be true, kept apart until somebody says what they are: the readings of one
-- series in one message, or one event (as JSON, else empty). origin is the same when the message is sent again. Times of the device are Unix milliseconds,
-- because a clock gone wrong reaches further than a calendar; points is a column of shared/wire in base64.
-- Legal holds keep readings from being deleted by age; they are ended, never removed.
-- +goose Up
create table quarantine (
  id text primary key,
  origin text not null unique,
  sender text not null,
  device text not null,
  property text not null,
  received_at timestamp not null,
  readings bigint not null,
  first_at bigint not null,
  last_at bigint not null,
  points text not null,
  event text not null
);
create index quarantine_device on quarantine (device, id);
create table telemetry_holds (
  id text primary key,
  from_at timestamp not null,
  to_at timestamp not null,
  reason text not null,
  created_at timestamp not null,
  created_by text not null,
  created_by_name text not null,
  ended_at timestamp,
  ended_by text not null,
  ended_by_name text not null
);
