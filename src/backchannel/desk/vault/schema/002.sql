-- Words that are set aside so that they can be destroyed (spec/sealing.md, 12). None of these is ever in a backup.

CREATE TABLE once (                  -- private halves of one-time keys
    c INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
    public BLOB NOT NULL,            -- SHA-256 of the public half
    seed BLOB NOT NULL,
    used INTEGER NOT NULL,           -- whether an item's key was sealed to it
    PRIMARY KEY (c, public)
) STRICT;

CREATE TABLE aside_key (
    place INTEGER PRIMARY KEY,       -- of the item
    key BLOB NOT NULL
) STRICT;

CREATE TABLE aside_made (            -- keys of items that this desk begins, until the log has them
    c INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
    entry BLOB NOT NULL,
    key BLOB NOT NULL,
    PRIMARY KEY (c, entry)
) STRICT;

CREATE TABLE aside (
    place INTEGER PRIMARY KEY,       -- of the entry
    item INTEGER NOT NULL,
    words BLOB NOT NULL
) STRICT;
CREATE INDEX aside_item ON aside (item);

CREATE TABLE tray (                  -- what a person has laid ready for an instrument
    n INTEGER PRIMARY KEY,           -- used again: a count of slips that have gone would stay otherwise
    c INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
    instrument TEXT NOT NULL,
    value BLOB NOT NULL
) STRICT;

CREATE INDEX item_instrument ON item (instrument, place);

ALTER TABLE outbox ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;
