-- Files that this desk's person gave it to send: taken in piece by piece, so that they lie nowhere else meanwhile.

CREATE TABLE outgoing (
    k INTEGER PRIMARY KEY AUTOINCREMENT,
    c INTEGER NOT NULL REFERENCES channel ON DELETE CASCADE,
    ladder INTEGER NOT NULL,         -- position of the ladder it is for
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    file BLOB,                       -- SHA-256; NULL while it comes in
    touched REAL NOT NULL            -- when something of it came last
) STRICT;

CREATE TABLE outgoing_piece (
    k INTEGER NOT NULL REFERENCES outgoing ON DELETE CASCADE,
    n INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (k, n)
) STRICT;
