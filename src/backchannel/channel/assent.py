"""Who still has to say yes, and what follows once all have (spec/channel.md, 6)."""

from __future__ import annotations

from backchannel.channel.state import Invitation, Removal, Seat, State
from backchannel.entry.ids import SeatId


def missing(state: State, change: Invitation | Removal) -> frozenset[str]:
    """The parties whose assent an invitation, handover or removal still needs.

    A party assents through any of its active seats but the one in question; proposing is assenting.
    """
    gone = change.seat if isinstance(change, Removal) else change.replaces
    given = {s.party for s in state.active if s.id in change.proposal.assents and s.id != gone}
    return state.parties(without=gone) - given


def unsigned(state: State) -> tuple[Seat, ...]:
    """The seats whose signature the charter still awaits; all of them while there is none."""
    return tuple(s for s in state.present if not s.signed)


def staying(state: State, *, without: SeatId | None = None) -> frozenset[SeatId]:
    """The seats that remain once every removal that is complete, and that of `without`, is done (6.4)."""
    return frozenset(s.id for s in state.active if s.id != without) - leaving(state)


def enough(state: State, *, without: SeatId) -> bool:
    """Whether a channel would remain if the others removed `without`: two seats, and not one party by itself (6.4)."""
    left = staying(state, without=without)
    parties = {s.party for s in state.active if s.id in left}
    return len(left) >= 2 and len(parties) >= min(2, len(state.parties()))


def leaving(state: State) -> frozenset[SeatId]:
    """Seats whose removal is complete."""
    return frozenset(r.seat for r in state.removals if r.proposal.stage == "granted")


def entering(state: State) -> frozenset[SeatId]:
    """Guests who have signed the charter."""
    return frozenset(s.id for s in state.seats if s.standing == "guest" and s.signed)


def replaced(state: State) -> frozenset[SeatId]:
    """Seats that go when their successors come in: they have not offered their places themselves (handover.md, 1.2)."""
    coming = entering(state)
    return frozenset(
        i.replaces for i in state.invitations if i.replaces and i.seat in coming and i.proposal.by != i.replaces
    )


def next_seats(state: State) -> tuple[SeatId, ...] | None:
    """The seats of the epoch that is due, sorted; None if none is due (6.3)."""
    if state.stage == "signed":
        return tuple(sorted(s.id for s in state.present))
    if state.stage != "open":
        return None
    entering_, leaving_ = entering(state), leaving(state)
    if not entering_ and not leaving_ and not state.frozen:
        return None
    return tuple(sorted(({s.id for s in state.active} | entering_) - leaving_ - replaced(state)))
