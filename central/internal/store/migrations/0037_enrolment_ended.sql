-- A one-time token that a person took back, or that a newer one replaced, is told from one that was used.
-- +goose Up
ALTER TABLE device_enrolment ADD COLUMN ended_at TIMESTAMP;
