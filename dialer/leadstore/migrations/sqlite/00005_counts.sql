-- +goose Up
-- What is due is read in its order, and the first that is looked at again of each reason.
DROP INDEX campaign_leads_due;
CREATE INDEX campaign_leads_due ON campaign_leads (campaign, list, state, due, lead);
CREATE INDEX campaign_leads_stand ON campaign_leads (campaign, state, reason, due);
DROP INDEX campaign_attempts_heard;

-- Counts that are kept with each change of what they count: nobody counts a million rows
-- for a page that is looked at each second. What had a count once may have none now.

-- Leads that were looked at.
CREATE TABLE campaign_stands (
    campaign TEXT NOT NULL,
    state    TEXT NOT NULL,
    reason   TEXT NOT NULL,
    leads    INTEGER NOT NULL,
    PRIMARY KEY (campaign, state, reason)
) WITHOUT ROWID;
INSERT INTO campaign_stands SELECT campaign, state, reason, COUNT(*) FROM campaign_leads GROUP BY campaign, state, reason;

-- Attempts, by the hour in which they were begun. They are never deleted.
CREATE TABLE campaign_hours (
    campaign  TEXT NOT NULL,
    hour      INTEGER NOT NULL, -- since 1970
    result    TEXT NOT NULL,
    heard     TEXT NOT NULL,
    machine   TEXT NOT NULL,
    sampled   INTEGER NOT NULL,
    talked    INTEGER NOT NULL, -- 1: with an agent
    attempts  INTEGER NOT NULL,
    answered  INTEGER NOT NULL,
    abandoned INTEGER NOT NULL,
    PRIMARY KEY (campaign, hour, result, heard, machine, sampled, talked)
) WITHOUT ROWID;
INSERT INTO campaign_hours SELECT campaign, planned_at / 3600000, result, heard, machine, sampled, connected_at > 0, COUNT(*), SUM(answered_at > 0), SUM(abandoned)
    FROM campaign_attempts GROUP BY 1, 2, 3, 4, 5, 6, 7;

-- What the law counts: people who answered, by the five minutes (pacing.LedgerPeriod) in which they did.
CREATE TABLE campaign_ledger (
    campaign  TEXT NOT NULL,
    period    INTEGER NOT NULL, -- since 1970
    answered  INTEGER NOT NULL,
    abandoned INTEGER NOT NULL,
    PRIMARY KEY (campaign, period)
) WITHOUT ROWID;
INSERT INTO campaign_ledger SELECT campaign, answered_at / 300000, COUNT(*), SUM(abandoned)
    FROM campaign_attempts WHERE answered_at > 0 AND result <> 'machine' GROUP BY 1, 2;

-- +goose Down
DROP TABLE campaign_ledger;
DROP TABLE campaign_hours;
DROP TABLE campaign_stands;
CREATE INDEX campaign_attempts_heard ON campaign_attempts (campaign, answered_at) WHERE heard <> '' OR machine <> '';
DROP INDEX campaign_leads_stand;
DROP INDEX campaign_leads_due;
CREATE INDEX campaign_leads_due ON campaign_leads (campaign, list, state, due);
