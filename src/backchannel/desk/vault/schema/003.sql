-- Files that go with reports and findings (spec/step.md, 4), and what a predecessor passed on (spec/handover.md, 4).

CREATE TABLE piece (
    place INTEGER NOT NULL,          -- of the ladder
    party TEXT NOT NULL,             -- whose file it is: another's of the same digest is another file until it is whole
    file BLOB NOT NULL,              -- SHA-256
    n INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (place, party, file, n)
) STRICT;

-- Whether nothing of an item is awaited from anybody any more: a channel has many notes that nobody has to look at.
ALTER TABLE item ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
CREATE INDEX item_unsettled ON item (instrument, place) WHERE NOT settled;

CREATE TABLE passed (
    place INTEGER PRIMARY KEY,       -- of the item
    by BLOB NOT NULL                 -- the seat that passed it on
) STRICT;
