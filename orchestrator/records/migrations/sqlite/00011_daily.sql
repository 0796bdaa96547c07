-- +goose Up
-- What is done once a day by one of the processes, and the last day on which it was begun.
CREATE TABLE daily (
    name TEXT PRIMARY KEY,
    day  TEXT NOT NULL -- 2026-03-02
);

-- +goose Down
DROP TABLE daily;
