"""Folding: the items that a batch of lines touches, in memory, and written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backchannel.channel.engine import Event
from backchannel.desk.book.items import Item, Items
from backchannel.desk.book.passing import NOT_READ, Taking
from backchannel.desk.book.reading import NOTHING, Read, Reading, Said
from backchannel.desk.book.sound import sound
from backchannel.entry.codec import decode
from backchannel.entry.ids import EntryId
from backchannel.errors import Malformed, Rejected
from backchannel.instruments import BY_KIND, Instrument, Spoken
from backchannel.seal.aside import Aside

NO_FAULT = frozenset({"stale-prekey", "item"})
"""Why an entry is rejected that an honest desk may post: a key was replaced meanwhile, and what comes behind it."""


class _NotPassedOn(Exception):
    """An entry is about what this seat's predecessor has: its author may be honest (spec/handover.md, 3)."""


class Folding:
    """The items that a batch of lines touches: folded in memory, written once; the words of some set aside at once."""

    def __init__(self, items: Items, reading: Reading, find: Callable[[EntryId], int | None], taking: Taking) -> None:
        """`find` gives the position of an entry of the log, None if there is none."""
        self._items, self._reading, self._find, self._taking = items, reading, find, taking
        self._closed: set[int] = set()
        self._held: dict[int, Item] = {}
        self._new: dict[int, None] = {}
        self._read: dict[EntryId, Said] = {}

    def fold(self, event: Event) -> tuple[Event, int | None]:
        """The event, rejected now if its instrument refuses it, and the position at which its item began."""
        if event.verdict != "line":
            if event.verdict in NOT_READ:
                self._closed.add(event.record.at.position)
            return event, None
        try:
            return event, self._line(event)
        except _NotPassedOn:
            return Event(event.record, "closed"), None
        except Malformed as problem:
            blameless = BY_KIND[event.kind].aside and problem.code in NO_FAULT
            who = None if blameless else event.sender  # nor is it kept who floats what was sealed again
            return event._replace(verdict="rejected", error=problem, sender=who), None

    def write(self) -> None:
        """Write what began and what changed."""
        self._items.write(
            [self._held[i] for i in self._new], [item for i, item in self._held.items() if i not in self._new]
        )
        self._taking.write()

    def _line(self, event: Event) -> int:
        instrument, at = BY_KIND[event.kind], event.record.at
        assert event.sender is not None  # noqa: S101 - a line has one
        assert event.state is not None  # noqa: S101
        kind, opens = instrument.kinds[event.kind], event.kind == instrument.opens
        envelope = decode(event.body, Aside) if kind.aside else None
        act: Any = decode(event.body if envelope is None else envelope.act, kind.body)
        began = at.position if opens else self._find(act.item)
        held = None if opens or began is None else self._hold(began)
        if held is None and not opens and event.state.member(self._reading.me).succeeds is not None:
            raise _NotPassedOn
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
        named = instrument.links(held.value if held else None, act)
        linked = self._linked(named) if named is not None else None
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
            linked.value if linked is not None else None,
            read.key is not None and not (held is not None and self._reading.past(instrument.until(held.value))),
            (event.record.body or b"") if event.key else b"",
            event.key,
            envelope.sealed if envelope is not None and kind.bare else b"",
        )
        doubtful = self._passed_on(held) or self._passed_on(linked)
        value = self._folded(instrument, held, spoken, doubtful=doubtful)
        if instrument.aside:
            self._keep(instrument, value, event, began, read, of)
            self._read[event.record.id] = Said(at.position, event.sender, began, event.kind)
        self._held[began] = Item(instrument, value)
        if opens:
            self._new[began] = None
        if kind.piece:
            self._taking.keep(began, event.state.member(event.sender).party, act)
        if kind.brings and event.sender != self._reading.me:
            for item in self._taking.take(value, act, event.state, self._closed, self._named):
                if self._hold(item.position) is None:
                    self._new[item.position] = None
                self._held[item.position] = item
        return began

    def _folded(self, instrument: Instrument, held: Item | None, spoken: Spoken, *, doubtful: bool) -> Any:
        """The item after an entry. What a fold makes of an item that was passed on may be anything, or nothing."""
        try:
            value = instrument.fold(held.value if held else None, spoken)
        except Malformed:
            raise
        except Exception as problem:
            if not doubtful:
                raise
            raise Rejected("passed", "What was passed on of this matter cannot be; ask for it again.") from problem
        if doubtful:
            sound(instrument, value, spoken.state, spoken.at.position + 1, self._named)
        return value

    def _passed_on(self, item: Item | None) -> bool:
        return item is not None and self._items.passed_on(item.position) is not None

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

    def _linked(self, entry: EntryId) -> Item | None:
        position = self._find(entry)
        return self._hold(position) if position is not None else None

    def _named(self, entry: EntryId) -> Any:
        held = self._linked(entry)
        return held.value if held is not None else None
