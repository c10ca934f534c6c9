"""Intake: a range from the relay is verified, opened, folded and written, all of it or nothing (spec/ledger.md, 7)."""

from __future__ import annotations

from backchannel.channel.engine import Event, Record
from backchannel.channel.state import At
from backchannel.desk.items import Folding
from backchannel.desk.session import Session
from backchannel.desk.settle import settle
from backchannel.errors import RelayFault
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
            folded = _fold(session, events)
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


def _fold(session: Session, events: list[Event]) -> list[tuple[Event, int | None]]:
    """Each event with the position at which its item began, if it is about one; the items are written."""
    folding = Folding(session.book.items, session.history.find)
    folded = [folding.fold(event) for event in events]
    folding.write()
    return folded
