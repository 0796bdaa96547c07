-- +goose Up
-- Numbers of rows are given by us, so that those of a batch are known before it is written.
CREATE TABLE lead_counters (
    name TEXT PRIMARY KEY, -- lead, import, list
    n    BIGINT NOT NULL   -- the last that was given
);

CREATE TABLE lead_lists (
    n          INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    region     TEXT NOT NULL,
    hours      TEXT NOT NULL, -- JSON
    zone       TEXT NOT NULL,
    columns    TEXT NOT NULL, -- JSON: headings to what they are
    fields     TEXT NOT NULL, -- JSON: free fields to their kinds
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    gone       BIGINT NOT NULL -- 1: it is being deleted
);

CREATE TABLE leads (
    id       INTEGER PRIMARY KEY,
    list     BIGINT NOT NULL,
    import   BIGINT NOT NULL, -- that brought it
    line     BIGINT NOT NULL, -- of the import's file
    external TEXT NOT NULL,
    name     TEXT NOT NULL,
    language TEXT NOT NULL,
    fields   TEXT NOT NULL    -- JSON
);
CREATE INDEX leads_by_list ON leads (list, id);
CREATE INDEX leads_by_external ON leads (external, list) WHERE external <> '';

CREATE TABLE lead_numbers (
    lead   BIGINT NOT NULL,
    n      BIGINT NOT NULL, -- the order in which they are tried
    list   BIGINT NOT NULL, -- the lead's
    number TEXT NOT NULL,
    label  TEXT NOT NULL,
    zones  TEXT NOT NULL,   -- with spaces between; '' when nobody knows
    PRIMARY KEY (lead, n)
) WITHOUT ROWID;
CREATE INDEX lead_numbers_by_number ON lead_numbers (number, list);

CREATE TABLE lead_imports (
    n           INTEGER PRIMARY KEY,
    target      TEXT NOT NULL, -- list, do_not_call, hashes
    list        BIGINT NOT NULL,
    campaign    TEXT NOT NULL,
    source      TEXT NOT NULL, -- of hashes
    why         TEXT NOT NULL,
    file        TEXT NOT NULL,
    size        BIGINT NOT NULL,
    format      TEXT NOT NULL, -- JSON
    said        TEXT NOT NULL, -- JSON: what somebody said that columns are
    columns     TEXT NOT NULL, -- JSON: what they are
    scope       TEXT NOT NULL,
    action      TEXT NOT NULL,
    state       TEXT NOT NULL,
    error       TEXT NOT NULL,
    total       BIGINT NOT NULL, -- rows below the heading; 0 until they were counted
    done        BIGINT NOT NULL, -- rows gone through, which are on record with what came of them
    added       BIGINT NOT NULL,
    updated     BIGINT NOT NULL,
    duplicates  BIGINT NOT NULL,
    forbidden   BIGINT NOT NULL,
    rejected    BIGINT NOT NULL,
    left_out    BIGINT NOT NULL,
    rejects     BIGINT NOT NULL, -- lines in lead_rejects
    first_lead  BIGINT NOT NULL,
    last_lead   BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    created_by  TEXT NOT NULL,
    finished_at BIGINT NOT NULL,
    owner       TEXT NOT NULL,   -- the process that works at it
    lease_until BIGINT NOT NULL
);
CREATE INDEX lead_imports_by_list ON lead_imports (list);

CREATE TABLE lead_import_parts (
    import BIGINT NOT NULL,
    part   BIGINT NOT NULL,
    data   BLOB NOT NULL,
    PRIMARY KEY (import, part)
);

CREATE TABLE lead_rejects (
    import BIGINT NOT NULL,
    n      BIGINT NOT NULL,
    line   BIGINT NOT NULL,
    kept   BIGINT NOT NULL, -- 1: the rest of the row was taken
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    cells  TEXT NOT NULL,   -- JSON
    PRIMARY KEY (import, n)
) WITHOUT ROWID;

-- What leads were before an import changed them.
CREATE TABLE lead_before (
    lead   BIGINT NOT NULL,
    import BIGINT NOT NULL,
    doc    TEXT NOT NULL, -- JSON
    PRIMARY KEY (lead, import)
) WITHOUT ROWID;
CREATE INDEX lead_before_by_import ON lead_before (import);

CREATE TABLE do_not_call (
    number     TEXT NOT NULL,
    campaign   TEXT NOT NULL, -- '' is all
    why        TEXT NOT NULL,
    added_by   TEXT NOT NULL,
    added_at   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    import     BIGINT NOT NULL,
    PRIMARY KEY (number, campaign)
) WITHOUT ROWID;
CREATE INDEX do_not_call_by_import ON do_not_call (import) WHERE import > 0;

CREATE TABLE do_not_call_sources (
    id         TEXT PRIMARY KEY,
    hashing    TEXT NOT NULL, -- JSON
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL
);

CREATE TABLE do_not_call_hashes (
    hash   TEXT NOT NULL,
    source TEXT NOT NULL,
    import BIGINT NOT NULL,
    PRIMARY KEY (hash, source)
) WITHOUT ROWID;
CREATE INDEX do_not_call_hashes_by_import ON do_not_call_hashes (import);

-- +goose Down
DROP TABLE do_not_call_hashes;
DROP TABLE do_not_call_sources;
DROP TABLE do_not_call;
DROP TABLE lead_before;
DROP TABLE lead_rejects;
DROP TABLE lead_import_parts;
DROP TABLE lead_imports;
DROP TABLE lead_numbers;
DROP TABLE leads;
DROP TABLE lead_lists;
DROP TABLE lead_counters;
