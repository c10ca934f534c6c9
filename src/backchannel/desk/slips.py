"""Slips that must not be dropped: about what is over, or about what some of the round do not read (hat.md, 4.3)."""

from __future__ import annotations

from backchannel.desk.session import Session
from backchannel.entry.ids import ZERO32, EntryId
from backchannel.instruments.base import remaining, whole
from backchannel.instruments.hat import mix, rounds, rules
from backchannel.instruments.hat.values import Idea, Reaction
from backchannel.instruments.nonpaper.values import Nonpaper, over


def clear(session: Session) -> bool:
    """Destroy those, in the tray and in running rounds; whether there were any. Inside a turn and a transaction."""
    asides, items = session.book.asides, session.book.items
    laid = [n for n, slip in asides.tray("hat") if _idle(session, slip)]
    for n in laid:
        asides.lift(n)
    pockets = [
        (item.position, items.pocket(item.position)) for item in items.pocketed() if item.instrument.name == "hat"
    ]
    riding = [(place, pocket) for place, pocket in pockets if _idle(session, rounds.slip_of(pocket))]
    for place, pocket in riding:
        items.set_pocket(place, rounds.without_slip(pocket))
    return bool(laid or riding)


def _idle(session: Session, slip: bytes) -> bool:
    said = mix.read(slip)
    if isinstance(said, Reaction):
        item = _paper(session, said.item)
        if item is None or over(item, session.now()):
            return True
        return remaining(item.audience, session.state) != rules.speakers(session.state)
    if isinstance(said, Idea) and said.counters != ZERO32:
        item = _paper(session, said.counters)
        return item is None or not whole(item.audience, session.state)
    return False


def _paper(session: Session, entry: EntryId) -> Nonpaper | None:
    held = session.book.items.at(session.history.find(entry))
    return held.value if held is not None and isinstance(held.value, Nonpaper) else None
