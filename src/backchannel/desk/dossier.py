"""A dossier on its way to a successor: what a giver's desk owes of it, without asking (spec/handover.md, 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from backchannel.channel import acts
from backchannel.channel.assent import staying
from backchannel.channel.state import State
from backchannel.desk.book.intent import Act, Intent, Say
from backchannel.desk.book.items import Item
from backchannel.desk.book.outbox import Waiting, about
from backchannel.desk.session import Session
from backchannel.entry.codec import Value, decode, encode
from backchannel.entry.ids import Count
from backchannel.instruments.base import Instrument, passing
from backchannel.instruments.handover import HANDOVER, MOST, End, Evidence, Handover, Part, Passed, Thing, Token, packed

AT_ONCE = 8
"""Parts in the outbox at a time."""
_PARTS = ("handover.part", "handover.end")

_BATCH = 500


class Plan(Value, frozen=True):
    """How far this round has come: items touched from `since` up to `seen`, those behind `after` still to be sent.

    `skip`: of the first of these, so many things were sent. `parts`: how many the log has once it has all that was
    said; `done`: END was said, too. `marks`: `after` and `skip` for each part said last, should it have to go again.
    """

    since: Count
    after: Count
    skip: Count
    seen: Count
    parts: Count
    done: bool
    marks: tuple[tuple[Count, Count], ...] = ()


def owed(session: Session, waiting: Sequence[Intent]) -> list[Intent]:
    """What this desk has to say of the dossiers that it gives. Inside a turn and a transaction."""
    out: list[Intent] = []
    for held in session.book.items.of("handover"):
        item: Handover = held.value
        if item.by == session.book.me and session.state.keys(item.to) is not None and not _busy(session, item):
            out += _next(session, item, waiting)
    return out


def drop(session: Session) -> bool:
    """Take back parts that have not left: what they hold may be over by now, and is in no other row; whether any were.

    The round goes on from them. Inside a turn and a transaction.
    """
    rows = [*session.book.outbox.waiting(*_PARTS), *session.book.outbox.returned(*_PARTS)]
    late = [row.n for row in rows if row.stage != "posted"]
    session.book.outbox.done(late)
    if late:
        session.book.end_sending()  # its chains have moved on with what was sealed
    return bool(late)


def _busy(session: Session, item: Handover) -> bool:
    """Whether something of it is on its way, or has come back and its person has not let go of it yet."""
    outbox = session.book.outbox
    waiting = [row for row in outbox.waiting() if about(row.intent) == item.id]
    if waiting and _obsolete(waiting[0], item):
        outbox.recall(HANDOVER, item.id, sealed=False)
        waiting = [row for row in waiting if row.stage == "posted"]
    return bool(waiting) or any(about(row.intent) == item.id for row in outbox.returned())


def _obsolete(first: Waiting, item: Handover) -> bool:
    """Whether the log has this already: this desk came from a backup, and had posted it before."""
    assert isinstance(first.intent, Say)  # noqa: S101 - it is about an item
    body = decode(first.intent.body, HANDOVER.kinds[first.intent.kind].body)
    return isinstance(body, Part) and body.n < item.parts


def _next(session: Session, item: Handover, waiting: Sequence[Intent]) -> list[Intent]:
    plan = _plan(session, item)
    if item.ended is not None and item.state != "begun":
        if not _again(session, item):
            return _leave(session, item, waiting)
        plan = None
    if plan is not None and plan.parts != item.parts:  # some of it was taken back, or lost
        plan = _from(plan, item.parts)
    if plan is None:  # the first round, or another
        since = item.seen if item.ended is not None else 0
        plan = Plan(since, 0, 0, session.history.size, item.parts, False)
    says: list[Intent] = []
    after, skip, ends, marks = plan.after, plan.skip, plan.done, plan.marks
    if not ends:
        says, after, skip, marks = _parts(session, item, plan)
        ends = len(says) < AT_ONCE
    parts = item.parts + len(says)
    if ends:
        says.append(_say(item, "handover.end", End(item.id, parts, plan.seen)))
    plan = Plan(plan.since, after, skip, plan.seen, parts, ends, marks)
    session.book.items.set_pocket(item.at.position, encode(plan))
    return says


def _from(plan: Plan, parts: int) -> Plan | None:
    """The round as it was before those of its last parts that the log does not have; None if they were more."""
    here = parts - (plan.parts - len(plan.marks))
    if not 0 <= here < len(plan.marks):
        return None
    after, skip = plan.marks[here]
    return Plan(plan.since, after, skip, plan.seen, parts, False)


def _plan(session: Session, item: Handover) -> Plan | None:
    kept = session.book.items.pocket(item.at.position)
    return decode(kept, Plan) if kept else None


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
    if me not in staying(session.state) or len(staying(session.state, without=me)) < 2:
        return []
    return [Act(encode(acts.Remove(me, "This seat was handed over.")))]


def _goes(session: Session, item: Handover, held: Item) -> bool:
    """Whether an item is of the dossier: it passes, the charter lets it, and the successor is in its audience now."""
    audience = held.value.audience
    whole = lets(session.state, held.instrument) and not getattr(held.value, "gone", False)
    return whole and item.to not in audience and item.to in session.state.current(audience)


def lets(state: State, instrument: Instrument) -> bool:
    """Whether items of an instrument are of a dossier, under the charter (4.2)."""
    return passing(instrument, state)


def progress(session: Session, item: Handover) -> tuple[int, int]:
    """How far the giver's desk has gone through the log, and how far it goes in this round."""
    plan = _plan(session, item) if item.by == session.book.me else None
    if plan is None:
        return 0, 0
    return (plan.seen if plan.done else plan.after), plan.seen


def _parts(session: Session, item: Handover, plan: Plan) -> tuple[list[Intent], int, int, tuple[tuple[int, int], ...]]:
    """The next parts, at most `AT_ONCE` or one value more; behind which position, and things, the rest begins; marks.

    Of a part that goes on with a value, the mark is where that value, or a part before it, begins.
    """
    said: list[Intent] = []
    box: list[Thing] = []
    marks: list[tuple[int, int]] = []
    size, after, sent = 0, plan.after, plan.skip
    for held in _items(session, plan):
        for thing, weight in islice(_things(session, item, held), sent, None):
            if size + weight > MOST and box:
                said.append(_part(item, len(said), box))
                split = isinstance(box[-1], Passed) and box[-1].more  # a value is sent as it is now, to its end
                box, size = [], 0
                if len(said) >= AT_ONCE and not split:
                    return said, after, sent, tuple(marks)
            if not box:
                goes_on = isinstance(thing, Passed) and thing.start
                marks.append(marks[-1] if marks and goes_on else (after, sent))
            box.append(thing)
            size += weight
            sent += 1
        after, sent = held.position, 0
    if box:
        said.append(_part(item, len(said), box))
    return said, after, 0, tuple(marks)


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
        yield Passed(held.instrument.name, piece, start + len(piece) < len(raw), start), len(piece) + 80
    for position, token in session.book.entries.tokens(held.position):
        yield Token(held.position, position, token), 96
    for one in session.book.pieces.of(held.position):
        data = session.book.pieces.data(held.position, one)
        yield Evidence(held.position, one.party, one.file, one.n, data), len(data) + 128


def _part(item: Handover, n: int, box: Sequence[Thing]) -> Say:
    return _say(item, "handover.part", Part(item.id, item.parts + n, packed(box)))


def _say(item: Handover, kind: str, body: Value) -> Say:
    return Say(kind, encode(body), "talk", item.audience)
