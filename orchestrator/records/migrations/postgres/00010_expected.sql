-- +goose Up
ALTER TABLE contacts ADD COLUMN expected_ms BIGINT NOT NULL DEFAULT 0; -- the wait that was expected when it first began; 0: nobody could tell

-- +goose Down
ALTER TABLE contacts DROP COLUMN expected_ms;
