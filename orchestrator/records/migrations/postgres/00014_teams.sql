-- +goose Up
ALTER TABLE tokens ADD COLUMN teams TEXT NOT NULL DEFAULT ''; -- separated by spaces; '' is the whole centre

-- +goose Down
ALTER TABLE tokens DROP COLUMN teams;
