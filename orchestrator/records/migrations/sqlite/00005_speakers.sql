-- +goose Up
ALTER TABLE recordings ADD COLUMN speakers TEXT NOT NULL DEFAULT ''; -- JSON: who talked with the customer, and when

-- +goose Down
ALTER TABLE recordings DROP COLUMN speakers;
