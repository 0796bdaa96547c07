-- +goose Up
-- Each import has its own of what several have: the end of one is not that of another.
CREATE TABLE do_not_call_each (
    number     TEXT NOT NULL,
    campaign   TEXT NOT NULL, -- '' is all
    why        TEXT NOT NULL,
    added_by   TEXT NOT NULL,
    added_at   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    import     BIGINT NOT NULL, -- 0: by hand
    PRIMARY KEY (number, campaign, import)
) WITHOUT ROWID;
INSERT INTO do_not_call_each SELECT number, campaign, why, added_by, added_at, expires_at, import FROM do_not_call;
DROP TABLE do_not_call;
ALTER TABLE do_not_call_each RENAME TO do_not_call;
CREATE INDEX do_not_call_by_import ON do_not_call (import) WHERE import > 0;

CREATE TABLE do_not_call_hashes_each (
    hash   TEXT NOT NULL,
    source TEXT NOT NULL,
    import BIGINT NOT NULL,
    PRIMARY KEY (source, hash, import)
) WITHOUT ROWID;
INSERT INTO do_not_call_hashes_each SELECT hash, source, import FROM do_not_call_hashes;
DROP TABLE do_not_call_hashes;
ALTER TABLE do_not_call_hashes_each RENAME TO do_not_call_hashes;
CREATE INDEX do_not_call_hashes_by_import ON do_not_call_hashes (import);

-- +goose Down
CREATE TABLE do_not_call_one (
    number     TEXT NOT NULL,
    campaign   TEXT NOT NULL,
    why        TEXT NOT NULL,
    added_by   TEXT NOT NULL,
    added_at   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    import     BIGINT NOT NULL,
    PRIMARY KEY (number, campaign)
) WITHOUT ROWID;
INSERT OR IGNORE INTO do_not_call_one SELECT number, campaign, why, added_by, added_at, expires_at, import FROM do_not_call ORDER BY expires_at, import;
DROP TABLE do_not_call;
ALTER TABLE do_not_call_one RENAME TO do_not_call;
CREATE INDEX do_not_call_by_import ON do_not_call (import) WHERE import > 0;
CREATE TABLE do_not_call_hashes_one (
    hash   TEXT NOT NULL,
    source TEXT NOT NULL,
    import BIGINT NOT NULL,
    PRIMARY KEY (hash, source)
) WITHOUT ROWID;
INSERT OR IGNORE INTO do_not_call_hashes_one SELECT hash, source, import FROM do_not_call_hashes;
DROP TABLE do_not_call_hashes;
ALTER TABLE do_not_call_hashes_one RENAME TO do_not_call_hashes;
CREATE INDEX do_not_call_hashes_by_import ON do_not_call_hashes (import);
