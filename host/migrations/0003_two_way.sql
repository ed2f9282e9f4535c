-- What a sync needs to push, to settle conflicts and to run by the clock.

ALTER TABLE sync ADD COLUMN policy TEXT NOT NULL DEFAULT 'review';
ALTER TABLE sync ADD COLUMN schedule TEXT NOT NULL DEFAULT 'never';
ALTER TABLE sync ADD COLUMN matching TEXT NOT NULL DEFAULT 'ask';
-- Of what is there, hundredths that one run may change before it asks.
ALTER TABLE sync ADD COLUMN change_percent_max BIGINT NOT NULL DEFAULT 50;

-- When the last run that completed started, for each method.
CREATE TABLE last_sync (
    sync TEXT NOT NULL REFERENCES sync (id),
    method TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (sync, method)
);
INSERT INTO last_sync (sync, method, at)
    SELECT id, 'pull-from-datasource', last_sync FROM sync WHERE last_sync > 0;
ALTER TABLE sync DROP COLUMN last_sync;

ALTER TABLE run ADD COLUMN pushed_created BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN pushed_updated BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN pushed_unchanged BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN pushed_refused BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN pushed_open BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN conflicts BIGINT NOT NULL DEFAULT 0;
-- A person has seen what it would change and wants it.
ALTER TABLE run ADD COLUMN confirmed BIGINT NOT NULL DEFAULT 0;

-- Who made the change, so that what came from a datasource is passed over when it is pushed to it;
-- and when, so that a date finds its place.
ALTER TABLE change ADD COLUMN origin BIGINT NOT NULL DEFAULT 0;
ALTER TABLE change ADD COLUMN at BIGINT NOT NULL DEFAULT 0;

-- Their record as last agreed, as JSON; none: nothing was changed here since.
ALTER TABLE link ADD COLUMN base TEXT;
-- The other system no longer has it.
ALTER TABLE link ADD COLUMN gone BIGINT NOT NULL DEFAULT 0;

-- 0: only resources name it so far.
ALTER TABLE "group" ADD COLUMN described BIGINT NOT NULL DEFAULT 1;
-- When a person here changed it last, ms.
ALTER TABLE "group" ADD COLUMN edited BIGINT NOT NULL DEFAULT 0;
ALTER TABLE resource ADD COLUMN edited BIGINT NOT NULL DEFAULT 0;
CREATE INDEX resource_seq ON resource (organisation, seq);
CREATE INDEX group_seq ON "group" (organisation, seq);

-- Membership between ours; groups that a source names before it describes them are made for it.
INSERT INTO "group" (id, organisation, name, kind, boundary, extra, described, origin, seq)
    SELECT 'grp_' || lower(hex(randomblob(16))), named.organisation, named.external_group, 'custom', '[]', '', 0,
        named.number, 0
    FROM (SELECT DISTINCT datasource.organisation, datasource.number, datasource, external_group
          FROM membership JOIN datasource ON datasource.id = membership.datasource
          WHERE NOT EXISTS (SELECT 1 FROM link WHERE link.datasource = membership.datasource
                            AND link.kind = 'group' AND external_id = external_group)) AS named;
INSERT INTO link (datasource, kind, external_id, our_id)
    SELECT datasource.id, 'group', "group".name, "group".id FROM "group"
    JOIN datasource ON datasource.number = "group".origin WHERE described = 0;
CREATE TABLE member (
    resource TEXT NOT NULL REFERENCES resource (id),
    "group" TEXT NOT NULL REFERENCES "group" (id),
    PRIMARY KEY (resource, "group")
);
INSERT INTO member (resource, "group")
    SELECT DISTINCT membership.resource, link.our_id FROM membership JOIN link
    ON link.datasource = membership.datasource AND link.kind = 'group' AND external_id = external_group;
DROP TABLE membership;
CREATE INDEX member_group ON member ("group");

-- Where a sync stands in its source, for each part of its selection that is read by itself: ids
-- selected later are, and of some sources each resource is.
CREATE TABLE cursor_of_part (
    sync TEXT NOT NULL REFERENCES sync (id),
    datatype TEXT NOT NULL,
    part BIGINT NOT NULL,
    -- The ids it asks for, as JSON; none: all.
    selection TEXT NOT NULL,
    digest TEXT NOT NULL,
    cursor TEXT,
    pass BIGINT NOT NULL,
    pass_seq BIGINT NOT NULL,
    complete BIGINT NOT NULL,
    run TEXT NOT NULL REFERENCES run (id),
    PRIMARY KEY (sync, datatype, part)
);
-- What the digest is of was changed: each source is read again, which changes nothing.
INSERT INTO cursor_of_part SELECT sync, datatype, 0, '[]', '', NULL, pass, pass_seq, 0, run FROM cursor;
DROP TABLE cursor;
ALTER TABLE cursor_of_part RENAME TO cursor;
ALTER TABLE issue ADD COLUMN part BIGINT NOT NULL DEFAULT 0;

