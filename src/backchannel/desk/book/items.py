"""The items of one channel: what each instrument keeps, secrets too, and the words by which they are found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from backchannel.channel.engine import Event
from backchannel.desk.book.aside import Asides
from backchannel.desk.book.outbox import Outbox
from backchannel.desk.book.places import Places
from backchannel.desk.book.reading import NOTHING, Read, Reading, Said
from backchannel.desk.vault.vault import Vault
from backchannel.entry.codec import decode, encode
from backchannel.entry.ids import EntryId
from backchannel.errors import Malformed, Rejected
from backchannel.instruments import BY_KIND, INSTRUMENTS, Instrument, Spoken
from backchannel.instruments.base import WAITS
from backchannel.seal.aside import Aside

_BY_NAME = {instrument.name: instrument for instrument in INSTRUMENTS}
ASIDE = ", ".join(f"'{instrument.name}'" for instrument in INSTRUMENTS if instrument.aside)
"""The instruments whose words are set aside, for SQL."""
_ASIDE_KINDS = ", ".join(f"'{kind}'" for kind, instrument in BY_KIND.items() if instrument.aside)


NO_FAULT = frozenset({"stale-prekey", "item"})
"""Why an entry is rejected that an honest desk may post: a key was replaced meanwhile, and what comes behind it."""


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

    def at(self, position: int | None) -> Item | None:
        """The item that began at a position of the log."""
        if position is None:
            return None
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
            "INSERT INTO item VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET value = excluded.value, until = excluded.until",
            [
                (self._places.of(i.position), i.instrument.name, encode(i.value), i.instrument.until(i.value))
                for i in (*new, *changed)
            ],
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

    def _texts(self, items: list[Item]) -> list[tuple[int, str]]:
        texts = [(self._places.of(item.position), item.instrument.text(item.value)) for item in items]
        return [row for row in texts if row[1].strip()]

    def _items(self, sql: str, *parameters: Any) -> list[Item]:
        rows = self._vault.query(sql, parameters)
        return [Item(_BY_NAME[name], decode(value, _BY_NAME[name].item)) for name, value in rows]


def _over(item: Item) -> bool:
    return item.instrument.until(item.value) is None


class Folding:
    """The items that a batch of lines touches: folded in memory, written once; the words of some set aside at once."""

    def __init__(self, items: Items, reading: Reading, find: Callable[[EntryId], int | None]) -> None:
        """`find` gives the position of an entry of the log, None if there is none."""
        self._items, self._reading, self._find = items, reading, find
        self._held: dict[int, Item] = {}
        self._new: dict[int, None] = {}
        self._read: dict[EntryId, Said] = {}

    def fold(self, event: Event) -> tuple[Event, int | None]:
        """The event, rejected now if its instrument refuses it, and the position at which its item began."""
        if event.verdict != "line":
            return event, None
        try:
            return event, self._line(event)
        except Malformed as problem:
            blameless = BY_KIND[event.kind].aside and problem.code in NO_FAULT
            who = None if blameless else event.sender  # nor is it kept who floats what was sealed again
            return event._replace(verdict="rejected", error=problem, sender=who), None

    def write(self) -> None:
        """Write what began and what changed."""
        self._items.write(
            [self._held[i] for i in self._new], [item for i, item in self._held.items() if i not in self._new]
        )

    def _line(self, event: Event) -> int:
        instrument, at = BY_KIND[event.kind], event.record.at
        assert event.sender is not None  # noqa: S101 - a line has one
        assert event.state is not None  # noqa: S101
        kind, opens = instrument.kinds[event.kind], event.kind == instrument.opens
        envelope = decode(event.body, Aside) if kind.aside else None
        act: Any = decode(event.body if envelope is None else envelope.act, kind.body)
        began = at.position if opens else self._find(act.item)
        held = None if opens or began is None else self._hold(began)
        if began is None or (not opens and (held is None or held.instrument is not instrument)):
            raise Rejected("item", "An entry speaks of something that this seat does not have.")
        # Most lines are notes, and a query for each of them is felt when a desk catches up.
        read = self._reading.open(event, envelope, act, kind, None if opens else began) if instrument.aside else NOTHING
        if kind.copies and read.key is None:
            seed = instrument.asked(self._items.pocket(began))
            read = self._reading.open_copy(act, seed, held.value.commits if held is not None else b"")
        if instrument.needs and read.error is not None:
            raise read.error
        of = self._said(act.entry) if event.kind == instrument.words else None
        there = (event.sender, began, at.position - 1)  # 12.1: right behind, or some could be shown others
        if event.kind == instrument.words and (of is None or (of.sender, of.item, of.position) != there):
            raise Rejected("words", "Words were sent that belong to no entry of the same seat right before them.")
        linked = instrument.links(held.value if held else None, act)
        spoken = Spoken(
            at,
            event.record.id,
            event.sender,
            event.audience,
            event.kind,
            act,
            event.state,
            read.words,
            lambda entry: self._reading.heard(self._find(entry)),
            self._linked(linked) if linked is not None else None,
            read.key is not None and not (held is not None and self._reading.past(instrument.until(held.value))),
            (event.record.body or b"") if event.key else b"",
            event.key,
            envelope.sealed if envelope is not None and kind.bare else b"",
        )
        value = instrument.fold(held.value if held else None, spoken)
        if instrument.aside:
            self._keep(instrument, value, event, began, read, of)
            self._read[event.record.id] = Said(at.position, event.sender, began, event.kind)
        self._held[began] = Item(instrument, value)
        if opens:
            self._new[began] = None
        return began

    def _keep(self, instrument: Instrument, value: Any, event: Event, began: int, read: Read, of: Said | None) -> None:
        """Keep key and words, unless the item is over by now (spec/sealing.md, 12.6)."""
        if self._reading.past(instrument.until(value)):
            return
        if of is not None and instrument.kinds[of.kind].copies:
            assert event.sender is not None  # noqa: S101
            self._reading.keep_copied(began, read.words, self._said, event.sender)
        else:
            self._reading.keep(began, event.record.at.position if of is None else of.position, read)

    def _said(self, entry: EntryId) -> Said | None:
        position = self._find(entry)
        if position is None or entry in self._read:
            return self._read.get(entry)
        return self._reading.said(position)

    def _hold(self, position: int) -> Item | None:
        return self._held.get(position) or self._items.at(position)

    def _linked(self, entry: EntryId) -> Any:
        position = self._find(entry)
        held = self._hold(position) if position is not None else None
        return held.value if held is not None else None
