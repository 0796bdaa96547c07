-- +goose Up
-- The second factor of people.
ALTER TABLE users ADD COLUMN totp TEXT NOT NULL DEFAULT '';        -- the secret that codes are made from, in base 32; '' is none
ALTER TABLE users ADD COLUMN totp_at BIGINT NOT NULL DEFAULT 0;    -- when the first code was shown; 0 is not yet: nobody is asked
ALTER TABLE users ADD COLUMN totp_step BIGINT NOT NULL DEFAULT 0;  -- the period of the last code that was taken: none is taken twice

-- Codes for who has lost what makes them; each is removed as it is used.
CREATE TABLE recovery_codes (
    person TEXT NOT NULL,
    hash   TEXT NOT NULL, -- SHA-256, hexadecimal
    PRIMARY KEY (person, hash)
);

-- +goose Down
DROP TABLE recovery_codes;
ALTER TABLE users DROP COLUMN totp_step;
ALTER TABLE users DROP COLUMN totp_at;
ALTER TABLE users DROP COLUMN totp;
