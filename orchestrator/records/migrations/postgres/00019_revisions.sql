-- +goose Up
-- What definitions were in force, one after the other.
CREATE TABLE revisions (
    tenant   TEXT NOT NULL,
    n        BIGINT NOT NULL, -- grows with each
    at       BIGINT NOT NULL, -- since when it was in force: by it the processes of a tenant know it as the same
    instance TEXT NOT NULL,   -- the process that put it in force
    by_whom  TEXT NOT NULL,   -- who had it done; '' is a start
    changes  TEXT NOT NULL,   -- JSON array of sentences
    PRIMARY KEY (tenant, n)
);
CREATE UNIQUE INDEX revisions_at ON revisions (tenant, at);

CREATE TABLE revision_files (
    tenant TEXT NOT NULL,
    n      BIGINT NOT NULL,
    name   TEXT NOT NULL, -- below the folder of definitions
    hash   TEXT NOT NULL, -- of its text here
    PRIMARY KEY (tenant, n, name)
);
CREATE INDEX revision_files_hash ON revision_files (hash);

-- Texts of files, once each, without secrets.
CREATE TABLE revision_texts (
    hash TEXT PRIMARY KEY, -- SHA-256 of it, hexadecimal
    body TEXT NOT NULL
);

-- +goose Down
DROP TABLE revision_texts;
DROP TABLE revision_files;
DROP TABLE revisions;
