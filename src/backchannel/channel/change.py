"""How the roster and its terms change: INVITE, CHARTER, ASSENT, REMOVE, ROTATE (spec/channel.md, 3, 5 and 6)."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from backchannel.channel import acts
from backchannel.channel.assent import enough, missing, next_seats, staying, unsigned
from backchannel.channel.charter import check
from backchannel.channel.seating import check_names, without_charter
from backchannel.channel.state import (
    LONGEST_INVITATION,
    MOST_SEATS,
    PROPOSAL_LIFE,
    Agreed,
    At,
    Invitation,
    Proposal,
    Removal,
    Seat,
    State,
)
from backchannel.entry import text
from backchannel.entry.ids import SeatId
from backchannel.errors import Rejected
from backchannel.seal import roster

Change = TypeVar("Change", Invitation, Removal)


def expire(state: State, at: At) -> State:
    """The state without the proposals and invitations that have lapsed by `at` (3.4, 6.2)."""

    def alive(proposal: Proposal) -> bool:
        return proposal.stage != "open" or at.arrival <= proposal.at.arrival + PROPOSAL_LIFE

    def offered(i: Invitation) -> bool:
        return alive(i.proposal) and (i.proposal.stage == "done" or at.arrival <= i.expires)

    invitations = tuple(i for i in state.invitations if offered(i))
    removals = tuple(r for r in state.removals if alive(r.proposal))
    if len(invitations) == len(state.invitations) and len(removals) == len(state.removals):
        return state
    return replace(state, invitations=invitations, removals=removals)


def invite(state: State, act: roster.Act, body: acts.Invite, at: At) -> State:
    """A seat is offered (3.1): at once while founding, later a proposal."""
    check_names(state, body.name, body.party, body.role)
    check_offer(state, body, at)
    stage = "granted" if state.stage == "founding" else "open"
    proposal = proposed(state, act, body, at, stage)
    invitation = Invitation(proposal, body.invite, body.name, body.party, body.role, body.expires, None)
    return replace(state, invitations=(*state.invitations, settled(state, invitation)))


def check_offer(state: State, body: acts.Invite | acts.Handover, at: At) -> None:
    """`Rejected` unless one seat more can be offered, so, until then."""
    if len(state.present) + sum(i.proposal.stage != "done" for i in state.invitations) >= MOST_SEATS:
        raise Rejected("full", f"A channel has at most {MOST_SEATS} seats.")
    if not at.arrival < body.expires <= at.arrival + LONGEST_INVITATION:
        raise Rejected("expires", "An invitation ends in the future, within 30 days.")
    if any(i.invite == body.invite for i in state.invitations):
        raise Rejected("repeat", "This invitation was made before.")


def charter(state: State, act: roster.Act, body: acts.Charter, at: At) -> State:
    """The founder proposes the terms, and signs (5.2)."""
    check(body.terms)
    present = sorted(state.present, key=lambda s: s.id)
    if body.seats != tuple(s.id for s in present) or len(present) < 2:
        raise Rejected("charter-seats", "A charter names exactly the seats that have joined, at least two.")
    if any(not s.prekeys for s in present):
        raise Rejected("charter-seats", "A seat has not posted its receiving key yet.")
    members = [(s.id, s.name, s.party, s.role) for s in present]
    digest = acts.charter_digest(state.channel, body, act.seat, act.n, members)
    agreed = Agreed(body.terms, body.seats, digest, at)
    return replace(state, charter=agreed, seats=tuple(replace(s, signed=s.id == act.seat) for s in state.seats))


def assent(state: State, act: roster.Act, body: acts.Assent, at: At) -> State:
    """Yes to the charter, an invitation or a removal (5.3, 6)."""
    seat = state.member(act.seat)
    if state.charter is not None and body.subject == state.charter.digest:
        return _sign_charter(state, seat)
    if seat.standing == "active":
        for i in state.invitations:
            if _awaits(i.proposal, body):
                if i.replaces == act.seat:
                    raise Rejected("self", "The seat in question does not decide on its own successor.")
                return replace(state, invitations=_swap(state.invitations, i, _assented(state, i, act.seat)))
        for r in state.removals:
            if _awaits(r.proposal, body):
                if r.seat == act.seat:
                    raise Rejected("self", "The seat in question does not decide on its own removal.")
                return replace(state, removals=_swap(state.removals, r, _assented(state, r, act.seat)))
    raise Rejected("subject", "There is nothing of this kind to agree to, or it is settled.")


def remove(state: State, act: roster.Act, body: acts.Remove, at: At) -> State:
    """A seat is to go: a guest at once, an active seat when the others have assented (6)."""
    text.prose(body.reason, "reason", 500)
    author, target = state.member(act.seat), state.seat(body.seat)
    own = body.seat == act.seat
    founding = state.stage != "open"
    if target is None or target.standing == "gone" or (founding and target.id == state.founder):
        raise Rejected("seat", "There is no such seat to remove.")
    if not own and not (author.id == state.founder if founding else author.standing == "active" and author.speaks):
        raise Rejected("rule", "A guest or an observer proposes nobody's removal but its own.")
    if target.standing == "guest":  # 4.5: whoever may keep a newcomer out may still do so until it is in
        dismissed = state.with_seat(replace(target.out(), signed=False))
        return without_charter(dismissed) if founding else dismissed
    if any(r.seat == body.seat and (r.proposal.stage == "granted" or not own) for r in state.removals):
        raise Rejected("repeat", "The removal of this seat has been proposed already.")
    if len(staying(state, without=body.seat)) < 2 or not (own or enough(state, without=body.seat)):
        raise Rejected(
            "last", "A channel keeps at least two seats, and no party is left in it alone by the others' removal."
        )
    removal = Removal(proposed(state, act, body, at, "granted" if own else "open"), body.seat, body.reason)
    others = tuple(r for r in state.removals if r.seat != body.seat)  # who goes need not wait for assent to its removal
    return replace(state, removals=(*others, settled(state, removal)))


def rotate(state: State, act: roster.Act, body: acts.Rotate, at: At) -> State:
    """A new epoch begins (6.3)."""
    due = next_seats(state)
    if due is None or body.seats != due or body.epoch != state.epoch + 1:
        raise Rejected("rotation", "A new roster was announced that is not due, or not this one.")
    if act.seat not in due:
        raise Rejected("rotation", "A seat that leaves does not hand out the new keys.")
    roster.check_rotate(body.slots, len(due))

    def lives(proposal: Proposal) -> bool:  # 6.2: a proposal falls with its proposer
        return proposal.stage == "open" and proposal.by in due

    after = replace(
        state,
        stage="open",
        epoch=body.epoch,
        seats=tuple(replace(s, standing="active") if s.id in due else s.out() for s in state.seats),
        invitations=(),
        removals=(),
        frozen=(),
    )
    # 6.2: what all the parties that are here now have assented to is granted; one by one, for two removals may not
    # both be possible
    for i in state.invitations:
        if lives(i.proposal):
            renewed = replace(i, proposal=replace(i.proposal, epoch=after.epoch))
            after = replace(after, invitations=(*after.invitations, settled(after, renewed)))
    for r in state.removals:
        if lives(r.proposal) and r.seat in due:
            after = replace(after, removals=(*after.removals, settled(after, r)))
    return after


def proposed(
    state: State, act: roster.Act, body: acts.Invite | acts.Remove | acts.Handover, at: At, stage: str
) -> Proposal:
    """A new proposal by the author of an act."""
    digest = acts.digest(state.channel, body, act.seat, act.n)
    return Proposal(digest, act.seat, at, (act.seat,), stage, state.epoch)


def _awaits(proposal: Proposal, body: acts.Assent) -> bool:
    return proposal.stage == "open" and proposal.digest == body.subject


def _swap(changes: tuple[Change, ...], old: Change, new: Change) -> tuple[Change, ...]:
    return tuple(new if c is old else c for c in changes)


def _sign_charter(state: State, seat: Seat) -> State:
    if seat.signed:
        raise Rejected("repeat", "This seat has signed the charter already.")
    if not seat.prekeys:  # or the new roster's keys could not be sealed for it
        raise Rejected("prekey", "A seat posts its receiving key before it signs the charter.")
    signed = state.with_seat(replace(seat, signed=True))
    if state.stage == "founding" and not unsigned(signed):
        return replace(signed, stage="signed")
    return signed


def _assented(state: State, change: Change, seat: SeatId) -> Change:
    if seat in change.proposal.assents:
        raise Rejected("repeat", "This seat has agreed to this already.")
    return settled(state, _with(change, replace(change.proposal, assents=(*change.proposal.assents, seat))))


def settled(state: State, change: Change) -> Change:
    """The change, granted if no party's assent is missing any more, and a channel would remain (6.4)."""
    if change.proposal.stage != "open" or missing(state, change):
        return change
    if isinstance(change, Removal) and not enough(state, without=change.seat):
        return change
    return _with(change, replace(change.proposal, stage="granted"))


def _with(change: Change, proposal: Proposal) -> Change:
    return replace(change, proposal=proposal)
