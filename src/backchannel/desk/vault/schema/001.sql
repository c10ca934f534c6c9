-- A desk's first schema. Values in canonical MessagePack are marked "encoded"; times are unix seconds unless said otherwise.

CREATE TABLE channel (
    c INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    relay TEXT NOT NULL,
    relay_key BLOB NOT NULL,
    founded INTEGER NOT NULL,        -- whether the relay has been told to found the log, if it was for us to found
    seat BLOB NOT NULL,
    seeds BLOB NOT NULL,             -- encoded IdentitySeeds
    state BLOB NOT NULL,             -- encoded State
    owed BLOB NOT NULL,              -- encoded positions whose erase record is still to come
    head INTEGER NOT NULL,           -- the size that the relay claimed last
    synced REAL,                     -- when this desk last read to the head
    isolation TEXT NOT NULL          -- random; keeps this channel's connections apart from others' on a proxy
) STRICT;

CREATE TABLE epoch (
    c INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
    epoch INTEGER NOT NULL,
    secret BLOB NOT NULL,
    credential BLOB,                 -- none for epochs before this seat came
    control BLOB,
    PRIMARY KEY (c, epoch)
) STRICT;

CREATE TABLE prekey (
    c INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    seeds BLOB NOT NULL,             -- encoded PrekeySeeds
    PRIMARY KEY (c, seq)
) STRICT;

CREATE TABLE invitation (
    c INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
    invite BLOB NOT NULL,
    secret BLOB NOT NULL,
    welcomed INTEGER NOT NULL,       -- epoch in which its welcome was posted, or -1
    PRIMARY KEY (c, invite)
) STRICT;

-- place = c * 2^40 + position: one integer key, because a vault writes such rows at twice the speed of any other.
CREATE TABLE entry (
    place INTEGER PRIMARY KEY,
    leaf BLOB NOT NULL,              -- 76 bytes (spec/ledger.md, 2)
    verdict TEXT NOT NULL,           -- act, line, start, closed, erased, record, rejected
    sender BLOB,
    kind TEXT NOT NULL,
    item INTEGER,                    -- place of the item it belongs to
    note TEXT NOT NULL,              -- for a rejected entry: the code and the reason
    token BLOB,                      -- of this desk's own erasable entries, until erased
    gone INTEGER                     -- position of the erase record
) STRICT;
CREATE INDEX entry_token ON entry (place) WHERE token IS NOT NULL;
CREATE INDEX entry_missing ON entry (place) WHERE verdict = 'erased';
CREATE INDEX entry_gone ON entry (place) WHERE gone IS NOT NULL;

CREATE TABLE line (                  -- chains that this seat reads
    c INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
    cid BLOB NOT NULL,
    chain BLOB NOT NULL,             -- encoded Chain
    cursor BLOB NOT NULL,            -- encoded Cursor
    last INTEGER NOT NULL,
    PRIMARY KEY (c, cid)
) STRICT;

CREATE TABLE sending (               -- chains that this desk writes; never in a backup
    c INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
    cls TEXT NOT NULL,
    audience BLOB NOT NULL,          -- encoded seats
    chain BLOB NOT NULL,
    cursor BLOB NOT NULL,
    seed BLOB NOT NULL,
    born REAL NOT NULL,
    PRIMARY KEY (c, cls, audience)
) STRICT;

CREATE TABLE outbox (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    c INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
    intent BLOB NOT NULL,            -- encoded Intent: what the person wanted, to be sealed again if it must
    epoch INTEGER,                   -- the epoch it is sealed for; NULL: not sealed
    frames BLOB,                     -- encoded frames to append, the entry itself last
    id BLOB,                         -- of the entry
    stage TEXT NOT NULL,             -- written, posted, returned
    tries INTEGER NOT NULL,
    why TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_id ON outbox (c, id);

CREATE TABLE item (
    place INTEGER PRIMARY KEY,       -- of the entry that began it
    instrument TEXT NOT NULL,
    value BLOB NOT NULL,             -- encoded item
    until INTEGER                    -- arrival unit after which its text is to be gone
) STRICT;
CREATE INDEX item_until ON item (until) WHERE until IS NOT NULL;

CREATE TABLE pocket (                -- what a desk keeps secret for a running item; never in a backup
    place INTEGER PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

CREATE TABLE verified (
    c INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
    seat BLOB NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (c, seat)
) STRICT;

CREATE TABLE alarm (
    n INTEGER PRIMARY KEY,
    c INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
    code TEXT NOT NULL,
    what TEXT NOT NULL,
    at REAL NOT NULL,
    UNIQUE (c, code, what)
) STRICT;

-- The words alone, not the text a second time. To delete, the indexed text must be given again: if an instrument's text()
-- ever changes, the migration that ships with it builds this index anew.
CREATE VIRTUAL TABLE words USING fts5(text, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
