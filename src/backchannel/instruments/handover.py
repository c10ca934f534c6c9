"""Handover: a seat's dossier, sealed to its successor alone (spec/handover.md, 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from msgspec.structs import replace

from backchannel.channel.state import At
from backchannel.entry.codec import Value, decode, encode
from backchannel.entry.ids import Bytes32, Count, EntryId, SeatId
from backchannel.errors import Rejected
from backchannel.instruments.base import NEVER, Due, Instrument, Kind, Me, Owed, Rules, Spoken, step

MOST = 900_000
"""Bytes of things in one part."""


class Passed(Value, frozen=True, tag="item", tag_field="is"):
    """An item of an instrument, encoded, or what of it fits: from byte `start` on; with `more`, the next goes on."""

    instrument: str
    value: bytes
    more: bool
    start: Count = 0


class Token(Value, frozen=True, tag="token", tag_field="is"):
    """What erases the entry at `position`, of the item that began at `item`: the giver wrote it."""

    item: Count
    position: Count
    token: Bytes32


class Evidence(Value, frozen=True, tag="piece", tag_field="is"):
    """A piece of a party's file, of the ladder that began at `item` (spec/step.md, 4)."""

    item: Count
    party: str
    file: Bytes32
    n: Count
    data: bytes


Thing: TypeAlias = Passed | Token | Evidence


class Begin(Value, frozen=True):
    """The dossier of `seat` for `to`, who succeeds it."""

    to: SeatId
    seat: SeatId


class Part(Value, frozen=True):
    """Things, encoded."""

    item: EntryId
    n: Count
    things: bytes


class End(Value, frozen=True):
    """So many parts, and how much of the log their author had read when it began with the last of them."""

    item: EntryId
    parts: Count
    seen: Count


class Taken(Value, frozen=True):
    """All of it is here."""

    item: EntryId


class Handover(Value, frozen=True):
    """A dossier as giver and successor know it. `parts` so far; `seen`, `ended`: of the last END."""

    id: EntryId
    at: At
    by: SeatId
    audience: tuple[SeatId, ...]
    to: SeatId
    seat: SeatId
    state: str
    parts: Count
    seen: Count
    ended: At | None


class Getting(Value, frozen=True):
    """The successor's pocket: what came of an item that is not whole yet, and the END to which it has said TAKEN."""

    rest: bytes = b""
    answered: Count = 0


def getting(pocket: bytes) -> Getting:
    """What the successor's desk keeps of a dossier on its way."""
    return decode(pocket, Getting) if pocket else Getting()


STATES = {
    "begun": "parts of it are on the way",
    "passed": "all of it was sent",
    "taken": "the successor has it",
}

RULES: Rules = {
    ("", "handover.begin", "giver"): ("begun",),
    ("begun", "handover.part", "giver"): ("begun",),
    ("passed", "handover.part", "giver"): ("begun",),
    ("taken", "handover.part", "giver"): ("begun",),
    ("begun", "handover.end", "giver"): ("passed",),
    ("passed", "handover.taken", "successor"): ("taken",),
}


def things(part: Part) -> tuple[Thing, ...]:
    """What a part holds; `Malformed` if it is none."""
    return decode(part.things, tuple[Thing, ...])


def packed(held: Sequence[Thing]) -> bytes:
    """Things as a part holds them."""
    return encode(tuple(held))


def fold(item: Handover | None, spoken: Spoken) -> Handover:
    """The handover after an entry about it."""
    act = spoken.act
    if isinstance(act, Begin):
        return _begun(act, spoken)
    item = spoken.about(item, Handover, passes=False)
    (state,) = step(RULES, item.state, spoken.kind, "giver" if spoken.sender == item.by else "successor")
    if isinstance(act, Part):
        if act.n != item.parts or len(act.things) > MOST + 1_000:
            raise Rejected("part", "A part of a dossier is missing before this one, or it is too long.")
        things(act)
        return replace(item, state=state, parts=item.parts + 1)
    if isinstance(act, End):
        if act.parts != item.parts or act.seen > spoken.at.position:
            raise Rejected("parts", "A dossier ends with other parts than were sent.")
        return replace(item, state=state, seen=act.seen, ended=spoken.at)
    return replace(item, state=state)


def _begun(act: Begin, spoken: Spoken) -> Handover:
    state, giver = spoken.state, spoken.state.member(spoken.sender)
    to, seat = state.seat(act.to), state.seat(act.seat)
    if to is None or seat is None or to.standing != "active" or to.succeeds != seat.id or giver.party != seat.party:
        raise Rejected("to", "A dossier goes to who succeeds a seat, from that seat or another of its party.")
    step(RULES, "", spoken.kind, "giver" if giver.id != to.id else "successor")
    if spoken.audience != tuple(sorted((giver.id, to.id))):
        raise Rejected("audience", "A dossier is for the successor alone.")
    return Handover(spoken.id, spoken.at, giver.id, spoken.audience, act.to, act.seat, "begun", 0, 0, None)


def begins(items: Sequence[Handover], me: Me) -> Due | None:
    """The holder's desk begins as soon as its successor is there (4.1)."""
    for heir in me.state.active:
        if heir.succeeds == me.seat and not any((one.by, one.to) == (me.seat, heir.id) for one in items):
            return Due("handover.begin", Begin(heir.id, me.seat), tuple(sorted((me.seat, heir.id))))
    return None


def reflex(item: Handover, me: Me) -> Owed:
    """The successor's desk says that all is here, once for each END (4.5); the giver's pocket is the desk's affair.

    Half an item whose giver has gone before it sent the rest is destroyed: it may be a note, whose hour nobody knows.
    """
    if me.seat == item.to and me.state.keys(item.by) is None and getting(me.pocket).rest:
        return Owed((), encode(replace(getting(me.pocket), rest=b"")), wipes=True)
    if me.seat != item.to or item.state != "passed" or item.ended is None:
        return Owed((), me.pocket)
    held = getting(me.pocket)
    if held.answered == item.ended.position or me.state.keys(item.by) is None:
        return Owed((), me.pocket)
    answered = encode(replace(held, answered=item.ended.position))
    return Owed((Due("handover.taken", Taken(item.id), item.audience),), answered)


HANDOVER = Instrument(
    name="handover",
    kinds={
        "handover.begin": Kind(Begin, False),
        "handover.part": Kind(Part, True, brings=True),
        "handover.end": Kind(End, False),
        "handover.taken": Kind(Taken, False),
    },
    opens="handover.begin",
    item=Handover,
    rules=RULES,
    fold=fold,
    text=lambda _: "",
    until=lambda item: NEVER if item.state != "taken" else None,
    lapse=lambda item: item,
    reflex=reflex,
    idle=lambda _: NEVER,
    passes=False,
    begins=begins,
)
