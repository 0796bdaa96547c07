-- +goose Up
-- How much of the conversation the customer heard music; 0 for those from before it was noted.
ALTER TABLE visits ADD COLUMN hold_ms BIGINT NOT NULL DEFAULT 0;
CREATE INDEX agent_states_at ON agent_states (agent, at);
CREATE INDEX timeline_at ON timeline (at, type);

-- +goose Down
DROP INDEX timeline_at;
DROP INDEX agent_states_at;
ALTER TABLE visits DROP COLUMN hold_ms;
