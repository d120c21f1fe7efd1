-- +goose Up
-- Pictures that went with messages to crews, and what was drawn on them. The snapshots themselves stand in recording_snapshot.
create table crew_drawings (
  id text primary key,
  original text not null, -- snapshot that was drawn on
  flat text not null, -- snapshot with the drawing in it
  at timestamp not null,
  shapes text not null, -- JSON
  picture text not null -- base64: JPEG, as the crews got it
);
