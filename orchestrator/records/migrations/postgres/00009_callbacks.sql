-- +goose Up
ALTER TABLE contacts ADD COLUMN callback TEXT NOT NULL DEFAULT ''; -- the call by which the caller is called back who asked for it
ALTER TABLE contacts ADD COLUMN asked_by TEXT NOT NULL DEFAULT ''; -- of such a call: the one in which it was asked for
ALTER TABLE contacts ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0; -- how often it rang the customer's phone

-- +goose Down
ALTER TABLE contacts DROP COLUMN attempts;
ALTER TABLE contacts DROP COLUMN asked_by;
ALTER TABLE contacts DROP COLUMN callback;
