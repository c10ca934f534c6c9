"""The fold of signed acts: a state and the next act of the log give the next state, or a rejection (spec/channel.md).

Every desk runs this over the same log and comes to the same state. Nothing else makes a `State`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from backchannel.channel import acts, charter, rules
from backchannel.channel.assent import missing, next_seats, unsigned
from backchannel.channel.state import (
    LONGEST_INVITATION,
    MOST_SEATS,
    PROPOSAL_LIFE,
    Agreed,
    At,
    Invitation,
    PostedPrekey,
    Proposal,
    Removal,
    Seat,
    State,
)
from backchannel.entry import text
from backchannel.entry.ids import SeatId
from backchannel.errors import Rejected
from backchannel.seal import roster
from backchannel.seal.keys import Keys


def fold(state: State, act: roster.Act, at: At) -> tuple[State, acts.Body]:
    """The state after a signed act at `at`, and the act's body.

    Raises `Malformed` or `Rejected`: wrong signature, out of turn, not allowed to this seat at this stage, or against a rule of
    its own; the state then stays as it was.
    """
    state = expire(state, at)
    body = acts.parse(act.body)
    seat = state.seat(act.seat)
    part = rules.who(state, seat)
    if (state.stage, acts.kind(body), part) not in rules.ALLOWED:
        raise Rejected("rule", f"A {part} cannot do this ({acts.kind(body)}) while {rules.STAGES[state.stage]}.")
    roster.verify_act(_signer(state, act, body, seat), state.channel, state.epoch, act)
    expected = seat.acts if seat is not None else 0
    if act.n != expected:
        raise Rejected("turn", "An act of this seat is missing before this one, or it was posted before.")
    after = _HANDLERS[type(body)](state, act, body, at)
    author = after.seat(act.seat)
    if author is None:  # a joining or founding act always makes its seat
        raise AssertionError("an act left no seat behind")
    return after.with_seat(replace(author, acts=act.n + 1)), body


def expire(state: State, at: At) -> State:
    """The state with proposals and invitations voided that have lapsed by `at` (3.4, 6.2)."""

    def lapse(change: Any) -> Any:
        proposal = change.proposal
        over = proposal.stage == "open" and at.arrival > proposal.at.arrival + PROPOSAL_LIFE
        if isinstance(change, Invitation):
            over = over or (proposal.stage in ("open", "granted") and at.arrival > change.expires)
        return replace(change, proposal=replace(proposal, stage="void")) if over else change

    if state.stage == "empty":
        return state
    return replace(
        state,
        invitations=tuple(lapse(i) for i in state.invitations),
        removals=tuple(lapse(r) for r in state.removals),
    )


def _signer(state: State, act: roster.Act, body: acts.Body, seat: Seat | None) -> Keys:
    """The keys that must have signed: the seat's, or those that it brings (2.1, 4.3)."""
    if isinstance(body, acts.Found | acts.Join):
        if body.keys.seat(state.channel) != act.seat:
            raise Rejected("keys", "A seat brings keys that do not fit its name.")
        return body.keys
    assert seat is not None  # the table lets no stranger do anything but found and join  # noqa: S101
    return seat.keys


def _found(state: State, act: roster.Act, body: acts.Found, at: At) -> State:
    if at.position != 0:
        raise Rejected("founding", "A channel is founded by its first entry, and once.")
    text.line(body.title, "title")
    text.prose(body.purpose, "purpose", 2_000)
    seat = _new_seat(state, act.seat, body.keys, body.name, body.party, body.role, at, signed=False)
    return replace(state.with_seat(seat), stage="founding", title=body.title, purpose=body.purpose, founder=act.seat)


def _prekey(state: State, act: roster.Act, body: acts.Prekey, at: At) -> State:
    seat = _seat(state, act.seat)
    if body.prekey.seq != (seat.prekeys[-1].prekey.seq + 1 if seat.prekeys else 0):
        raise Rejected("prekey", "A seat's receiving key is out of order.")
    kept = [p for p in seat.prekeys if not p.passed(at)]
    if kept and kept[-1].replaced is None:
        kept[-1] = replace(kept[-1], replaced=at)
    return state.with_seat(replace(seat, prekeys=(*kept, PostedPrekey(body.prekey, at, None))))