-- Readings of a series that a datasource pulls into, changed here since the two sides agreed.
CREATE TABLE base (
    datasource TEXT NOT NULL REFERENCES datasource (id),
    series_id BIGINT NOT NULL,
    time BIGINT NOT NULL,
    -- 0: they never agreed on it; 1: on this value, none meaning that there was no reading.
    known BIGINT NOT NULL,
    value DOUBLE PRECISION,
    quality BIGINT NOT NULL,
    -- When it was changed here last, ms.
    edited BIGINT NOT NULL,
    PRIMARY KEY (datasource, series_id, time)
);

-- Where a datasource keeps whole steps of time: which of our readings stands at a step.
CREATE TABLE alias (
    datasource TEXT NOT NULL REFERENCES datasource (id),
    series_id BIGINT NOT NULL,
    step BIGINT NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (datasource, series_id, step)
);

-- How far a sync has pushed in the change log: everything up to here was handed to the outbox.
CREATE TABLE push (
    sync TEXT NOT NULL REFERENCES sync (id),
    datatype TEXT NOT NULL,
    seq BIGINT NOT NULL,
    series_id BIGINT NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (sync, datatype)
);

-- Series that a sync pushes. Those new to it are pushed from their beginning, up to the push cursor.
CREATE TABLE covered (
    sync TEXT NOT NULL REFERENCES sync (id),
    series_id BIGINT NOT NULL,
    -- Pushed so far; none: all of it.
    backfill BIGINT,
    PRIMARY KEY (sync, series_id)
);

-- Readings handed over and not known to have arrived, as they were sent.
CREATE TABLE outbox (
    sync TEXT NOT NULL REFERENCES sync (id),
    series_id BIGINT NOT NULL,
    time BIGINT NOT NULL,
    value DOUBLE PRECISION,
    quality BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    state TEXT NOT NULL,
    -- Who tried it last: a run that is gone on with has another lease.
    lease TEXT NOT NULL,
    PRIMARY KEY (sync, series_id, time)
);

-- Groups and resources handed over and not known to have arrived.
CREATE TABLE outbox_place (
    sync TEXT NOT NULL REFERENCES sync (id),
    datatype TEXT NOT NULL,
    our_id TEXT NOT NULL,
    record TEXT NOT NULL,
    seq BIGINT NOT NULL,
    state TEXT NOT NULL,
    lease TEXT NOT NULL,
    PRIMARY KEY (sync, datatype, our_id)
);

-- Both sides changed one record differently.
CREATE TABLE conflict (
    id TEXT PRIMARY KEY,
    sync TEXT NOT NULL REFERENCES sync (id),
    datasource TEXT NOT NULL REFERENCES datasource (id),
    datatype TEXT NOT NULL,
    -- The group or resource, or the resource of the series.
    our_id TEXT NOT NULL,
    -- Which field of it; of a reading nothing.
    field TEXT NOT NULL,
    series_id BIGINT NOT NULL,
    time BIGINT NOT NULL,
    ours TEXT NOT NULL,
    theirs TEXT NOT NULL,
    base TEXT,
    policy TEXT NOT NULL,
    -- open, ours or theirs.
    state TEXT NOT NULL,
    run TEXT NOT NULL,
    since BIGINT NOT NULL,
    decided BIGINT
);
CREATE UNIQUE INDEX conflict_open ON conflict (datasource, datatype, series_id, time, our_id, field)
    WHERE state = 'open';
CREATE INDEX conflict_sync ON conflict (sync, state, since);

-- Batches that other systems posted, by the key they gave, with the receipt they got.
CREATE TABLE received (
    sync TEXT NOT NULL REFERENCES sync (id),
    key TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    receipt TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (sync, key)
);

-- Records of theirs that look like one of ours are found by id and by name.
CREATE INDEX link_external_id ON link (external_id);
CREATE INDEX resource_name ON resource (organisation, name);
CREATE INDEX group_name ON "group" (organisation, name);
