-- Versions of plugins as administrators decide on them, who they are, and what they did.

-- A version waits for a decision as long as there is no allowance.
ALTER TABLE plugin ADD COLUMN allowance TEXT;
ALTER TABLE plugin ADD COLUMN built_in BIGINT NOT NULL DEFAULT 1;
ALTER TABLE plugin ADD COLUMN size BIGINT NOT NULL DEFAULT 0;
-- What inspection found, and what the conformance suite said, as JSON.
ALTER TABLE plugin ADD COLUMN report TEXT;
ALTER TABLE plugin ADD COLUMN checked TEXT;
-- The version that was active before this one: where rolling back leads.
ALTER TABLE plugin ADD COLUMN previous TEXT;

CREATE TABLE administrator (
    name TEXT PRIMARY KEY,
    token_sha256 TEXT NOT NULL UNIQUE,
    created BIGINT NOT NULL
);

-- Outlives the versions it tells of.
CREATE TABLE plugin_event (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    digest TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    details TEXT NOT NULL
);
