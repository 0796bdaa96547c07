-- +goose Up
-- Each import has its own of what several have: the end of one is not that of another.
ALTER TABLE do_not_call DROP CONSTRAINT do_not_call_pkey, ADD PRIMARY KEY (number, campaign, import);
ALTER TABLE do_not_call_hashes DROP CONSTRAINT do_not_call_hashes_pkey, ADD PRIMARY KEY (source, hash, import);

-- +goose Down
DELETE FROM do_not_call a USING do_not_call b WHERE a.number = b.number AND a.campaign = b.campaign AND (a.expires_at, a.import) > (b.expires_at, b.import);
DELETE FROM do_not_call_hashes a USING do_not_call_hashes b WHERE a.hash = b.hash AND a.source = b.source AND a.import > b.import;
ALTER TABLE do_not_call DROP CONSTRAINT do_not_call_pkey, ADD PRIMARY KEY (number, campaign);
ALTER TABLE do_not_call_hashes DROP CONSTRAINT do_not_call_hashes_pkey, ADD PRIMARY KEY (hash, source);
