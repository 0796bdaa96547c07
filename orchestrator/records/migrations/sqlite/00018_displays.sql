-- +goose Up
ALTER TABLE tokens ADD COLUMN display BIGINT NOT NULL DEFAULT 0; -- 1: of a screen that was let in by a code; nobody has its text

-- Screens that show a code, until somebody types it in.
CREATE TABLE pairings (
    code       TEXT PRIMARY KEY,
    hash       TEXT NOT NULL UNIQUE, -- SHA-256 of the screen's own secret, hexadecimal
    address    TEXT NOT NULL,        -- the screen asked from
    expires_at BIGINT NOT NULL,
    token      TEXT NOT NULL         -- that it is to have; '' until the code was typed in
);

-- +goose Down
DROP TABLE pairings;
ALTER TABLE tokens DROP COLUMN display;
