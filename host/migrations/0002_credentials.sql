-- What a datasource was entrusted with: sealed under a key that lies in a file of its own.

CREATE TABLE credential (
    datasource TEXT NOT NULL REFERENCES datasource (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- Nonce and ciphertext, bound to datasource and name.
    sealed BYTEA NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (datasource, name)
);
