-- +goose Up
ALTER TABLE dispositions ADD COLUMN path TEXT NOT NULL DEFAULT ''; -- from the top of its tree; '' is from before there were trees
ALTER TABLE dispositions ADD COLUMN also INTEGER NOT NULL DEFAULT 0; -- 1: beside the one before
CREATE INDEX dispositions_at ON dispositions (at);

-- +goose Down
DROP INDEX dispositions_at;
ALTER TABLE dispositions DROP COLUMN also;
ALTER TABLE dispositions DROP COLUMN path;
