"""Disclosure: which clauses are shown, to whom, when, and with whose consent (spec/disclosure.md, 1 to 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from backchannel.channel.state import DAY, At, State
from backchannel.entry import text
from backchannel.entry.codec import Value
from backchannel.entry.ids import Bytes32, Count, EntryId, SeatId
from backchannel.errors import Rejected
from backchannel.instruments.base import Instrument, Kind, Rules, Spoken, current, step
from backchannel.instruments.understanding.values import Understanding

PUBLIC = "public"
MOST_WORDS = 5_000
LONGEST = 36_525 * DAY
"""How far ahead a disclosure can be agreed: a hundred years."""


class Propose(Value, frozen=True):
    """Clauses to show, to whom, not before when, once what is confirmed, with which words; what it replaces."""

    understanding: EntryId
    clauses: tuple[Count, ...]
    to: str
    not_before: Count
    condition: str
    summary: str
    lines: str
    replaces: EntryId


class About(Value, frozen=True):
    """Something that says nothing but which disclosure it is about."""

    item: EntryId


class Consent(About, frozen=True):
    """Our party agrees."""


class Refuse(Value, frozen=True):
    """Our party does not."""

    item: EntryId
    reason: str


class Withdraw(About, frozen=True):
    """The proposer takes it back."""


class Confirm(About, frozen=True):
    """Our party confirms that its condition is met."""


class Publish(Value, frozen=True):
    """The bundle was made; its SHA-256."""

    item: EntryId
    digest: Bytes32


class Retract(Value, frozen=True):
    """Our party no longer stands by the wording."""

    item: EntryId
    reason: str


class Disclosure(Value, frozen=True):
    """A disclosure as its audience knows it. `state`: a key of `STATES`."""

    id: EntryId
    at: At
    proposer: SeatId
    audience: tuple[SeatId, ...]
    terms: Propose
    parties: tuple[tuple[SeatId, str], ...]
    needed: Count
    state: str
    consents: tuple[str, ...]
    confirms: tuple[str, ...]
    retracts: tuple[str, ...]
    digest: bytes
    reason: str

    @property
    def asked(self) -> tuple[str, ...]:
        """The parties whose consent counts."""
        return tuple(sorted({party for _, party in self.parties}))


STATES = {
    "proposed": "it awaits the consent of the parties",
    "waiting": "agreed; it may be published once its condition is confirmed",
    "agreed": "it may be published, from its day on",
    "published": "shown; that cannot be taken back",
    "refused": "a party refused",
    "withdrawn": "taken back by its proposer",
    "replaced": "another was agreed in its place",
    "retracted": "the parties no longer stand by its wording",
}

AGREED = frozenset({"waiting", "agreed", "published", "retracted"})
"""The states of what all whose consent counts have agreed to, once."""

RULES: Rules = {
    ("", "disclosure.propose", "signatory"): ("proposed", "waiting", "agreed"),
    ("proposed", "disclosure.consent", "signatory"): ("proposed", "waiting", "agreed"),
    ("proposed", "disclosure.refuse", "signatory"): ("refused",),
    ("proposed", "disclosure.withdraw", "proposer"): ("withdrawn",),
    ("waiting", "disclosure.confirm", "signatory"): ("waiting", "agreed"),
    ("waiting", "disclosure.retract", "signatory"): ("waiting", "retracted"),
    ("agreed", "disclosure.publish", "signatory"): ("published",),
    ("agreed", "disclosure.retract", "signatory"): ("agreed", "retracted"),
    ("published", "disclosure.retract", "signatory"): ("published", "retracted"),
}


def fold(item: Disclosure | None, spoken: Spoken) -> Disclosure:
    """The disclosure after an entry about it."""
    if isinstance(spoken.act, Propose):
        return _proposed(spoken.act, spoken)
    item = spoken.about(item, Disclosure)
    step(RULES, item.state, spoken.kind, who(item, spoken.sender, spoken.kind, spoken.state))
    return _FOLDS[spoken.kind](item, spoken)


def who(item: Disclosure, seat: SeatId, kind: str, state: State) -> str:
    """The part in which a seat does this: that of whom it succeeds, too (spec/handover.md, 3)."""
    if kind == "disclosure.withdraw" and item.proposer in state.line(seat):
        return "proposer"
    return "signatory" if not set(state.line(seat)).isdisjoint(dict(item.parties)) else "reader"


def _proposed(act: Propose, spoken: Spoken) -> Disclosure:
    of = spoken.linked
    if not isinstance(of, Understanding) or of.state != "complete":
        raise Rejected("understanding", "Only clauses of an understanding that all have signed can be shown.")
    if spoken.audience != current(of.audience, spoken.state):
        raise Rejected("audience", "A disclosure is read by those who have the understanding, and nobody else.")
    parties = tuple((seat, spoken.state.member(seat).party) for seat in of.signatories)
    own = any(spoken.stands_for(seat) for seat, _ in parties)
    step(RULES, "", spoken.kind, "signatory" if own else "reader")
    _check(act, of, spoken.at)
    charter = spoken.state.charter
    quorum = charter.terms.disclosure if charter is not None else "all"
    count = len({party for _, party in parties})
    needed = count if quorum == "all" else min(int(quorum), count)
    fresh = Disclosure(
        spoken.id, spoken.at, spoken.sender, spoken.audience, act, parties, needed, "proposed", (), (), (), b"", ""
    )
    return _consented(fresh, spoken)


def _check(act: Propose, of: Understanding, at: At) -> None:
    clauses = len(of.terms.clauses)
    if (
        not act.clauses
        or list(act.clauses) != sorted(set(act.clauses))
        or not 0 < act.clauses[0] <= act.clauses[-1] <= clauses
    ):
        raise Rejected("clauses", f"The clauses that are shown are some of 1 to {clauses}, in order.")
    if act.not_before > at.arrival + LONGEST:
        raise Rejected("day", "The day on which this may be shown lies more than a hundred years ahead.")
    text.line(act.to, "reader")
    if act.condition:
        text.prose(act.condition, "condition", 500)
    text.prose(act.summary, "summary", MOST_WORDS)
    if act.lines:
        text.prose(act.lines, "lines to take", MOST_WORDS)


def _consented(item: Disclosure, spoken: Spoken) -> Disclosure:
    party = spoken.state.member(spoken.sender).party  # a successor's is that of whom it succeeds
    consents = tuple(sorted({*item.consents, party}))
    if len(consents) < item.needed:
        return replace(item, consents=consents)
    return replace(item, consents=consents, state="waiting" if item.terms.condition else "agreed")


def _confirmed(item: Disclosure, spoken: Spoken) -> Disclosure:
    confirms = tuple(sorted({*item.confirms, spoken.state.member(spoken.sender).party}))
    return replace(item, confirms=confirms, state="agreed" if len(confirms) >= item.needed else "waiting")


def _refused(item: Disclosure, spoken: Spoken) -> Disclosure:
    return replace(item, state="refused", reason=_reason(spoken))


def _published(item: Disclosure, spoken: Spoken) -> Disclosure:
    if spoken.at.arrival < item.terms.not_before:
        raise Rejected("early", "The day on which this may be shown has not come.")
    return replace(item, state="published", digest=spoken.act.digest)


def _retracted(item: Disclosure, spoken: Spoken) -> Disclosure:
    retracts = tuple(sorted({*item.retracts, spoken.state.member(spoken.sender).party}))
    after = replace(item, retracts=retracts, reason=_reason(spoken))
    return replace(after, state="retracted") if len(retracts) >= item.needed else after


def _reason(spoken: Spoken) -> str:
    return text.prose(spoken.act.reason, "reason", 500) if spoken.act.reason else ""


_FOLDS: dict[str, Callable[[Disclosure, Spoken], Disclosure]] = {
    "disclosure.consent": _consented,
    "disclosure.refuse": _refused,
    "disclosure.withdraw": lambda item, _: replace(item, state="withdrawn"),
    "disclosure.confirm": _confirmed,
    "disclosure.publish": _published,
    "disclosure.retract": _retracted,
}


def _links(_: Disclosure | None, act: Value) -> EntryId | None:
    return act.understanding if isinstance(act, Propose) else None


def successor(item: Disclosure, others: Iterable[Disclosure]) -> Disclosure | None:
    """The newest disclosure of the same understanding that was agreed in its place (4).

    That it was retracted since does not bring back what it replaced.
    """
    found = [
        one
        for one in others
        if one.terms.replaces == item.id and one.terms.understanding == item.terms.understanding and one.state in AGREED
    ]
    return found[-1] if found else None


DISCLOSURE = Instrument(
    name="disclosure",
    kinds={
        "disclosure.propose": Kind(Propose, False),
        "disclosure.consent": Kind(Consent, False),
        "disclosure.refuse": Kind(Refuse, False),
        "disclosure.withdraw": Kind(Withdraw, False),
        "disclosure.confirm": Kind(Confirm, False),
        "disclosure.publish": Kind(Publish, False),
        "disclosure.retract": Kind(Retract, False),
    },
    opens="disclosure.propose",
    item=Disclosure,
    rules=RULES,
    fold=fold,
    text=lambda item: "\n".join(said for said in (item.terms.summary, item.terms.lines, item.terms.condition) if said),
    until=lambda _: None,
    lapse=lambda item: item,
    links=_links,
    settled=lambda item: item.state not in ("proposed", "waiting", "agreed"),
)
