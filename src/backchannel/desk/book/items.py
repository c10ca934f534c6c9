"""The items of one channel: what each instrument keeps, secrets too, and the words by which they are found."""

from __future__ import annotations

from typing import Any, NamedTuple

from backchannel.desk.book.aside import Asides
from backchannel.desk.book.outbox import Outbox
from backchannel.desk.book.places import Places
from backchannel.desk.vault.vault import Vault
from backchannel.entry.codec import encode, reread
from backchannel.entry.ids import SeatId
from backchannel.errors import Malformed, VaultError
from backchannel.instruments import BY_KIND, INSTRUMENTS, Instrument
from backchannel.instruments.base import WAITS

_BY_NAME = {instrument.name: instrument for instrument in INSTRUMENTS}
ASIDE = ", ".join(f"'{instrument.name}'" for instrument in INSTRUMENTS if instrument.aside)
"""The instruments whose words are set aside, for SQL."""
PASSING = ", ".join(f"'{instrument.name}'" for instrument in INSTRUMENTS if instrument.passes)
"""Those whose items pass with a seat."""
_ASIDE_KINDS = ", ".join(f"'{kind}'" for kind, instrument in BY_KIND.items() if instrument.aside)

LONG, MOST_LONG = 50_000, 3
"""Bytes from which on an item takes long to decode, and so many of these are remembered, each with its bytes."""


class Item(NamedTuple):
    """An instrument's item."""

    instrument: Instrument
    value: Any

    @property
    def position(self) -> int:
        """Where in the log it began; how people name it."""
        return int(self.value.at.position)


