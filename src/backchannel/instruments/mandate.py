"""Mandate: for whom a seat may initial and sign (spec/mandate.md)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from msgspec.structs import replace

from backchannel.channel.state import DAY, At, Seat, State
from backchannel.entry import text
from backchannel.entry.codec import Value, decode
from backchannel.entry.ids import Count, EntryId, SeatId
from backchannel.errors import Rejected
from backchannel.instruments.base import Instrument, Kind, Rules, Spoken, step

ACTS = ("initial", "sign")
LONGEST = 3_653 * DAY
MOST_ATTESTATION = 65_536


class X509(Value, frozen=True, tag="x509", tag_field="form"):
    """A certificate (DER), and a signature with its key over the statement (5)."""

    certificate: bytes
    signature: bytes


class Published(Value, frozen=True, tag="published", tag_field="form"):
    """Where an institution is said to publish the statement (5)."""

    where: str


Attestation: TypeAlias = X509 | Published


class Grant(Value, frozen=True):
    """This seat may do these acts for its party."""

    to: SeatId
    acts: tuple[str, ...]
    scope: str
    until: Count
    attestation: bytes


class Revoke(Value, frozen=True):
    """From now on no more."""

    item: EntryId
    reason: str


class Mandate(Value, frozen=True):
    """A mandate as everybody in the channel knows it. `state`: in-force, revoked; for `over`, ask `standing`."""

    id: EntryId
    at: At
    by: SeatId
    audience: tuple[SeatId, ...]
    party: str
    terms: Grant
    state: str
    reason: str


STATES = {
    "in-force": "it can be relied on, until its hour",
    "revoked": "taken back; what was signed before stays signed",
    "over": "its hour has passed, or its seat has left",
}

RULES: Rules = {
    ("", "mandate.grant", "principal"): ("in-force",),
    ("", "mandate.grant", "itself"): ("in-force",),
    ("in-force", "mandate.revoke", "grantor"): ("revoked",),
    ("in-force", "mandate.revoke", "principal"): ("revoked",),
}


def principals(state: State, party: str) -> tuple[SeatId, ...]:
    """The active principals of a party."""
    return tuple(seat.id for seat in state.active if seat.party == party and seat.role == "principal")


def needed(state: State, seat: Seat) -> bool:
    """Whether a seat initials and signs only with a mandate (4)."""
    return seat.role != "principal" and bool(principals(state, seat.party))


def covers(mandate: Mandate, seat: Seat, act: str, readers: Iterable[SeatId], at: At) -> bool:
    """Whether it allows this seat this act at `at`, and all who read the act have it (3)."""
    terms = mandate.terms
    allowed = terms.to == seat.id and act in terms.acts and mandate.party == seat.party
    allowed = allowed and set(readers) <= set(mandate.audience)
    return mandate.state == "in-force" and allowed and mandate.at.position < at.position and at.arrival < terms.until


def standing(mandate: Mandate, state: State, at: At) -> str:
    """Its state as of now."""
    gone = at.arrival >= mandate.terms.until or state.keys(mandate.terms.to) is None
    return "over" if mandate.state == "in-force" and gone else mandate.state


def attestation(mandate: Mandate) -> Attestation | None:
    """What came with it, so that a stranger can tell whose keys these are."""
    raw = mandate.terms.attestation
    return decode(raw, Attestation) if raw else None  # type: ignore[arg-type]


def fold(item: Mandate | None, spoken: Spoken) -> Mandate:
    """The mandate after an entry about it."""
    sender = spoken.state.member(spoken.sender)
    if isinstance(spoken.act, Grant):
        return _granted(spoken.act, sender, spoken)
    item = spoken.about(item, Mandate)
    own = sender.role == "principal" and sender.party == item.party
    who = "grantor" if spoken.stands_for(item.by) else "principal" if own else "reader"
    step(RULES, item.state, spoken.kind, who)
    if spoken.act.reason:
        text.prose(spoken.act.reason, "reason", 500)
    return replace(item, state="revoked", reason=spoken.act.reason)


def _granted(act: Grant, sender: Seat, spoken: Spoken) -> Mandate:
    to = spoken.state.seat(act.to)
    if to is None or to.standing != "active" or not to.speaks or to.party != sender.party:
        raise Rejected("to", "A mandate is for a seat of the same party, which speaks.")
    itself = act.to == spoken.sender and not principals(spoken.state, sender.party)
    principal = sender.role == "principal" and act.to != spoken.sender
    step(RULES, "", spoken.kind, "itself" if itself else "principal" if principal else "reader")
    if spoken.audience != tuple(sorted(seat.id for seat in spoken.state.active)):
        raise Rejected("audience", "A mandate is shown to everybody in the channel.")
    if act.acts not in (ACTS, *((one,) for one in ACTS)):
        raise Rejected("acts", "A mandate is to initial, to sign, or both.")
    text.prose(act.scope, "scope", 2_000)
    if not spoken.at.arrival < act.until <= spoken.at.arrival + LONGEST:
        raise Rejected("until", "A mandate ends in the future, within ten years.")
    if len(act.attestation) > MOST_ATTESTATION:
        raise Rejected("attestation", "What comes with a mandate is too long.")
    if act.attestation:
        check(decode(act.attestation, Attestation))  # type: ignore[arg-type]
    return Mandate(spoken.id, spoken.at, spoken.sender, spoken.audience, sender.party, act, "in-force", "")


def check(came: Attestation) -> Attestation:
    """An attestation, unchanged; `Malformed("name")` if what it says could deceive."""
    if isinstance(came, Published):
        text.line(came.where, "place")
    return came


MANDATE = Instrument(
    name="mandate",
    kinds={"mandate.grant": Kind(Grant, False), "mandate.revoke": Kind(Revoke, False)},
    opens="mandate.grant",
    item=Mandate,
    rules=RULES,
    fold=fold,
    text=lambda item: item.terms.scope,
    until=lambda _: None,
    lapse=lambda item: item,
)
