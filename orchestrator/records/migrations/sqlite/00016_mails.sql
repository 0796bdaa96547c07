-- Whom to tell by mail of a message that a caller left. The row without an address is what
-- was noted with the message itself; it becomes one row for each address of the mailbox.
-- +goose Up
CREATE TABLE mails (
    recording TEXT NOT NULL,
    address   TEXT NOT NULL,
    tenant    TEXT NOT NULL,
    call      TEXT NOT NULL,
    mailbox   TEXT NOT NULL,
    left_at   BIGINT NOT NULL, -- when the message was left
    state     TEXT NOT NULL,   -- waiting, addressed, sent, given_up or erased
    attempts  BIGINT NOT NULL,
    sound     BIGINT NOT NULL, -- 1: it was attached
    error     TEXT NOT NULL,   -- of the last attempt
    settled_at BIGINT NOT NULL,
    due_at    BIGINT NOT NULL, -- when there is something to do; 0: nothing any more
    PRIMARY KEY (recording, address)
);
CREATE INDEX mails_due ON mails (tenant, due_at);
CREATE INDEX mails_call ON mails (call);

-- +goose Down
DROP TABLE mails;
