"""A dossier on its way to a successor: what a giver's desk owes of it, without asking (spec/handover.md, 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from backchannel.channel import acts
from backchannel.channel.state import State
from backchannel.desk.book.intent import Act, Intent, Say
from backchannel.desk.book.items import Item
from backchannel.desk.book.outbox import about
from backchannel.desk.session import Session
from backchannel.entry.codec import Value, decode, encode
from backchannel.entry.ids import Count
from backchannel.instruments.base import Instrument
from backchannel.instruments.handover import MOST, End, Evidence, Handover, Part, Passed, Thing, Token, packed

AT_ONCE = 8
"""Parts in the outbox at a time."""

_BATCH = 500


class Plan(Value, frozen=True):
    """How far this round has come: items touched from `since` up to `seen`, those behind `after` still to be sent.

    `skip`: of the first of these, so many things were sent.
    """

    since: Count
    after: Count
    skip: Count
    seen: Count
    done: bool


def owed(session: Session, waiting: Sequence[Intent]) -> list[Intent]:
    """What this desk has to say of the dossiers that it gives. Inside a turn and a transaction."""
    out: list[Intent] = []
    for held in session.book.items.of("handover"):
        item: Handover = held.value
        busy = any(about(intent) == item.id for intent in waiting)
        if item.by == session.book.me and session.state.keys(item.to) is not None and not busy:
            out += _next(session, item, waiting)
    return out


def _next(session: Session, item: Handover, waiting: Sequence[Intent]) -> list[Intent]:
    items, place = session.book.items, item.at.position
    kept = items.pocket(place)
    plan = decode(kept, Plan) if kept else None
    if item.ended is not None and item.state != "begun":
        if not _again(session, item):
            return _leave(session, item, waiting)
        plan = None if plan is None or plan.done else plan
    if plan is None:
        since = 0 if item.ended is None else item.seen
        plan = Plan(since, 0, 0, session.history.size, False)
    elif plan.done:
        return []  # its END is on its way
    says, after, skip = _parts(session, item, plan)
    done = len(says) < AT_ONCE
    if done:
        says.append(_say(item, "handover.end", End(item.id, item.parts + len(says), plan.seen)))
    items.set_pocket(place, encode(Plan(plan.since, after, skip, plan.seen, done)))
    return says


def _again(session: Session, item: Handover) -> bool:
    """Whether an entry came between what was read and END, about something of the dossier (4.4)."""
    assert item.ended is not None  # noqa: S101 - it has an END
    touched = session.book.entries.touched(item.seen, item.ended.position)
    held = (session.book.items.at(position) for position in touched)
    return any(one is not None and _goes(session, item, one) for one in held)


def _leave(session: Session, item: Handover, waiting: Sequence[Intent]) -> list[Intent]:
    """The holder goes, when the successor has all and the relay has erased its parts (4.5)."""
    me = session.book.me
    if item.state != "taken" or item.seat != me or session.book.entries.tokens(item.at.position):
        return []
    if any(isinstance(one, Act) and isinstance(acts.parse(one.body), acts.Remove) for one in waiting):
        return []
    if any(one.seat == me and one.proposal.by == me for one in session.state.removals):
        return []
    return [Act(encode(acts.Remove(me, "This seat was handed over.")))]


def _goes(session: Session, item: Handover, held: Item) -> bool:
    """Whether an item is of the dossier: it passes, the charter lets it, and the successor is in its audience now."""
    return lets(session.state, held.instrument) and item.to in session.state.current(held.value.audience)


def lets(state: State, instrument: Instrument) -> bool:
    """Whether items of an instrument are of a dossier, under the charter (4.2)."""
    record = state.charter is not None and state.charter.terms.dossier == "record"
    return instrument.passes and not (record and instrument.name == "note")


def progress(session: Session, item: Handover) -> tuple[int, int]:
    """How far the giver's desk has gone through the log, and how far it goes in this round."""
    kept = session.book.items.pocket(item.at.position)
    plan = decode(kept, Plan) if kept and item.by == session.book.me else None
    if plan is None:
        return 0, 0
    return (plan.seen if plan.done else plan.after), plan.seen


def _parts(session: Session, item: Handover, plan: Plan) -> tuple[list[Intent], int, int]:
    """The next parts, at most `AT_ONCE` or one value more; behind which position, and things, the rest begins."""
    said: list[Intent] = []
    box: list[Thing] = []
    size, after, sent = 0, plan.after, plan.skip
    for held in _items(session, plan):
        for thing, weight in islice(_things(session, item, held), sent, None):
            if size + weight > MOST and box:
                said.append(_part(item, len(said), box))
                split = isinstance(box[-1], Passed) and box[-1].more  # a value is sent as it is now, to its end
                box, size = [], 0
                if len(said) >= AT_ONCE and not split:
                    return said, after, sent
            box.append(thing)
            size += weight
            sent += 1
        after, sent = held.position, 0
    if box:
        said.append(_part(item, len(said), box))
    return said, after, 0


def _items(session: Session, plan: Plan) -> Iterator[Item]:
    wanted = set(session.book.entries.touched(plan.since, plan.seen)) if plan.since else None
    after = plan.after
    while batch := session.book.items.passing(after, _BATCH):
        for held in batch:
            if wanted is None or held.position in wanted:
                yield held
        after = batch[-1].position


def _things(session: Session, item: Handover, held: Item) -> Iterator[tuple[Thing, int]]:
    if not _goes(session, item, held):
        return
    raw = encode(held.value)
    for start in range(0, len(raw), MOST // 2):
        piece = raw[start : start + MOST // 2]
        yield Passed(held.instrument.name, piece, start + len(piece) < len(raw)), len(piece) + 64
    for position, token in session.book.entries.tokens(held.position):
        yield Token(held.position, position, token), 96
    for one in session.book.pieces.of(held.position):
        data = session.book.pieces.data(held.position, one)
        yield Evidence(held.position, one.party, one.file, one.n, data), len(data) + 128


def _part(item: Handover, n: int, box: Sequence[Thing]) -> Say:
    return _say(item, "handover.part", Part(item.id, item.parts + n, packed(box)))


def _say(item: Handover, kind: str, body: Value) -> Say:
    return Say(kind, encode(body), "talk", item.audience)
