-- The answers to requests for renewal. Whoever saw a request on its way can send it again: it gets the same
-- answer, which is of use only to the holder of the new key, and changes nothing. A replaced certificate
-- ends when the new one is first used, so device_certificate.valid_until is no longer shortened.
-- +goose Up
CREATE TABLE device_renewal (
    request     TEXT PRIMARY KEY, -- SHA-256 over the request and its time, as it was signed
    serial      TEXT NOT NULL REFERENCES device_certificate (serial),
    certificate TEXT NOT NULL,
    answered_at TIMESTAMP NOT NULL
);
CREATE INDEX device_renewal_answered ON device_renewal (answered_at);
