-- Portable to Postgres but for WITHOUT ROWID on the table of readings: see store/open.rs.
-- Times are UTC milliseconds; ids are texts made by the host; flags are 0 and 1.

CREATE TABLE organisation (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    zone TEXT NOT NULL,
    limits TEXT NOT NULL,
    token_sha256 TEXT NOT NULL UNIQUE,
    -- The last change made in this organisation: taken inside each changing transaction.
    seq BIGINT NOT NULL DEFAULT 0,
    created BIGINT NOT NULL
);

CREATE TABLE plugin (
    digest TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    description TEXT NOT NULL,
    active BIGINT NOT NULL,
    created BIGINT NOT NULL
);
CREATE UNIQUE INDEX plugin_active ON plugin (name) WHERE active = 1;

CREATE TABLE file (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size BIGINT NOT NULL,
    modified BIGINT NOT NULL,
    UNIQUE (organisation, name)
);

CREATE TABLE datasource (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (id),
    -- What readings carry as their origin; 0 is OurWater itself.
    number BIGINT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    plugin TEXT NOT NULL,
    config TEXT NOT NULL,
    created BIGINT NOT NULL,
    UNIQUE (organisation, name)
);

CREATE TABLE sync (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (id),
    datasource TEXT NOT NULL REFERENCES datasource (id),
    name TEXT NOT NULL,
    methods TEXT NOT NULL,
    datatypes TEXT NOT NULL,
    selection TEXT NOT NULL,
    one_time BIGINT NOT NULL,
    enabled BIGINT NOT NULL,
    consumed BIGINT NOT NULL,
    missing_resource TEXT NOT NULL,
    last_sync BIGINT NOT NULL,
    created BIGINT NOT NULL,
    UNIQUE (organisation, name)
);

CREATE TABLE run (
    id TEXT PRIMARY KEY,
    sync TEXT NOT NULL REFERENCES sync (id),
    organisation TEXT NOT NULL REFERENCES organisation (id),
    state TEXT NOT NULL,
    -- Who may write for this run; nobody once it has ended.
    lease TEXT,
    attempt BIGINT NOT NULL,
    -- It reads its source from the beginning.
    rewind BIGINT NOT NULL,
    created BIGINT NOT NULL DEFAULT 0,
    updated BIGINT NOT NULL DEFAULT 0,
    unchanged BIGINT NOT NULL DEFAULT 0,
    superseded BIGINT NOT NULL DEFAULT 0,
    empty BIGINT NOT NULL DEFAULT 0,
    rejected BIGINT NOT NULL DEFAULT 0,
    failure_class TEXT,
    failure_text TEXT,
    plugin TEXT NOT NULL,
    started BIGINT NOT NULL,
    ended BIGINT
);
CREATE INDEX run_sync ON run (sync, started);
-- One run of a sync at a time.
CREATE UNIQUE INDEX run_open ON run (sync) WHERE ended IS NULL;

CREATE TABLE run_log (
    run TEXT NOT NULL REFERENCES run (id),
    line BIGINT NOT NULL,
    at BIGINT NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (run, line)
);

-- Where a sync stands in its source, for one datatype.
CREATE TABLE cursor (
    sync TEXT NOT NULL REFERENCES sync (id),
    datatype TEXT NOT NULL,
    -- What the cursor belongs to: configuration, selection, plugin.
    digest TEXT NOT NULL,
    cursor TEXT,
    -- A pass goes from none to the end of the data; its number, and the organisation's seq before it.
    pass BIGINT NOT NULL,
    pass_seq BIGINT NOT NULL,
    complete BIGINT NOT NULL,
    -- The run that began the pass.
    run TEXT NOT NULL REFERENCES run (id),
    PRIMARY KEY (sync, datatype)
);

CREATE TABLE resource (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    longitude DOUBLE PRECISION,
    latitude DOUBLE PRECISION,
    elevation DOUBLE PRECISION,
    owner TEXT,
    extra TEXT NOT NULL,
    -- 0: only readings tell of it so far.
    described BIGINT NOT NULL,
    origin BIGINT NOT NULL,
    seq BIGINT NOT NULL
);

CREATE TABLE "group" (
    id TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    boundary TEXT NOT NULL,
    extra TEXT NOT NULL,
    origin BIGINT NOT NULL,
    seq BIGINT NOT NULL
);

-- Membership as the source names it: by the group's external id in that datasource.
CREATE TABLE membership (
    resource TEXT NOT NULL REFERENCES resource (id),
    datasource TEXT NOT NULL REFERENCES datasource (id),
    external_group TEXT NOT NULL,
    PRIMARY KEY (resource, datasource, external_group)
);

-- Which of ours is which of theirs.
CREATE TABLE link (
    datasource TEXT NOT NULL REFERENCES datasource (id),
    kind TEXT NOT NULL,
    external_id TEXT NOT NULL,
    our_id TEXT NOT NULL,
    PRIMARY KEY (datasource, kind, external_id)
);
CREATE INDEX link_our_id ON link (our_id);

CREATE TABLE series (
    id BIGINT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (id),
    resource TEXT NOT NULL REFERENCES resource (id),
    name TEXT NOT NULL,
    property TEXT NOT NULL,
    unit TEXT NOT NULL,
    -- The one datasource that pulls into it; none: only OurWater writes it.
    owner TEXT REFERENCES datasource (id),
    UNIQUE (resource, name, property, unit)
);

CREATE TABLE reading (
    series_id BIGINT NOT NULL,
    time BIGINT NOT NULL,
    value DOUBLE PRECISION,
    quality BIGINT NOT NULL,
    origin BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    -- What the change numbered seq was: 0 made it, 1 changed it; 2 more where the same pass met it again.
    edited BIGINT NOT NULL,
    PRIMARY KEY (series_id, time)
) WITHOUT ROWID;

-- Each row means the readings in its range whose seq equals its own.
CREATE TABLE change (
    organisation TEXT NOT NULL,
    seq BIGINT NOT NULL,
    series_id BIGINT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (organisation, seq, series_id, first)
);

-- Keys that a source gave more than one value in one pass. From then on they are settled at the
-- end of each pass, so that reading the source again changes nothing.
CREATE TABLE contradiction (
    datasource TEXT NOT NULL REFERENCES datasource (id),
    series_id BIGINT NOT NULL,
    time BIGINT NOT NULL,
    -- The last value met in the pass under way.
    pass BIGINT NOT NULL DEFAULT 0,
    value DOUBLE PRECISION,
    quality BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (datasource, series_id, time)
);

CREATE TABLE issue (
    sync TEXT NOT NULL REFERENCES sync (id),
    datatype TEXT NOT NULL,
    place TEXT NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    raw TEXT NOT NULL,
    run TEXT NOT NULL REFERENCES run (id),
    pass BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (sync, datatype, place)
);
