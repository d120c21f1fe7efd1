-- +goose Up
-- The pictures of a document as they are printed: what they were made from may be gone before it is signed.
create table paper_pictures (
  paper_id text not null references papers (id) on delete cascade,
  key text not null,
  file bytea not null,
  primary key (paper_id, key)
);
