-- +goose Up
ALTER TABLE contacts ADD COLUMN campaign TEXT NOT NULL DEFAULT ''; -- that called a lead; attempts is then which attempt it was
ALTER TABLE contacts ADD COLUMN lead TEXT NOT NULL DEFAULT ''; -- its id
CREATE INDEX contacts_campaign ON contacts (campaign, started_at) WHERE campaign <> '';

-- +goose Down
DROP INDEX contacts_campaign;
ALTER TABLE contacts DROP COLUMN lead;
ALTER TABLE contacts DROP COLUMN campaign;
