-- +goose Up
-- Campaigns that somebody has started, and where they stand.
CREATE TABLE campaign_runs (
    campaign   TEXT PRIMARY KEY,
    state      TEXT NOT NULL,
    began      INTEGER NOT NULL, -- when it was started first: fixed legal windows count from there
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    why        TEXT NOT NULL
);

-- Who dials: attempts of an older term are refused.
CREATE TABLE campaign_dialer (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    term    INTEGER NOT NULL,
    place   TEXT NOT NULL, -- up to where the journal has been read
    learnt  TEXT NOT NULL  -- JSON: what the pacer has learnt
);
INSERT INTO campaign_dialer (one, term, place, learnt) VALUES (1, 0, '', '');

-- Leads of campaigns that were looked at: when they are due, or why not. Those without
-- a row were not looked at yet.
CREATE TABLE campaign_leads (
    campaign TEXT NOT NULL,
    lead     INTEGER NOT NULL,
    list     INTEGER NOT NULL,
    state    TEXT NOT NULL,    -- due, calling, finished
    due      INTEGER NOT NULL, -- when it is looked at again
    reason   TEXT NOT NULL,    -- what hinders until then, or finished it; '' is nothing
    PRIMARY KEY (campaign, lead)
);
CREATE INDEX campaign_leads_due ON campaign_leads (campaign, list, state, due);
CREATE INDEX campaign_leads_by_lead ON campaign_leads (lead);

-- Moments for which leads asked to be called.
CREATE TABLE campaign_appointments (
    campaign TEXT NOT NULL,
    lead     INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    number   TEXT NOT NULL,
    made_by  TEXT NOT NULL,
    PRIMARY KEY (campaign, lead)
);
CREATE INDEX campaign_appointments_by_lead ON campaign_appointments (lead);

-- Attempts: on record before anything is dialled.
CREATE TABLE campaign_attempts (
    call         TEXT PRIMARY KEY, -- its id
    campaign     TEXT NOT NULL,
    lead         INTEGER NOT NULL,
    list         INTEGER NOT NULL,
    n            INTEGER NOT NULL, -- of the lead in the campaign, from 1
    number       TEXT NOT NULL,
    shown        TEXT NOT NULL,
    pbx          TEXT NOT NULL,
    appointment  INTEGER NOT NULL, -- 1: it kept one
    state        TEXT NOT NULL,    -- planned, ended
    planned_at   INTEGER NOT NULL,
    answered_at  INTEGER NOT NULL,
    connected_at INTEGER NOT NULL,
    ended_at     INTEGER NOT NULL,
    result       TEXT NOT NULL,
    outcome      TEXT NOT NULL,    -- of the call
    cause        INTEGER NOT NULL,
    abandoned    INTEGER NOT NULL, -- 1: by the law's count
    agent        TEXT NOT NULL,
    disposition  TEXT NOT NULL
);
CREATE INDEX campaign_attempts_by_lead ON campaign_attempts (lead, campaign);
CREATE INDEX campaign_attempts_by_number ON campaign_attempts (number, planned_at);
CREATE INDEX campaign_attempts_open ON campaign_attempts (campaign) WHERE state <> 'ended';
CREATE INDEX campaign_attempts_answered ON campaign_attempts (answered_at) WHERE answered_at > 0;

-- +goose Down
DROP TABLE campaign_attempts;
DROP TABLE campaign_appointments;
DROP TABLE campaign_leads;
DROP TABLE campaign_dialer;
DROP TABLE campaign_runs;
