-- A database may serve several tenants, and each has a place in its own journal.
-- +goose Up
ALTER TABLE recorder_offset RENAME COLUMN name TO tenant;
-- How often the journal came back without its last entries: positions of a later
-- epoch sort behind all of an earlier one.
ALTER TABLE recorder_offset ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE recorder_offset ADD COLUMN rewound_at BIGINT NOT NULL DEFAULT 0;
-- Whose place it is was not noted so far: the tenant that asks first takes it over.
UPDATE recorder_offset SET tenant = '';

ALTER TABLE timeline ADD COLUMN tenant TEXT NOT NULL DEFAULT ''; -- '' is from before it was noted

-- Journal entries that the database refused, for somebody to look at.
CREATE TABLE set_aside (
    id     TEXT PRIMARY KEY, -- as it would be on the timeline, with the mark of its content
    tenant TEXT NOT NULL,
    at     BIGINT NOT NULL,  -- when it was set aside
    reason TEXT NOT NULL,
    entry  TEXT NOT NULL     -- JSON, cut off where it is very long
);

-- Under this name the recorder tells the journal how far this database is.
CREATE TABLE database_identity (
    one INTEGER PRIMARY KEY CHECK (one = 1), -- there is one row
    id  TEXT NOT NULL
);

-- +goose Down
DROP TABLE database_identity;
DROP TABLE set_aside;
ALTER TABLE timeline DROP COLUMN tenant;
DELETE FROM recorder_offset WHERE tenant <> (SELECT MIN(tenant) FROM recorder_offset);
UPDATE recorder_offset SET tenant = 'journal';
ALTER TABLE recorder_offset DROP COLUMN rewound_at;
ALTER TABLE recorder_offset DROP COLUMN epoch;
ALTER TABLE recorder_offset RENAME COLUMN tenant TO name;
