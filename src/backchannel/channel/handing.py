"""A seat passes on, or is frozen: HANDOVER, FREEZE (spec/handover.md, 1)."""

from __future__ import annotations

from msgspec.structs import replace

from backchannel.channel import acts
from backchannel.channel.assent import staying
from backchannel.channel.change import check_offer, proposed, settled
from backchannel.channel.seating import check_names
from backchannel.channel.state import At, Invitation, Seat, State
from backchannel.entry import text
from backchannel.errors import Rejected
from backchannel.seal import roster


def hand_over(state: State, act: roster.Act, body: acts.Handover, at: At) -> State:
    """The place of a seat is offered to a successor (1.1)."""
    author, seat = state.member(act.seat), state.seat(body.seat)
    if seat is None or seat.standing == "guest":
        raise Rejected("seat", "There is no such seat to hand over.")
    if any(s.succeeds == seat.id for s in state.present) or any(i.replaces == seat.id for i in state.invitations):
        raise Rejected("repeat", "This seat has a successor, or one is on the way.")
    own = author.id == seat.id
    if not own and author not in may_offer(state, seat):
        raise Rejected(
            "rule", "Its holder hands a seat over; if it is gone, its party; if nobody of it is left, any seat."
        )
    check_names(state, body.name, seat.party, seat.role, replaces=seat.id)
    check_offer(state, body, at)
    proposal = proposed(state, act, body, at, "granted" if own else "open")
    offer = Invitation(proposal, body.invite, body.name, seat.party, seat.role, body.expires, None, seat.id)
    return replace(state, invitations=(*state.invitations, settled(state, offer)))


def may_offer(state: State, seat: Seat) -> tuple[Seat, ...]:
    """Who, other than its holder, may propose a successor for a seat (1.1)."""
    others = [s for s in state.active if s.speaks and s.id != seat.id]
    own = [s for s in others if s.party == seat.party]
    principals = [s for s in own if s.role == "principal"]
    return tuple(principals or own or others)


def freeze(state: State, act: roster.Act, body: acts.Freeze, at: At) -> State:
    """At once nothing more is sealed to a seat, and a new roster without it is due (1.3)."""
    text.prose(body.reason, "reason", 500)
    author, seat = state.member(act.seat), state.seat(body.seat)
    if seat is None or seat.standing != "active" or seat.id == author.id or seat.party != author.party:
        raise Rejected("seat", "A seat is frozen by another seat of its own party, while it is in the channel.")
    if len(staying(state, without=seat.id)) < 2:
        raise Rejected("last", "A channel keeps at least two seats.")
    held = replace(state.with_seat(replace(seat, standing="gone")), frozen=(*state.frozen, seat.id))
    removals = tuple(r for r in held.removals if r.seat != seat.id)  # it is gone: nobody need agree any more
    return replace(held, removals=removals)
