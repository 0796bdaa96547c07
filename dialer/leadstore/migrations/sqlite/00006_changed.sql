-- +goose Up

-- When a lead was changed last, counted over all changes; 0 for never. Who looked at a lead,
-- and left no note of it, finds by it that there is something new.
ALTER TABLE leads ADD COLUMN changed BIGINT NOT NULL DEFAULT 0;
CREATE INDEX leads_changed ON leads (list, changed) WHERE changed > 0;

-- +goose Down
DROP INDEX leads_changed;
ALTER TABLE leads DROP COLUMN changed;
