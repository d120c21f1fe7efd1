-- API tokens end; one without an end was made before they did and ends a year after it was made.
-- +goose Up
alter table api_tokens add column expires_at timestamp;
