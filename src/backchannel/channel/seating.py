"""How a seat comes to be, and its receiving keys: FOUND, JOIN, PREKEY (spec/channel.md, 1, 2 and 4)."""

from __future__ import annotations

from msgspec.structs import replace

from backchannel.channel import acts
from backchannel.channel.state import LONGEST_PREKEY, At, Invitation, OnceKey, PostedPrekey, Seat, State
from backchannel.entry import text
from backchannel.entry.ids import SeatId
from backchannel.errors import Rejected
from backchannel.seal import roster
from backchannel.seal.keys import Keys
from backchannel.seal.primitives import check_xwing

_RESERVED = ("open", "granted")


def found(state: State, act: roster.Act, body: acts.Found, at: At) -> State:
    """The channel begins (2)."""
    if at.position != 0:
        raise Rejected("founding", "A channel is founded by its first entry, and once.")
    text.line(body.title, "title")
    text.prose(body.purpose, "purpose", 2_000)
    check_names(state, body.name, body.party, body.role)
    founded = replace(state, stage="founding", title=body.title, purpose=body.purpose, founder=act.seat)
    return _seated(founded, act, body.keys, body.name, body.party, body.role, at)


def join(state: State, act: roster.Act, body: acts.Join, at: At) -> State:
    """An invitation is taken (4)."""
    invitation = next((i for i in state.invitations if i.invite == body.invite), None)
    if invitation is None or invitation.proposal.stage != "granted" or invitation.proposal.epoch != state.epoch:
        raise Rejected("invitation", "This invitation is not known, not granted, used or over.")
    if not roster.join_proof_holds(body.invite, state.channel, body.keys, body.proof):
        raise Rejected("proof", "Whoever joins here does not hold the invitation.")
    if state.seat(act.seat) is not None:  # 4.4: else its old prekeys and turns would count again
        raise Rejected("keys", "Whoever comes back brings new keys.")
    taken = replace(invitation, seat=act.seat, proposal=replace(invitation.proposal, stage="done"))
    joined = replace(state, invitations=tuple(taken if i is invitation else i for i in state.invitations))
    if state.stage == "founding":  # 5.2: a charter that does not name the newcomer is void
        joined = without_charter(joined)
    seated = _seated(joined, act, body.keys, invitation.name, invitation.party, invitation.role, at)
    return seated.with_seat(replace(seated.member(act.seat), succeeds=invitation.replaces))


def prekey(state: State, act: roster.Act, body: acts.Prekey, at: At) -> State:
    """A seat's next receiving key (spec/sealing.md, 2.4)."""
    seat = state.member(act.seat)
    if body.prekey.seq != (seat.prekeys[-1].prekey.seq + 1 if seat.prekeys else 0):
        raise Rejected("prekey", "A seat's receiving key is out of order.")
    if not at.arrival < body.prekey.not_after <= at.arrival + LONGEST_PREKEY:
        raise Rejected("prekey", "A seat's receiving key is over already, or would last too long.")
    body.prekey.check()
    check_xwing(body.once)
    kept = [replace(p, replaced=p.replaced or at) for p in seat.prekeys if not p.passed(at)]
    posted = (*kept, PostedPrekey(body.prekey, at, None))
    return state.with_seat(replace(seat, prekeys=posted, once=_next(seat, body.once, at)))


def once(state: State, act: roster.Act, body: acts.Once, at: At) -> State:
    """A seat's next one-time key (spec/sealing.md, 12.4)."""
    check_xwing(body.once)
    seat = state.member(act.seat)
    return state.with_seat(replace(seat, once=_next(seat, body.once, at)))


def _next(seat: Seat, key: bytes, at: At) -> OnceKey:
    return OnceKey(seat.once.n + 1 if seat.once is not None else 0, key, at)


def without_charter(state: State) -> State:
    """The founding state again, nothing signed."""
    return replace(state, stage="founding", charter=None, seats=tuple(replace(s, signed=False) for s in state.seats))


def check_names(state: State, name: str, party: str, role: str, *, replaces: SeatId | None = None) -> None:
    """`Rejected` or `Malformed` unless such a seat may come in (1), in the place of `replaces`."""
    text.line(name)
    text.line(party, "party")
    if role not in acts.ROLES:
        raise Rejected("role", f"There is no such role here; there are {', '.join(acts.ROLES)}.")
    here: list[Seat | Invitation] = [s for s in state.present if s.id != replaces]
    here += [i for i in state.invitations if i.proposal.stage in _RESERVED]
    if text.folded(name) in {text.folded(other.name) for other in here}:
        raise Rejected("same-name", "Two seats of a channel cannot have the same name.")
    if any(other.party != party and text.folded(other.party) == text.folded(party) for other in here):
        raise Rejected("same-party", "A party of this name is here already and is written otherwise.")


def _seated(state: State, act: roster.Act, keys: Keys, name: str, party: str, role: str, at: At) -> State:
    keys.check()
    return state.with_seat(Seat(act.seat, keys, name, party, role, "guest", False, act.n + 1, (), None, at))
