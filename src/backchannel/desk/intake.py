"""Intake: a range from the relay is verified, opened, folded and written, all of it or nothing (spec/ledger.md, 7)."""

from __future__ import annotations

from backchannel.channel.engine import Event, Record
from backchannel.channel.state import At
from backchannel.desk.book import Item
from backchannel.desk.session import Session
from backchannel.desk.settle import settle
from backchannel.entry.codec import decode
from backchannel.entry.ids import EntryId
from backchannel.errors import Malformed, Rejected, RelayFault
from backchannel.instruments import BY_KIND, Spoken
from backchannel.ledger.wire import Range

ALARMS = frozenset({"fork"})
"""Reasons of rejection that every later look at the channel must show."""


def take(session: Session, answer: Range, asked: float) -> list[Event]:
    """Take a range that was asked for at unix time `asked`; what its entries turned out to be.

    A range that begins before the log's present end was taken by somebody else meanwhile: nothing is done. Raises `RelayFault`,
    remembered as an alarm, when the relay's answer cannot be true.
    """
    with session.turn():
        if answer.start < session.history.size:
            return []
        now = session.clock()
        try:
            verified = session.history.check(answer, now, asked)
        except RelayFault as fault:
            with session.vault.transaction():
                session.book.alarm(fault.code, fault.what, now)
            raise
        engine, book = session.engine, session.book
        state, lines, epoch = engine.state, engine.lines.places.copy(), engine.state.epoch
        session.history.commit(verified)
        records = [
            Record(At(seen.index, seen.leaf.arrival), seen.leaf.id, seen.leaf.erase, seen.body)
            for seen in verified.records
        ]
        events = engine.process(records)
        with session.vault.transaction():
            folded = _Items(session).fold(events)
            book.write(verified, folded, answer.head)
            if engine.state is not state:
                book.write_state(engine.state)
            book.write_lines(lines, engine.lines.places)
            for number, secrets in engine.gained.items():
                book.keep_epoch(number, secrets.secret, secrets.credential, secrets.control)
            for event, _ in folded:
                if event.error is not None and event.error.code in ALARMS:
                    book.alarm(event.error.code, event.error.what, now)
            settle(session, [event for event, _ in folded], rotated=engine.state.epoch != epoch)
        return [event for event, _ in folded]


class _Items:
    """The items that a batch touches, folded in memory and written once."""

    def __init__(self, session: Session) -> None:
        self._book = session.book
        self._held: dict[EntryId, Item] = {}
        self._new: dict[EntryId, None] = {}
        self._changed: dict[EntryId, None] = {}
        self._next = -1

    def fold(self, events: list[Event]) -> list[tuple[Event, EntryId | None]]:
        """Each event, rejected now if its instrument refuses it, with the id of its item."""
        folded = [self._one(event) if event.verdict == "line" else (event, None) for event in events]
        self._book.write_items([self._held[i] for i in self._new], [self._held[i] for i in self._changed])
        return folded

    def _one(self, event: Event) -> tuple[Event, EntryId | None]:
        try:
            return event, self._line(event)
        except Malformed as problem:
            return event._replace(verdict="rejected", error=problem), None

    def _line(self, event: Event) -> EntryId:
        instrument = BY_KIND[event.kind]
        act = decode(event.body, instrument.kinds[event.kind].body)
        assert event.sender is not None and event.state is not None  # noqa: S101 - a line has both
        spoken = Spoken(event.record.at, event.record.id, event.sender, event.audience, event.kind, act, event.state)
        if event.kind == instrument.opens:
            id_, row = event.record.id, self._row()
            self._held[id_] = Item(row, instrument, instrument.fold(None, spoken))
            self._new[id_] = None
            return id_
        id_ = act.item  # type: ignore[attr-defined]
        held = self._held.get(id_) or self._book.item(id_)
        if held is None or held.instrument is not instrument:
            raise Rejected("item", "An entry speaks of something that this seat does not have.")
        self._held[id_] = held._replace(value=instrument.fold(held.value, spoken))
        if id_ not in self._new:
            self._changed[id_] = None
        return id_  # type: ignore[no-any-return]

    def _row(self) -> int:
        self._next = self._next + 1 if self._next >= 0 else self._book.next_row()
        return self._next
