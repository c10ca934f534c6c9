-- What was typed and not sent, for its person alone; never in a backup. What of the record was looked at.

CREATE TABLE draft (
    n INTEGER PRIMARY KEY,           -- used again, so that no count stays
    c INTEGER REFERENCES channel ON DELETE CASCADE,
    place TEXT NOT NULL,             -- the page that it was typed on
    target TEXT NOT NULL,            -- where it would be sent
    buttons TEXT NOT NULL,           -- of its form, which is known by them and by what it is about
    about BLOB NOT NULL,             -- encoded (name, value) pairs
    fields BLOB NOT NULL,            -- encoded (name, value) pairs
    at REAL NOT NULL,
    UNIQUE (place, buttons, about)
) STRICT;

ALTER TABLE channel ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