def _invite(state: State, act: roster.Act, body: acts.Invite, at: At) -> State:
    _names(state, body.name, body.party, body.role)
    if len(state.present) + sum(i.proposal.stage in ("open", "granted") for i in state.invitations) >= MOST_SEATS:
        raise Rejected("full", f"A channel has at most {MOST_SEATS} seats.")
    if not at.arrival < body.expires <= at.arrival + LONGEST_INVITATION:
        raise Rejected("expires", "An invitation ends in the future, within 30 days.")
    if any(i.invite == body.invite for i in state.invitations):
        raise Rejected("repeat", "This invitation was made before.")
    proposal = _proposal(state, act, body, at)
    invitation = Invitation(proposal, body.invite, body.name, body.party, body.role, body.expires, None)
    if state.stage == "founding":
        invitation = replace(invitation, proposal=replace(proposal, stage="granted"))
    else:
        invitation = _settle(state, invitation)
    return replace(state, invitations=(*state.invitations, invitation))


def _join(state: State, act: roster.Act, body: acts.Join, at: At) -> State:
    invitation = next((i for i in state.invitations if i.invite == body.invite), None)
    if invitation is None or invitation.proposal.stage != "granted" or invitation.proposal.epoch != state.epoch:
        raise Rejected("invitation", "This invitation is not known, not granted, used or over.")
    if not roster.join_proof_holds(body.invite, state.channel, body.keys, body.proof):
        raise Rejected("proof", "Whoever joins here does not hold the invitation.")
    seat = _new_seat(
        state, act.seat, body.keys, invitation.name, invitation.party, invitation.role, at, signed=False, own=invitation
    )
    taken = replace(invitation, seat=act.seat, proposal=replace(invitation.proposal, stage="done"))
    joined = replace(
        state.with_seat(seat), invitations=tuple(taken if i is invitation else i for i in state.invitations)
    )
    if (
        state.stage == "founding" and state.charter is not None
    ):  # 5.2: a charter that does not name the newcomer is void
        joined = replace(joined, charter=None, seats=tuple(replace(s, signed=False) for s in joined.seats))
    return joined


def _charter(state: State, act: roster.Act, body: acts.Charter, at: At) -> State:
    charter.check(body.terms)
    present = tuple(sorted(s.id for s in state.present))
    if body.seats != present or len(present) < 2:
        raise Rejected("charter-seats", "A charter names exactly the seats that have joined, at least two.")
    if any(not s.prekeys for s in state.present):
        raise Rejected("charter-seats", "A seat has not posted its receiving key yet.")
    digest = acts.digest(state.channel, body, act.seat, act.n)
    agreed = Agreed(body.terms, body.seats, digest, at)
    return replace(state, charter=agreed, seats=tuple(replace(s, signed=s.id == act.seat) for s in state.seats))


def _assent(state: State, act: roster.Act, body: acts.Assent, at: At) -> State:
    if state.charter is not None and body.subject == state.charter.digest:
        return _sign_charter(state, _seat(state, act.seat))
    if state.stage == "open" and _seat(state, act.seat).standing == "active":
        for field in ("invitations", "removals"):
            changes = getattr(state, field)
            for change in changes:
                if change.proposal.digest == body.subject and change.proposal.stage == "open":
                    settled = _assented(state, change, act.seat)
                    return replace(state, **{field: tuple(settled if c is change else c for c in changes)})
    raise Rejected("subject", "There is nothing of this kind to agree to, or it is settled.")


def _sign_charter(state: State, seat: Seat) -> State:
    if seat.signed:
        raise Rejected("repeat", "This seat has signed the charter already.")
    signed = state.with_seat(replace(seat, signed=True))
    if state.stage == "founding" and not unsigned(signed):
        return replace(signed, stage="signed")
    return signed


def _assented(state: State, change: Any, seat: SeatId) -> Any:
    if seat in change.proposal.assents:
        raise Rejected("repeat", "This seat has agreed to this already.")
    if isinstance(change, Removal) and change.seat == seat:
        raise Rejected("self", "The seat in question does not decide on its own removal.")
    given = replace(change.proposal, assents=(*change.proposal.assents, seat))
    return _settle(state, replace(change, proposal=given))


