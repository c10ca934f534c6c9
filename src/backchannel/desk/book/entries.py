"""The entries of one channel as the vault keeps them: the leaf, what it turned out to be, what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, NamedTuple

from backchannel.channel.engine import Event
from backchannel.desk.book.places import Places
from backchannel.desk.vault.vault import Vault
from backchannel.entry.ids import EntryId, SeatId
from backchannel.ledger.history import Verified
from backchannel.ledger.leaf import Leaf


class Logged(NamedTuple):
    """One entry of the log. `item`: the position at which its item began; `gone`: of the record that erased it."""

    position: int
    leaf: Leaf
    verdict: str
    sender: SeatId | None
    kind: str
    item: int | None
    note: str
    gone: int | None


class Wanted(NamedTuple):
    """Entries from `start` up to `end`, without some verdicts, some kinds (unless not accepted), and a seat's own."""

    start: int
    end: int
    no_verdicts: tuple[str, ...] = ()
    no_kinds: tuple[str, ...] = ()
    not_by: SeatId = b""


class Entries:
    """Rows of the log of channel `c`. Whoever writes holds a transaction."""

    def __init__(self, vault: Vault, c: int) -> None:
        self._vault, self._places = vault, Places(c)

    def leaves(self) -> Iterable[bytes]:
        """All leaves (76 bytes each), in order."""
        sql = "SELECT leaf FROM entry WHERE place >= ? AND place < ? ORDER BY place"
        return (row[0] for row in self._vault.query(sql, (self._places.first, self._places.end)))

    def erased(self) -> dict[int, int]:
        """Position of each erased body -> position of its erase record."""
        sql = "SELECT place, gone FROM entry WHERE gone IS NOT NULL AND place >= ? AND place < ?"
        rows = self._vault.query(sql, (self._places.first, self._places.end))
        return {self._places.position(place): gone for place, gone in rows}

    def missing(self, since: int) -> tuple[tuple[int, EntryId], ...]:
        """(position, id) of entries after `since` whose body was missing when this desk read them."""
        sql = "SELECT place, leaf FROM entry WHERE verdict = 'erased' AND place > ? AND place < ? ORDER BY place"
        rows = self._vault.query(sql, (self._places.of(since), self._places.end))
        return tuple((self._places.position(place), leaf[:32]) for place, leaf in rows)

    def log(self, start: int = 0, most: int = 1_000_000) -> list[Logged]:
        """The entries from position `start` on."""
        rows = self._vault.query(
            "SELECT place, leaf, verdict, sender, kind, item, note, gone FROM entry WHERE place >= ? AND place < ?"
            " ORDER BY place LIMIT ?",
            (self._places.of(start), self._places.end, most),
        )
        return [self._logged(row) for row in rows]

    def newest(self, wanted: Wanted, most: int) -> list[Logged]:
        """Some of the wanted entries, newest first."""
        where, given = self._where(wanted)
        rows = self._vault.query(
            "SELECT place, leaf, verdict, sender, kind, item, note, gone FROM entry"  # noqa: S608
            f" WHERE {where} ORDER BY place DESC LIMIT ?",
            (*given, most),
        )
        return [self._logged(row) for row in rows]

    def many(self, wanted: Wanted) -> int:
        """How many there are."""
        where, given = self._where(wanted)
        row = self._vault.one(f"SELECT count(*) FROM entry WHERE {where}", given)  # noqa: S608
        return int(row[0]) if row else 0

    def _where(self, wanted: Wanted) -> tuple[str, tuple[Any, ...]]:
        verdicts, kinds = (", ".join("?" * len(some)) for some in (wanted.no_verdicts, wanted.no_kinds))
        where = (
            "place >= ? AND place < ? AND (sender IS NULL OR sender <> ?)"
            f" AND verdict NOT IN ({verdicts}) AND (kind NOT IN ({kinds}) OR verdict = 'rejected')"
        )
        start, end = self._places.of(wanted.start), self._places.of(wanted.end)
        return where, (start, end, wanted.not_by, *wanted.no_verdicts, *wanted.no_kinds)

    def _logged(self, row: tuple[Any, ...]) -> Logged:
        place, leaf, verdict, sender, kind, item, note, gone = row
        position = self._places.position
        at = position(item) if item else None
        return Logged(position(place), Leaf.parse(leaf), verdict, sender, kind, at, note, gone)

    def newest_of(self, seat: SeatId) -> Leaf | None:
        """The leaf of the newest entry that is known to be from a seat."""
        row = self._vault.one(
            "SELECT leaf FROM entry WHERE sender = ? AND place >= ? AND place < ? ORDER BY place DESC LIMIT 1",
            (seat, self._places.first, self._places.end),
        )
        return Leaf.parse(row[0]) if row else None

    def write(self, verified: Verified, events: list[tuple[Event, int | None]]) -> None:
        """A verified range, with what each entry turned out to be and where its item began."""
        of = self._places.of
        self._vault.executemany(
            "INSERT INTO entry (place, leaf, verdict, sender, kind, item, note, token) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    of(seen.index),
                    seen.leaf.data(),
                    event.verdict,
                    event.sender,
                    event.kind,
                    None if item is None else of(item),
                    f"{event.error.code}: {event.error.what}" if event.error else "",
                    event.token,
                )
                for seen, (event, item) in zip(verified.records, events, strict=True)
            ],
        )
        self._vault.executemany(
            "UPDATE entry SET gone = ?, token = NULL WHERE place = ?",
            [(erasure.record, of(erasure.index)) for erasure in verified.erasures],
        )

    def verdict(self, position: int) -> str:
        """What the entry at a position turned out to be; empty if it was not written yet."""
        row = self._vault.one("SELECT verdict FROM entry WHERE place = ?", (self._places.of(position),))
        return str(row[0]) if row else ""

    def acted(self, kind: str, seat: SeatId, before: int) -> bool:
        """Whether a seat signed an act of a kind before a position."""
        found = self._vault.one(
            "SELECT 1 FROM entry WHERE place >= ? AND place < ? AND verdict = 'act' AND kind = ? AND sender = ?",
            (self._places.first, self._places.of(before), kind, seat),
        )
        return found is not None

    def touched(self, start: int, end: int) -> list[int]:
        """Where the items began that entries from `start` up to `end` speak of."""
        rows = self._vault.query(
            "SELECT DISTINCT item FROM entry WHERE place >= ? AND place < ? AND item IS NOT NULL ORDER BY item",
            (self._places.of(start), self._places.of(end)),
        )
        return [self._places.position(row[0]) for row in rows]

    def tokens(self, item: int) -> list[tuple[int, bytes]]:
        """(position, token) of what this desk may have erased of an item."""
        rows = self._vault.query(
            "SELECT place, token FROM entry WHERE item = ? AND token IS NOT NULL", (self._places.of(item),)
        )
        return [(self._places.position(place), token) for place, token in rows]

    def keep_token(self, position: int, item: int, token: bytes) -> None:
        """A predecessor's entry, which this desk may have erased now.

        If the token is not the entry's, or if this desk has read of what it speaks: nothing.
        """
        row = self._vault.one("SELECT leaf FROM entry WHERE place = ?", (self._places.of(position),))
        if row is not None and Leaf.parse(row[0]).erase == sha256(token).digest():
            self._vault.execute(
                "UPDATE entry SET token = ?, item = ? WHERE place = ? AND gone IS NULL AND item IS NULL",
                (token, self._places.of(item), self._places.of(position)),
            )

    def forget_token(self, position: int) -> None:
        """The relay has been asked to erase this entry."""
        self._vault.execute("UPDATE entry SET token = NULL WHERE place = ?", (self._places.of(position),))
