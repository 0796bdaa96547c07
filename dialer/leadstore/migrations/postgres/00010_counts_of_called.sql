-- +goose Up
-- How many leads a list has, and how many of them a campaign has called, are kept with each change: nobody counts a million of them for a page.
CREATE TABLE lead_counts (
    list  BIGINT PRIMARY KEY,
    leads BIGINT NOT NULL
);
INSERT INTO lead_counts SELECT list, COUNT(*) FROM leads GROUP BY list;

-- What campaigns noted of leads that were removed meanwhile is of nobody.
DELETE FROM campaign_leads WHERE NOT EXISTS (SELECT 1 FROM leads WHERE id = campaign_leads.lead);

-- 1: there was an attempt that was neither skipped nor withdrawn.
ALTER TABLE campaign_leads ADD COLUMN called BIGINT NOT NULL DEFAULT 0;
UPDATE campaign_leads SET called = 1 WHERE EXISTS (SELECT 1 FROM campaign_attempts a
    WHERE a.lead = campaign_leads.lead AND a.campaign = campaign_leads.campaign AND a.result NOT IN ('skipped', 'withdrawn'));
DROP TABLE campaign_stands;
CREATE TABLE campaign_stands (
    campaign TEXT NOT NULL,
    list     BIGINT NOT NULL,
    state    TEXT NOT NULL,
    reason   TEXT NOT NULL,
    leads    BIGINT NOT NULL,
    called   BIGINT NOT NULL,
    PRIMARY KEY (campaign, list, state, reason)
);
INSERT INTO campaign_stands SELECT campaign, list, state, reason, COUNT(*), SUM(called) FROM campaign_leads GROUP BY campaign, list, state, reason;

-- +goose Down
ALTER TABLE campaign_stands DROP COLUMN called;
ALTER TABLE campaign_leads DROP COLUMN called;
DROP TABLE lead_counts;
