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
    own = author.id == seat.id
    free, busy = _offers(state, seat, own=own)
    if any(s.succeeds == seat.id for s in state.present) or busy:
        raise Rejected("repeat", "This seat has a successor, or one is on the way.")
    if not own and author not in may_offer(state, seat):
        raise Rejected(
            "rule", "Its holder hands a seat over, or its party; any seat does when the holder and its party have gone."
        )
    state = replace(state, invitations=free)
    check_names(state, body.name, seat.party, seat.role, replaces=seat.id)
    check_offer(state, body, at)
    proposal = proposed(state, act, body, at, "granted" if own else "open")
    offer = Invitation(proposal, body.invite, body.name, seat.party, seat.role, body.expires, None, seat.id)
    return replace(state, invitations=(*state.invitations, settled(state, offer)))


def _offers(state: State, seat: Seat, *, own: bool) -> tuple[tuple[Invitation, ...], bool]:
    """The invitations that stay, and whether one of them is to the place of this seat.

    The holder's own offer takes the place of a proposal of others. Whoever has taken one is a guest, or gone again.
    """
    to = [i for i in state.invitations if i.replaces == seat.id and i.proposal.stage != "done"]
    open_ = [i for i in to if i.proposal.stage == "open" and own]
    return tuple(i for i in state.invitations if i not in open_), len(to) > len(open_)


def may_offer(state: State, seat: Seat) -> tuple[Seat, ...]:
    """Who, other than its holder, may propose a successor for a seat (1.1)."""
    others = [s for s in state.active if s.speaks and s.id != seat.id]
    own = [s for s in others if s.party == seat.party]
    principals = [s for s in own if s.role == "principal"]
    # Or of two parties one would put another in the place of the other's only seat (channel.md, 6.4).
    anybody = others if seat.standing == "gone" else []
    return tuple(principals or own or anybody)


def freeze(state: State, act: roster.Act, body: acts.Freeze, at: At) -> State:
    """At once nothing more is sealed to a seat, and a new roster without it is due (1.3)."""
    text.prose(body.reason, "reason", 500)
    author, seat = state.member(act.seat), state.seat(body.seat)
    if seat is None or seat.standing != "active" or seat.id == author.id or seat.party != author.party:
        raise Rejected("seat", "A seat is frozen by another seat of its own party, while it is in the channel.")
    if len(staying(state, without=seat.id)) < 2:
        raise Rejected("last", "A channel keeps at least two seats.")
    # Whoever has its device may have offered its place, or another, to a device of his own.
    fallen = [i for i in state.invitations if i.proposal.by == seat.id]
    gone = {seat.id} | {i.seat for i in fallen}
    return replace(
        state,
        seats=tuple(s.out() if s.id in gone else s for s in state.seats),
        invitations=tuple(i for i in state.invitations if i not in fallen),
        removals=tuple(r for r in state.removals if seat.id not in (r.seat, r.proposal.by)),
        frozen=(*state.frozen, seat.id),
    )
