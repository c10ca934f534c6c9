"""What there is, as plain facts: dicts, lists, strings, numbers. JSON is made of them, and so is every page."""

from __future__ import annotations

from collections.abc import Iterable

from backchannel.channel.assent import missing, unsigned
from backchannel.channel.state import Invitation, Removal, Seat, State
from backchannel.desk.channel import Channel
from backchannel.desk.hats import waiting as slips_ready
from backchannel.desk.naming import called
from backchannel.entry.ids import SeatId
from backchannel.facts import Facts
from backchannel.facts.saying import stamp

UNIT = 300
"""Seconds of an arrival unit (spec/ledger.md, 2)."""

UNTOLD = "somebody"


def at(arrival: int) -> str:
    """An arrival unit as a time."""
    return stamp(arrival * UNIT)


def name(state: State, seat: SeatId | None) -> str:
    """A seat's name, present or gone."""
    found = state.seat(seat) if seat is not None else None
    return called(state, found) if found is not None else UNTOLD


def names(state: State, seats: Iterable[SeatId]) -> list[str]:
    """Names of seats, in the order in which they came."""
    return [name(state, seat) for seat in sorted(seats, key=lambda seat: place(state, seat))]


def place(state: State, seat: SeatId) -> int:
    """Where a seat stands in the roster: ids are in no order that a person would know."""
    return next((k for k, one in enumerate(state.seats) if one.id == seat), len(state.seats))


def line(channel: Channel) -> Facts:
    """A channel in one line."""
    state, outbox = channel.state, channel.session.book.outbox
    me = state.seat(channel.me)
    return {
        "title": state.title,
        "id": channel.id.hex(),
        "relay": channel.session.book.cover().relay,
        "stage": state.stage,
        "me": called(state, me) if me is not None else None,
        "standing": me.standing if me is not None else "joining",
        "seat_count": len(state.present),
        "entries": channel.size,
        "waiting": len(outbox.waiting()),
        "returned": len(outbox.returned()),
        "slips": slips_ready(channel),
        "alarms": alarms(channel),
    }


def left(channel: Channel) -> bool:
    """Whether this desk's seat is no longer in the channel."""
    me = channel.state.seat(channel.me)
    return me is not None and me.standing == "gone"


def last(channel: Channel) -> str | None:
    """When the newest entry came."""
    with channel.session.turn():
        size = channel.session.history.size
        return at(channel.session.history.leaf(size - 1).arrival) if size else None


def seat(channel: Channel, one: Seat) -> Facts:
    """A seat, and whether its words were compared."""
    return {
        "id": one.id.hex(),
        "name": called(channel.state, one),
        "in_place_of": in_place_of(channel.state, one),
        "party": one.party,
        "role": one.role,
        "standing": one.standing,
        "signed": one.signed,
        "verified": one.id in channel.session.book.verified(),
        "me": one.id == channel.me,
        "founder": one.id == channel.state.founder,
    }


def uncompared(channel: Channel) -> list[str]:
    """The seats whose words its person has not compared yet: until then each may be somebody else."""
    known = {channel.me, *channel.session.book.verified()}
    here = () if left(channel) else channel.state.present
    return [called(channel.state, one) for one in here if one.id not in known]


def in_place_of(state: State, one: Seat) -> str | None:
    """Whose place a seat has taken."""
    return name(state, one.succeeds) if one.succeeds is not None else None


def charter(channel: Channel) -> Facts | None:
    """The terms, who has signed and who has not."""
    state = channel.state
    if state.charter is None:
        return None
    terms = state.charter.terms
    here, waits = ((), ()) if left(channel) else (state.present, unsigned(state))
    return {
        "terms": {field: getattr(terms, field) for field in terms.__struct_fields__},
        "seats": [
            {"name": called(state, one), "party": one.party, "role": one.role, "signed": one.signed}
            for one in here
            if one.id in state.charter.seats or one.standing == "guest" or one.signed
        ],
        "awaits": [called(state, one) for one in waits],
        "in_force": state.stage in ("signed", "open"),
    }


def change(state: State, one: Invitation | Removal) -> Facts:
    """An invitation or a removal that is under way, and whose assent it lacks."""
    common = {
        "by": name(state, one.proposal.by),
        "stage": one.proposal.stage,
        "awaits": sorted(missing(state, one)) if one.proposal.stage == "open" else [],
    }
    if isinstance(one, Invitation):
        who = {"change": "invitation", "name": one.name, "party": one.party, "role": one.role}
        place = name(state, one.replaces) if one.replaces is not None else None
        return {**who, "in_place_of": place, "expires": at(one.expires), **common}
    return {"change": "removal", "name": name(state, one.seat), "reason": one.reason, **common}


def changes(state: State) -> list[Invitation | Removal]:
    """All invitations and removals, whatever became of them."""
    return [*state.invitations, *state.removals]


def alarms(channel: Channel) -> list[Facts]:
    """What every later look at the channel must show."""
    return [{"code": code, "what": what, "at": stamp(at)} for code, what, at in channel.session.book.alarms()]
