-- +goose Up
ALTER TABLE recorder_offset ADD COLUMN lost BIGINT NOT NULL DEFAULT 0; -- of the entries on record the journal had lost at most so many when it was last read again

-- +goose Down
ALTER TABLE recorder_offset DROP COLUMN lost;
