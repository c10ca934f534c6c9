"""Intake: a range from the relay is verified, opened, folded and written, all of it or nothing (spec/ledger.md, 7)."""

from __future__ import annotations

from msgspec.structs import replace

from backchannel.channel.engine import Event, Record
from backchannel.desk.book.folding import Folding
from backchannel.desk.book.passing import Taking
from backchannel.desk.book.reading import Reading
from backchannel.desk.session import Session
from backchannel.desk.settle import settle
from backchannel.entry.codec import decode, encode
from backchannel.errors import RelayFault
from backchannel.instruments import BY_KIND
from backchannel.ledger.history import Verified
from backchannel.ledger.leaf import arrival_unit
from backchannel.ledger.wire import Range

ALARMS = frozenset({"fork"})
"""Reasons of rejection that every later look at the channel must show."""

BULK = {"step.piece": "data", "handover.part": "things"}
"""Kinds of entry, and the field that is nothing but bytes for the vault."""


def take(session: Session, answer: Range, asked: float) -> list[Event]:
    """Take a range that was asked for at unix time `asked`; what its entries turned out to be.

    A range that begins before the log's present end was taken by somebody else meanwhile: nothing is done. Raises
    `RelayFault`, remembered as an alarm, when the relay's answer cannot be true.
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
        before = _Before(session)
        session.history.commit(verified)
        presumed = session.engine.presume([Record.of(seen) for seen in verified.records])
        try:
            with session.vault.transaction():
                events = before.write(verified, presumed.events, answer.head, now)
                if not presumed.hold():  # the signatures were verified meanwhile; nothing is kept before they are
                    raise _Forged
        except _Forged:
            with session.vault.transaction():
                events = before.write(verified, presumed.again(), answer.head, now)
        return events


class _Forged(Exception):
    """A signature among the new entries does not hold."""


class _Before:
    """The session as it was before a range, so that what changed can be written."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._state, self._lines = session.state, session.engine.lines.places.copy()

    def write(self, verified: Verified, events: list[Event], head: int, now: float) -> list[Event]:
        """Fold the lines and write everything that a range brought. Inside a transaction."""
        session, engine, book = self._session, self._session.engine, self._session.book
        taking = Taking(book.items, book.entries, book.pieces, session.history, engine.wallet.me)
        folding = Folding(book.items, _reading(session, now), session.history.find, taking)
        folded = [folding.fold(event) for event in events]
        book.write(verified, folded, head)
        folding.write()
        if engine.state is not self._state:
            book.write_state(engine.state)
        book.write_lines(self._lines, engine.lines.places)
        for number, secrets in engine.gained.items():
            book.keep_epoch(number, secrets.secret, secrets.credential, secrets.control)
        for event, _ in folded:
            if event.error is not None and event.error.code in ALARMS:
                book.alarm(event.error.code, event.error.what, now)
        for why in dict.fromkeys(taking.refused):
            book.alarm("passed", why, now)
        self._spend_once()
        judged = [event for event, _ in folded]
        settle(session, judged, rotated=engine.state.epoch != self._state.epoch)
        return [_light(event) for event in judged]

    def _spend_once(self) -> None:
        """After a new roster something may have been sealed to this seat's one-time key and lost (sealing.md, 12.5)."""
        now, me = self._session.engine.state, self._session.engine.wallet.me
        seat = now.seat(me)
        if now.epoch > max(1, self._state.epoch) and seat is not None and seat.once is not None:
            self._session.book.asides.mark_used(seat.once.xwing)


def _light(event: Event) -> Event:
    """What came, without the sealed bytes, or a file's: a long sync tells of all of it together, and would hold it."""
    bulk, body = BULK.get(event.kind) if event.verdict == "line" else None, event.body
    if bulk is not None:
        body = encode(replace(decode(body, BY_KIND[event.kind].kinds[event.kind].body), **{bulk: b""}))
    return event._replace(record=event.record._replace(body=None), body=body)


def _reading(session: Session, now: float) -> Reading:
    return Reading(session.book.asides, session.book.id, session.engine.wallet.me, arrival_unit(now))
