-- +goose Up
ALTER TABLE campaign_appointments ADD COLUMN agent TEXT NOT NULL DEFAULT ''; -- with whom it is; '' for anyone

-- +goose Down
ALTER TABLE campaign_appointments DROP COLUMN agent;
