-- +goose Up
-- Limits of campaigns' definitions (evidence.TermsOf), each from when calls were begun by it.
CREATE TABLE campaign_terms (
    campaign TEXT NOT NULL,
    n        BIGINT NOT NULL, -- from 1
    since    BIGINT NOT NULL,
    text     TEXT NOT NULL,
    PRIMARY KEY (campaign, n)
);

-- When who answered an attempt had said what they say first, as far as the PBX heard it.
ALTER TABLE campaign_attempts ADD COLUMN greeted_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE campaign_attempts DROP COLUMN greeted_at;
DROP TABLE campaign_terms;
