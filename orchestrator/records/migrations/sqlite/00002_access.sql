-- +goose Up
CREATE TABLE tokens (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    agent      TEXT NOT NULL,
    hash       TEXT NOT NULL, -- SHA-256 of the secret, hexadecimal
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL, -- 0 is never
    used_at    BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);

CREATE TABLE audit (
    id         TEXT PRIMARY KEY, -- ULID: sorts by time
    at         BIGINT NOT NULL,
    who        TEXT NOT NULL,
    role       TEXT NOT NULL,
    ip         TEXT NOT NULL,
    request_id TEXT NOT NULL,
    action     TEXT NOT NULL,
    object     TEXT NOT NULL,
    detail     TEXT NOT NULL
);

-- The log is append-only, whoever holds the connection.
-- +goose StatementBegin
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE audit;
DROP TABLE tokens;
