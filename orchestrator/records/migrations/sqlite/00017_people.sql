-- +goose Up
-- People who sign in with a name and a password.
CREATE TABLE users (
    id              TEXT PRIMARY KEY,
    login           TEXT NOT NULL UNIQUE, -- the name that is typed, in small letters
    name            TEXT NOT NULL,
    role            TEXT NOT NULL,
    agent           TEXT NOT NULL,
    teams           TEXT NOT NULL,   -- separated by spaces; '' is the whole centre
    password        TEXT NOT NULL,   -- its hash, with what it was made by; '' is none yet
    password_at     BIGINT NOT NULL, -- when it was set
    link            TEXT NOT NULL,   -- SHA-256 of the open one-time link's secret, hexadecimal; '' is none
    link_expires_at BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    used_at         BIGINT NOT NULL,
    disabled_at     BIGINT NOT NULL  -- 0 is not
);
-- An agent is one person at a time.
CREATE UNIQUE INDEX users_agent ON users (agent) WHERE agent <> '' AND disabled_at = 0;

-- What a token or a person likes to see.
CREATE TABLE preferences (
    holder     TEXT PRIMARY KEY, -- the token or the person
    body       TEXT NOT NULL,    -- JSON
    changed_at BIGINT NOT NULL
);

ALTER TABLE sessions ADD COLUMN person TEXT NOT NULL DEFAULT '';  -- whose it is; '' when it was opened with a token
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT ''; -- it was opened from
ALTER TABLE sessions ADD COLUMN client TEXT NOT NULL DEFAULT '';  -- what the browser calls itself
CREATE INDEX sessions_person ON sessions (person);
CREATE INDEX sessions_token ON sessions (token);

-- +goose Down
DROP INDEX sessions_token;
DROP INDEX sessions_person;
ALTER TABLE sessions DROP COLUMN client;
ALTER TABLE sessions DROP COLUMN address;
ALTER TABLE sessions DROP COLUMN person;
DROP TABLE preferences;
DROP TABLE users;
