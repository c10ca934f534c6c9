-- What is asked again and again, beside what it is asked about: files go in pieces of three quarters of a megabyte.

ALTER TABLE outbox ADD COLUMN kind TEXT NOT NULL DEFAULT '';  -- act, welcome, or what is said; '' from an older program
CREATE INDEX outbox_marks ON outbox (c, n, kind, aside, epoch, id, stage, tries, why);

DROP INDEX item_instrument;
CREATE INDEX item_instrument ON item (instrument, place, until);
