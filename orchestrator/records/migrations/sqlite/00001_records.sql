-- Times are unix milliseconds; 0 is "never". pos is the journal id in a form
-- that sorts as text in the order of the journal.
-- +goose Up
CREATE TABLE recorder_offset (
    name       TEXT PRIMARY KEY,
    id         TEXT NOT NULL,
    pos        TEXT NOT NULL,
    written_at BIGINT NOT NULL
);

-- The whole journal as it was delivered.
CREATE TABLE timeline (
    id    TEXT PRIMARY KEY,
    pos   TEXT NOT NULL,
    call  TEXT NOT NULL,
    at    BIGINT NOT NULL,
    type  TEXT NOT NULL,
    agent TEXT NOT NULL,
    queue TEXT NOT NULL,
    pbx   TEXT NOT NULL,
    data  TEXT NOT NULL
);
CREATE INDEX timeline_call ON timeline (call, pos);
CREATE INDEX timeline_pos ON timeline (pos);

CREATE TABLE contacts (
    call          TEXT PRIMARY KEY,
    pbx           TEXT NOT NULL,
    kind          TEXT NOT NULL,
    did           TEXT NOT NULL,
    caller_number TEXT NOT NULL,
    caller_name   TEXT NOT NULL,
    language      TEXT NOT NULL,
    started_at    BIGINT NOT NULL,
    answered_at   BIGINT NOT NULL,
    queued_at     BIGINT NOT NULL,
    connected_at  BIGINT NOT NULL,
    parted_at     BIGINT NOT NULL,
    ended_at      BIGINT NOT NULL,
    wait_ms       BIGINT NOT NULL,
    talk_ms       BIGINT NOT NULL,
    queue         TEXT NOT NULL,
    agent         TEXT NOT NULL,
    offers        BIGINT NOT NULL,
    outcome       TEXT NOT NULL,
    ended_by      TEXT NOT NULL,
    cause         BIGINT NOT NULL,
    recording     TEXT NOT NULL,
    voicemail     TEXT NOT NULL,
    path          TEXT NOT NULL, -- JSON array of flow nodes
    adopted       BIGINT NOT NULL,
    disposition   TEXT NOT NULL,
    disposed_by   TEXT NOT NULL,
    disposed_at   BIGINT NOT NULL
);
CREATE INDEX contacts_started ON contacts (started_at, call);
CREATE INDEX contacts_queue ON contacts (queue, started_at);
CREATE INDEX contacts_agent ON contacts (agent, started_at);
CREATE INDEX contacts_did ON contacts (did, started_at);
CREATE INDEX contacts_caller ON contacts (caller_number, started_at);
CREATE INDEX contacts_outcome ON contacts (outcome, started_at);

-- One row per stay of a call in a queue: what service levels are computed from.
CREATE TABLE visits (
    id         TEXT PRIMARY KEY, -- of the journal entry call.queued
    call       TEXT NOT NULL,
    queue      TEXT NOT NULL,
    entered_at BIGINT NOT NULL,
    left_at    BIGINT NOT NULL,
    result     TEXT NOT NULL, -- answered, abandoned, flowed; empty while it lasts
    agent      TEXT NOT NULL,
    wait_ms    BIGINT NOT NULL,
    talk_ms    BIGINT NOT NULL
);
CREATE INDEX visits_queue ON visits (queue, entered_at);
CREATE INDEX visits_entered ON visits (entered_at);
CREATE INDEX visits_call ON visits (call);

CREATE TABLE recordings (
    recording   TEXT PRIMARY KEY,
    call        TEXT NOT NULL,
    pbx         TEXT NOT NULL,
    queue       TEXT NOT NULL,
    agent       TEXT NOT NULL,
    kind        TEXT NOT NULL, -- conversation, voicemail
    started_at  BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    state       TEXT NOT NULL, -- running, finished, failed, unknown
    muted       BIGINT NOT NULL, -- 1 while it is muted
    deleted_at  BIGINT NOT NULL DEFAULT 0,
    deleted_by  TEXT NOT NULL DEFAULT ''
);
CREATE INDEX recordings_started ON recordings (started_at, recording);
CREATE INDEX recordings_call ON recordings (call);

CREATE TABLE agent_states (
    id         TEXT PRIMARY KEY,
    pos        TEXT NOT NULL,
    agent      TEXT NOT NULL,
    at         BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    device     TEXT NOT NULL,
    call       TEXT NOT NULL,
    by_whom    TEXT NOT NULL
);
CREATE INDEX agent_states_agent ON agent_states (agent, pos);
CREATE INDEX agent_states_pos ON agent_states (pos);

CREATE TABLE dispositions (
    id          TEXT PRIMARY KEY,
    pos         TEXT NOT NULL,
    call        TEXT NOT NULL,
    agent       TEXT NOT NULL,
    queue       TEXT NOT NULL,
    disposition TEXT NOT NULL,
    by_whom     TEXT NOT NULL,
    at          BIGINT NOT NULL
);
CREATE INDEX dispositions_call ON dispositions (call, pos);

-- +goose Down
DROP TABLE dispositions;
DROP TABLE agent_states;
DROP TABLE recordings;
DROP TABLE visits;
DROP TABLE contacts;
DROP TABLE timeline;
DROP TABLE recorder_offset;
