-- +goose Up
-- Until when what the holder of an ended link wrote down before is still taken in; empty: nothing more is.
alter table video_link add column late_until timestamp;