class Items:
    """Rows of the items of channel `c`. Whoever writes holds a transaction."""

    def __init__(self, vault: Vault, c: int, asides: Asides, outbox: Outbox) -> None:
        self._vault, self._places, self._asides, self._outbox = vault, Places(c), asides, outbox
        self._long: list[tuple[bytes, Any]] = []

    def at(self, position: int | None) -> Item | None:
        """The item that began at a position of the log."""
        if position is None or not 0 <= position < self._places.end - self._places.first:
            return None  # a number that is too large would be a place of another channel
        found = self._items("SELECT instrument, value FROM item WHERE place = ?", self._places.of(position))
        return found[0] if found else None

    def of(self, instrument: str) -> list[Item]:
        """All items of an instrument, in the order of the log."""
        return self._items(
            "SELECT instrument, value FROM item WHERE place >= ? AND place < ? AND instrument = ? ORDER BY place",
            self._places.first,
            self._places.end,
            instrument,
        )

    def unsettled(self, instrument: str) -> list[Item]:
        """Those of which something may be awaited from somebody still."""
        return self._items(
            "SELECT instrument, value FROM item WHERE place >= ? AND place < ? AND instrument = ? AND NOT settled"
            " ORDER BY place",
            self._places.first,
            self._places.end,
            instrument,
        )

    def newest(self, instrument: str, *, before: int, most: int) -> list[Item]:
        """The last items of an instrument before a position, some, in the order of the log."""
        found = self._items(
            "SELECT instrument, value FROM item WHERE place >= ? AND place < ? AND instrument = ?"
            " ORDER BY place DESC LIMIT ?",
            self._places.first,
            min(self._places.of(before), self._places.end),
            instrument,
            most,
        )
        return found[::-1]

    def counts(self) -> dict[str, int]:
        """How many items there are of each instrument, but for notes whose text is gone."""
        rows = self._vault.query(
            "SELECT instrument, count(*) FROM item INDEXED BY item_instrument WHERE place >= ? AND place < ?"
            " AND NOT (instrument = 'note' AND until IS NULL) GROUP BY instrument",
            (self._places.first, self._places.end),
        )
        return {str(name): int(many) for name, many in rows}

    def find(self, wanted: str, most: int = 100) -> list[Item]:
        """Items whose text has all of these words, best first."""
        quoted = " ".join('"' + word.replace('"', '""') + '"' for word in wanted.replace("\0", " ").split())
        if not quoted:
            return []
        return self._items(
            "SELECT instrument, value FROM words JOIN item ON item.place = words.rowid"
            " WHERE words MATCH ? AND words.rowid >= ? AND words.rowid < ? ORDER BY rank LIMIT ?",
            quoted,
            self._places.first,
            self._places.end,
            most,
        )

    def passing(self, after: int, most: int) -> list[Item]:
        """Some items that pass with a seat, in the order of the log, from behind a position on."""
        return self._items(
            f"SELECT instrument, value FROM item WHERE place > ? AND place < ? AND instrument IN ({PASSING})"  # noqa: S608
            " ORDER BY place LIMIT ?",
            self._places.of(after),
            self._places.end,
            most,
        )

    def passed_on(self, position: int) -> SeatId | None:
        """The seat that passed this item on to us, if one did (spec/handover.md, 4.3)."""
        row = self._vault.one("SELECT by FROM passed WHERE place = ?", (self._places.of(position),))
        return row[0] if row else None

    def passed_by(self, giver: SeatId) -> dict[str, int]:
        """How much a seat has passed on to us: instrument -> items."""
        rows = self._vault.query(
            "SELECT instrument, count(*) FROM passed JOIN item USING (place)"
            " WHERE place >= ? AND place < ? AND by = ? GROUP BY instrument ORDER BY instrument",
            (self._places.first, self._places.end, giver),
        )
        return {str(name): int(many) for name, many in rows}

    def set_passed_on(self, position: int, by: SeatId) -> None:
        """An item that another seat passed on to us."""
        self._vault.execute("INSERT OR IGNORE INTO passed VALUES (?, ?)", (self._places.of(position), by))

    def live(self, instrument: str) -> list[Item]:
        """Items of an instrument that are not over, or for which this desk still keeps a secret."""
        return self._items(
            "SELECT instrument, value FROM item WHERE place >= ? AND place < ? AND instrument = ?"
            " AND (until IS NOT NULL OR place IN (SELECT place FROM pocket)) ORDER BY place",
            self._places.first,
            self._places.end,
            instrument,
        )

    def pocket(self, position: int) -> bytes:
        """What this desk keeps secret for an item; empty if nothing."""
        row = self._vault.one("SELECT value FROM pocket WHERE place = ?", (self._places.of(position),))
        return row[0] if row else b""

    def set_pocket(self, position: int, value: bytes) -> None:
        """Keep a secret for an item, or destroy it if `value` is empty."""
        place = self._places.of(position)
        if value:
            self._vault.execute("INSERT OR REPLACE INTO pocket VALUES (?, ?)", (place, value))
        else:
            self._vault.execute("DELETE FROM pocket WHERE place = ?", (place,))

    def pocketed(self) -> list[Item]:
        """Items for which this desk keeps a secret."""
        return self._items(
            "SELECT instrument, value FROM item WHERE place >= ? AND place < ? AND place IN (SELECT place FROM pocket)",
            self._places.first,
            self._places.end,
        )

    def recent(self, instrument: str) -> list[Item]:
        """Items of an instrument that are not over, and the newest."""
        newest = self._items(
            "SELECT instrument, value FROM item WHERE place >= ? AND place < ? AND instrument = ?"
            " ORDER BY place DESC LIMIT 1",
            self._places.first,
            self._places.end,
            instrument,
        )
        return [*self.live(instrument), *newest]

    def overdue(self, unit: int, *, aside: bool, most: int = 100) -> list[Item]:
        """Items that should have lapsed by arrival unit `unit`, some: those whose words are aside, or the others.

        `+place`: SQLite is to look by `until`.
        """
        return self._items(
            f"SELECT instrument, value FROM item WHERE until <= ? AND +place >= ? AND +place < ?"  # noqa: S608
            f" AND (instrument IN ({ASIDE})) = ? LIMIT ?",
            unit,
            self._places.first,
            self._places.end,
            aside,
            most,
        )

    def late(self, unit: int) -> list[Item]:
        """Items whose words were set aside, whose hour has passed, and of which a key is here still."""
        found = self._items(
            f"SELECT instrument, value FROM item WHERE until <= ? AND +place >= ? AND +place < ?"  # noqa: S608
            f" AND instrument IN ({ASIDE})"
            " AND (place IN (SELECT place FROM aside_key) OR place IN (SELECT place FROM pocket))",
            unit,
            self._places.first,
            self._places.end,
        )
        return [item for item in found if not item.instrument.needs or self._asides.key(item.position)]

    def erasable(self, unit: int) -> list[tuple[int, bytes]]:
        """(position, token) of this desk's own entries about items whose text is gone or should be.

        Words that were set aside and rejected too: they are sealed again, or can be read nowhere.
        """
        rows = self._vault.query(
            "SELECT entry.place, entry.token FROM entry LEFT JOIN item ON item.place = entry.item"  # noqa: S608
            " WHERE entry.token IS NOT NULL AND entry.place >= ? AND entry.place < ? AND iif("
            f"entry.item IS NULL, entry.kind IN ({_ASIDE_KINDS}), item.until IS NULL OR item.until <= ?)",
            (self._places.first, self._places.end, unit),
        )
        return [(self._places.position(place), token) for place, token in rows]

    def write(self, new: list[Item], changed: list[Item]) -> None:
        """Items that began and items that changed, and the words by which they are found."""
        known = [held for held in map(self.at, (item.position for item in changed)) if held is not None]
        before = self._texts(known)
        after = self._texts([*new, *changed])
        # Forgetting words is dear, and most changes of an item leave its text alone.
        kept = set(before) & set(after)
        self._vault.executemany(
            "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", [row for row in before if row not in kept]
        )
        self._vault.executemany(
            "INSERT INTO item VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET value = excluded.value, until = excluded.until, settled = excluded.settled",
            [self._row(item) for item in (*new, *changed)],
        )
        self._vault.executemany(
            "INSERT INTO words (rowid, text) VALUES (?, ?)", [row for row in after if row not in kept]
        )
        over = {held.position for held in known if _over(held)}
        for item in (*new, *changed):
            if item.instrument.aside and _over(item) and item.position not in over:
                self.destroy(item)
                self._asides.forget_who(item.position)
                if not self.pocket(item.position):
                    self.set_pocket(item.position, WAITS)

    def destroy(self, item: Item) -> None:
        """Destroy key and words of an item, what waits about it, and how it was asked for (spec/sealing.md, 12.6)."""
        self._asides.destroy(item.position)
        self._outbox.recall(item.instrument, item.value.id, sealed=True)
        if not item.instrument.needs:  # what else a pocket holds, its reflex puts away
            self.set_pocket(item.position, b"")

    def _row(self, item: Item) -> tuple[Any, ...]:
        kind, value = item.instrument, item.value
        return self._places.of(item.position), kind.name, encode(value), kind.until(value), kind.settled(value)

    def _texts(self, items: list[Item]) -> list[tuple[int, str]]:
        texts = [(self._places.of(item.position), item.instrument.text(item.value)) for item in items]
        return [row for row in texts if row[1].strip()]

    def _items(self, sql: str, *parameters: Any) -> list[Item]:
        rows = self._vault.query(sql, parameters)
        return [Item(_BY_NAME[name], self._readable(_BY_NAME[name], raw)) for name, raw in rows]

    def _readable(self, instrument: Instrument, raw: bytes) -> Any:
        """The item in these bytes. Nobody but a desk's program writes them: if they cannot be read, another one did."""
        try:
            return self._value(instrument, raw)
        except Malformed as problem:
            raise VaultError(
                "older",
                f"This desk keeps something ({instrument.name}) as another version of this program lays it out.",
                "Use that version, or restore the desk from a backup that this one has made.",
                "Nothing was changed.",
            ) from problem

    def _value(self, instrument: Instrument, raw: bytes) -> Any:
        """The item in these bytes. Of what stays in the record anyway, the last long ones are remembered."""
        if len(raw) < LONG or not instrument.record:
            return reread(raw, instrument.item)
        known = next((one for one in self._long if one[0] == raw), None)
        held = known or (raw, reread(raw, instrument.item))
        self._long = [held, *(one for one in self._long if one is not held)][:MOST_LONG]
        return held[1]


def _over(item: Item) -> bool:
    return item.instrument.until(item.value) is None
