-- +goose Up
-- Counts are kept by list, and attempts' with what agents said of them, too: nobody counts them for a list's page.
DROP TABLE campaign_stands;
CREATE TABLE campaign_stands (
    campaign TEXT NOT NULL,
    list     BIGINT NOT NULL,
    state    TEXT NOT NULL,
    reason   TEXT NOT NULL,
    leads    BIGINT NOT NULL,
    PRIMARY KEY (campaign, list, state, reason)
);
INSERT INTO campaign_stands SELECT campaign, list, state, reason, COUNT(*) FROM campaign_leads GROUP BY campaign, list, state, reason;
DROP INDEX campaign_leads_stand;
CREATE INDEX campaign_leads_stand ON campaign_leads (campaign, list, state, reason, due);

DROP TABLE campaign_hours;
CREATE TABLE campaign_hours (
    campaign    TEXT NOT NULL,
    hour        BIGINT NOT NULL, -- since 1970
    list        BIGINT NOT NULL,
    result      TEXT NOT NULL,
    disposition TEXT NOT NULL,
    heard       TEXT NOT NULL,
    machine     TEXT NOT NULL,
    sampled     BIGINT NOT NULL,
    talked      BIGINT NOT NULL, -- 1: with an agent
    attempts    BIGINT NOT NULL,
    answered    BIGINT NOT NULL,
    abandoned   BIGINT NOT NULL,
    PRIMARY KEY (campaign, hour, list, result, disposition, heard, machine, sampled, talked)
);
INSERT INTO campaign_hours SELECT campaign, planned_at / 3600000, list, result, disposition, heard, machine, sampled, (connected_at > 0)::int, COUNT(*), SUM((answered_at > 0)::int), SUM(abandoned)
    FROM campaign_attempts GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;

-- What the law counts of a call is known once it is over: who goes on is counted by who dials.
DELETE FROM campaign_ledger;
INSERT INTO campaign_ledger SELECT campaign, answered_at / 300000, COUNT(*), SUM(abandoned)
    FROM campaign_attempts WHERE state = 'ended' AND answered_at > 0 AND result <> 'machine' GROUP BY 1, 2;

-- +goose Down
DELETE FROM campaign_ledger;
INSERT INTO campaign_ledger SELECT campaign, answered_at / 300000, COUNT(*), SUM(abandoned)
    FROM campaign_attempts WHERE answered_at > 0 AND result <> 'machine' GROUP BY 1, 2;
DROP TABLE campaign_hours;
CREATE TABLE campaign_hours (
    campaign  TEXT NOT NULL,
    hour      BIGINT NOT NULL,
    result    TEXT NOT NULL,
    heard     TEXT NOT NULL,
    machine   TEXT NOT NULL,
    sampled   BIGINT NOT NULL,
    talked    BIGINT NOT NULL,
    attempts  BIGINT NOT NULL,
    answered  BIGINT NOT NULL,
    abandoned BIGINT NOT NULL,
    PRIMARY KEY (campaign, hour, result, heard, machine, sampled, talked)
);
INSERT INTO campaign_hours SELECT campaign, planned_at / 3600000, result, heard, machine, sampled, (connected_at > 0)::int, COUNT(*), SUM((answered_at > 0)::int), SUM(abandoned)
    FROM campaign_attempts GROUP BY 1, 2, 3, 4, 5, 6, 7;
DROP INDEX campaign_leads_stand;
CREATE INDEX campaign_leads_stand ON campaign_leads (campaign, state, reason, due);
DROP TABLE campaign_stands;
CREATE TABLE campaign_stands (
    campaign TEXT NOT NULL,
    state    TEXT NOT NULL,
    reason   TEXT NOT NULL,
    leads    BIGINT NOT NULL,
    PRIMARY KEY (campaign, state, reason)
);
INSERT INTO campaign_stands SELECT campaign, state, reason, COUNT(*) FROM campaign_leads GROUP BY campaign, state, reason;
