-- +goose Up
ALTER TABLE tokens ADD COLUMN scopes TEXT NOT NULL DEFAULT ''; -- separated by spaces; '' is all that the role may

CREATE TABLE sessions (
    id         TEXT PRIMARY KEY,
    token      TEXT NOT NULL,   -- that it was opened with
    hash       TEXT NOT NULL,   -- SHA-256 of the secret, hexadecimal
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL  -- 0 is not yet
);
CREATE INDEX sessions_expires ON sessions (expires_at);

-- +goose Down
DROP TABLE sessions;
ALTER TABLE tokens DROP COLUMN scopes;