def _settle(state: State, change: Any) -> Any:
    """The change, granted if no party's assent is missing any more."""
    if change.proposal.stage == "open" and not missing(state, change):
        return replace(change, proposal=replace(change.proposal, stage="granted"))
    return change


def _remove(state: State, act: roster.Act, body: acts.Remove, at: At) -> State:
    text.prose(body.reason, "reason", 500)
    target = state.seat(body.seat)
    own = body.seat == act.seat
    if target is None or target.standing != "active":
        raise Rejected("seat", "There is no such seat to remove.")
    if not own and not _seat(state, act.seat).speaks:
        raise Rejected("rule", "An observer proposes nobody's removal but its own.")
    if any(r.seat == body.seat and r.proposal.stage in ("open", "granted") for r in state.removals):
        raise Rejected("repeat", "The removal of this seat has been proposed already.")
    remaining = (
        {s.id for s in state.active} - {body.seat} - {r.seat for r in state.removals if r.proposal.stage == "granted"}
    )
    if len(remaining) < 2:
        raise Rejected("last", "A channel keeps at least two seats.")
    proposal = _proposal(state, act, body, at)
    removal = Removal(proposal, body.seat, body.reason)
    if own:
        removal = replace(removal, proposal=replace(proposal, stage="granted"))
    return replace(state, removals=(*state.removals, _settle(state, removal)))


def _rotate(state: State, act: roster.Act, body: acts.Rotate, at: At) -> State:
    due = next_seats(state)
    if due is None or body.seats != due or body.epoch != state.epoch + 1:
        raise Rejected("rotation", "A new roster was announced that is not due, or not this one.")
    if act.seat not in due:
        raise Rejected("rotation", "A seat that leaves does not hand out the new keys.")
    staying = frozenset(due)

    def stand(seat: Seat) -> Seat:
        return replace(seat, standing="active" if seat.id in staying else "gone")

    after = replace(
        state,
        stage="open",
        epoch=body.epoch,
        seats=tuple(stand(s) for s in state.seats),
        invitations=tuple(i for i in state.invitations if i.proposal.stage == "open"),
        removals=tuple(r for r in state.removals if r.proposal.stage == "open" and r.seat in staying),
    )
    # 6.2: a proposal falls with its proposer; what the remaining parties have all assented to is granted now
    return replace(
        after,
        invitations=tuple(
            _settle(after, replace(i, proposal=replace(i.proposal, epoch=after.epoch)))
            for i in after.invitations
            if i.proposal.by in staying
        ),
        removals=tuple(_settle(after, r) for r in after.removals if r.proposal.by in staying),
    )


def _proposal(state: State, act: roster.Act, body: acts.Body, at: At) -> Proposal:
    digest = acts.digest(state.channel, body, act.seat, act.n)
    return Proposal(digest, act.seat, at, (act.seat,), "open", state.epoch)


def _seat(state: State, seat: SeatId) -> Seat:
    found = state.seat(seat)
    assert found is not None  # the table was asked first  # noqa: S101
    return found


def _names(state: State, name: str, party: str, role: str, own: Invitation | None = None) -> None:
    text.line(name)
    text.line(party, "party")
    if role not in acts.ROLES:
        raise Rejected("role", f"There is no role {role!r} here; there are {', '.join(acts.ROLES)}.")
    taken = [s.name for s in state.present]
    taken += [i.name for i in state.invitations if i is not own and i.proposal.stage in ("open", "granted")]
    if text.folded(name) in {text.folded(other) for other in taken}:
        raise Rejected("same-name", "Two seats of a channel cannot have the same name.")


def _new_seat(
    state: State,
    seat: SeatId,
    keys: Keys,
    name: str,
    party: str,
    role: str,
    at: At,
    *,
    signed: bool,
    own: Invitation | None = None,
) -> Seat:
    _names(state, name, party, role, own)
    return Seat(seat, keys, name, party, role, "guest", signed, 0, (), at)


_HANDLERS: dict[type[acts.Body], Callable[[State, roster.Act, Any, At], State]] = {
    acts.Found: _found,
    acts.Prekey: _prekey,
    acts.Invite: _invite,
    acts.Join: _join,
    acts.Charter: _charter,
    acts.Assent: _assent,
    acts.Remove: _remove,
    acts.Rotate: _rotate,
}
