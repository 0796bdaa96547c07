-- +goose Up

-- Who answered an attempt, as the PBX heard it; whether one that it took for a machine was
-- put through all the same; and who found that it was one: pbx, agent, or nobody.
ALTER TABLE campaign_attempts ADD COLUMN heard TEXT NOT NULL DEFAULT '';
ALTER TABLE campaign_attempts ADD COLUMN sampled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaign_attempts ADD COLUMN machine TEXT NOT NULL DEFAULT '';
CREATE INDEX campaign_attempts_heard ON campaign_attempts (campaign, answered_at) WHERE heard <> '' OR machine <> '';

-- +goose Down
DROP INDEX campaign_attempts_heard;
ALTER TABLE campaign_attempts DROP COLUMN machine;
ALTER TABLE campaign_attempts DROP COLUMN sampled;
ALTER TABLE campaign_attempts DROP COLUMN heard;
