-- Who drove a PBX before a moment is looked for however long ago it connected.
-- +goose Up
CREATE INDEX timeline_pbx ON timeline (pbx, at) WHERE type = 'pbx.state';

-- +goose Down
DROP INDEX timeline_pbx;
