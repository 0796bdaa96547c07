-- +goose Up
-- What retention and erasure leave alone: a call, or all calls of a number.
CREATE TABLE legal_holds (
    id        TEXT PRIMARY KEY, -- ULID: sorts by time
    call      TEXT NOT NULL,    -- '' is of a number
    number    TEXT NOT NULL,    -- '' is of a call
    why       TEXT NOT NULL,
    by_whom   TEXT NOT NULL,
    placed_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE legal_holds;
