-- The host's file. Times are whole units of 300 seconds; there are no addresses and no names of people.

CREATE TABLE relay (
    key   TEXT PRIMARY KEY,     -- 'seed': the relay's Ed25519 seed; 'probe': written by the health check
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE logs (
    log        INTEGER PRIMARY KEY,
    name       BLOB NOT NULL UNIQUE,        -- 32 bytes
    credential BLOB NOT NULL,               -- hash, 32 bytes
    control    BLOB NOT NULL,               -- hash, 32 bytes
    size       INTEGER NOT NULL,            -- as of the last commit
    root       BLOB NOT NULL,               -- as of the last commit
    stored     INTEGER NOT NULL             -- bytes that count against the log's storage limit
);

-- What a rotation at index bound - 1 replaced: the old credential reads on up to size bound.
CREATE TABLE rotations (
    log        INTEGER NOT NULL,
    bound      INTEGER NOT NULL,
    credential BLOB NOT NULL,
    control    BLOB NOT NULL,
    PRIMARY KEY (log, bound)
) WITHOUT ROWID;

CREATE TABLE entries (
    key    INTEGER PRIMARY KEY,             -- log * 2^32 + index
    leaf   BLOB NOT NULL,                   -- 76 bytes (spec/ledger.md 2.5)
    body   BLOB,                            -- NULL: erased
    record INTEGER                          -- index of the erase record, where the body was erased
);
