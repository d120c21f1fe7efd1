-- Devices, the secrets that let them in, and the certificates the centre has issued. Secrets are kept as
-- SHA-256: they are random and long, so a slow hash would add nothing. A removed device keeps its row, so
-- that its name in old records stays explained and nobody else takes its id.
-- +goose Up
CREATE TABLE device (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL CHECK (kind IN ('edge', 'sensor', 'camera')),
    parent       TEXT NOT NULL DEFAULT '',
    name         TEXT NOT NULL,
    class        TEXT NOT NULL DEFAULT '',
    profile      TEXT NOT NULL DEFAULT '',
    division     TEXT NOT NULL DEFAULT '',
    lon          DOUBLE PRECISION,
    lat          DOUBLE PRECISION,
    demo         BOOLEAN NOT NULL DEFAULT FALSE,
    edited       BOOLEAN NOT NULL DEFAULT FALSE,
    series       TEXT NOT NULL DEFAULT '[]',
    agent        TEXT NOT NULL DEFAULT '',
    certificate  TEXT NOT NULL DEFAULT '',
    token_hash   TEXT NOT NULL DEFAULT '',
    last_seen    TIMESTAMP,
    revoked_at   TIMESTAMP,
    removed_at   TIMESTAMP,
    created_at   TIMESTAMP NOT NULL,
    updated_at   TIMESTAMP NOT NULL
);
CREATE INDEX device_parent ON device (parent);
CREATE INDEX device_updated ON device (updated_at);

CREATE TABLE device_enrolment (
    hash       TEXT PRIMARY KEY,
    device_id  TEXT NOT NULL REFERENCES device (id),
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at    TIMESTAMP
);
CREATE INDEX device_enrolment_device ON device_enrolment (device_id);

-- valid_until is not_after until a renewal shortens it.
CREATE TABLE device_certificate (
    serial      TEXT PRIMARY KEY,
    device_id   TEXT NOT NULL REFERENCES device (id),
    not_before  TIMESTAMP NOT NULL,
    not_after   TIMESTAMP NOT NULL,
    valid_until TIMESTAMP NOT NULL,
    issued_at   TIMESTAMP NOT NULL,
    used_at     TIMESTAMP,
    revoked_at  TIMESTAMP
);
CREATE INDEX device_certificate_device ON device_certificate (device_id);
