-- +goose Up
-- Whom a provider knows a person as: its issuer and its own name for them; '' of who signs in with a password.
ALTER TABLE users ADD COLUMN subject TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX users_subject ON users (subject) WHERE subject <> '';

-- +goose Down
DROP INDEX users_subject;
ALTER TABLE users DROP COLUMN subject;
