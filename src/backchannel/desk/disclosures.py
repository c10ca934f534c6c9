"""Disclosures at this desk: propose which clauses to show, consent, publish with proof (spec/disclosure.md)."""

from __future__ import annotations

from collections.abc import Sequence

from backchannel.desk.channel import Channel
from backchannel.desk.rehearsal import rehearse
from backchannel.desk.understandings import anchor_proof
from backchannel.entry import text
from backchannel.entry.codec import Value
from backchannel.entry.ids import ZERO32, EntryId
from backchannel.errors import Misuse
from backchannel.instruments.base import current
from backchannel.instruments.disclosure import bundle as bundles
from backchannel.instruments.disclosure import rules
from backchannel.instruments.disclosure.rules import Disclosure
from backchannel.instruments.mandate import Mandate
from backchannel.instruments.understanding import anchor
from backchannel.instruments.understanding import record as records
from backchannel.instruments.understanding.form import b64, unb64
from backchannel.instruments.understanding.values import Understanding
from backchannel.ledger.leaf import Leaf, arrival_unit
from backchannel.seal.primitives import sha256

SIGNATORIES = "Those who have signed the understanding decide what of it is shown; this seat has not."


def propose(
    channel: Channel,
    item: Understanding,
    clauses: Sequence[int],
    summary: str,
    *,
    lines: str = "",
    to: str = rules.PUBLIC,
    not_before: float = 0,
    condition: str = "",
    replaces: Disclosure | None = None,
) -> None:
    """Propose to show these clauses, numbered from 1; `not_before` in unix seconds. Proposing is consenting.

    Raises `Misuse`: `incomplete`, `signatory`, `replaces`; and as every reader would refuse it.
    """
    body = terms(
        channel,
        item,
        clauses,
        summary,
        lines=lines,
        to=to,
        not_before=not_before,
        condition=condition,
        replaces=replaces,
    )
    channel.say("disclosure.propose", body, current(item.audience, channel.state))


def terms(
    channel: Channel,
    item: Understanding,
    clauses: Sequence[int],
    summary: str,
    *,
    lines: str = "",
    to: str = rules.PUBLIC,
    not_before: float = 0,
    condition: str = "",
    replaces: Disclosure | None = None,
) -> rules.Propose:
    """What `propose` says, checked as every reader will check it. Raises as that does."""
    if item.state != "complete":
        raise Misuse("incomplete", "Not all have signed this understanding, so nothing of it can be shown.")
    if set(channel.state.line(channel.me)).isdisjoint(item.signatories):  # a successor stands where it stood
        raise Misuse("signatory", SIGNATORIES)
    if replaces is not None and (replaces.terms.understanding != item.id or replaces.state not in rules.AGREED):
        raise Misuse("replaces", "What this would replace was not agreed, or shows another understanding.")
    body = rules.Propose(
        item.id,
        tuple(sorted(set(clauses))),
        text.tidy(to),
        arrival_unit(not_before) if not_before else 0,
        text.tidy(condition),
        text.tidy(summary),
        text.tidy(lines),
        replaces.id if replaces is not None else ZERO32,
    )
    with channel.session.turn():
        rehearse(channel.session, "disclosure.propose", body, current(item.audience, channel.state))
    return body


def consent(channel: Channel, item: Disclosure) -> None:
    """Agree, for one's party."""
    _follow(channel, item, "disclosure.consent", rules.Consent(item.id))


def confirm(channel: Channel, item: Disclosure) -> None:
    """Confirm, for one's party, that the condition is met."""
    _follow(channel, item, "disclosure.confirm", rules.Confirm(item.id))


def refuse(channel: Channel, item: Disclosure, reason: str = "") -> None:
    """Do not agree: it ends."""
    _follow(channel, item, "disclosure.refuse", rules.Refuse(item.id, text.tidy(reason)))


def withdraw(channel: Channel, item: Disclosure) -> None:
    """Take one's own proposal back, before it is agreed."""
    _follow(channel, item, "disclosure.withdraw", rules.Withdraw(item.id))


def retract(channel: Channel, item: Disclosure, reason: str = "") -> None:
    """Say, for one's party, that the wording does not stand any more. What was shown stays shown."""
    _follow(channel, item, "disclosure.retract", rules.Retract(item.id, text.tidy(reason)))


def of(channel: Channel, item: Disclosure) -> Understanding:
    """The understanding whose clauses it shows."""
    held = channel.entry(item.terms.understanding)
    if (
        held is None
        or not isinstance(held.value, Understanding)
        or item.terms.clauses[-1] > len(held.value.terms.clauses)  # one of both was passed on, and is not the other's
    ):
        raise Misuse("understanding", "The understanding that this shows is not on this desk.")
    return held.value


def standing(channel: Channel, item: Disclosure) -> str:
    """Its state as of now: `replaced` once another was agreed in its place."""
    if item.state in ("waiting", "agreed", "published") and successor(channel, item) is not None:
        return "replaced"
    return item.state


def successor(channel: Channel, item: Disclosure) -> Disclosure | None:
    """The disclosure that was agreed in its place."""

    def made() -> dict[EntryId, list[Disclosure]]:
        found: dict[EntryId, list[Disclosure]] = {}
        for held in channel.items("disclosure"):
            found.setdefault(held.value.terms.replaces, []).append(held.value)
        return found

    with channel.session.turn():
        replacing = channel.session.known.by_record("replacing", channel.session.history.size, made)
    return rules.successor(item, replacing.get(item.id, ()))


def due(channel: Channel, item: Disclosure) -> bool:
    """Whether the day from which it may be shown has come."""
    with channel.session.turn():
        return channel.session.now().arrival >= item.terms.not_before


def shown(item: Disclosure) -> bool:
    """Whether its bundle was made: from then on it may be anywhere."""
    return bool(item.digest)


def may_publish(channel: Channel, item: Disclosure) -> None:
    """Whether its bundle may be made now. `Misuse`: `condition`, `not-agreed`, `early`."""
    if standing(channel, item) == "waiting":
        raise Misuse("condition", "This may be shown once its condition is confirmed by the parties.")
    if standing(channel, item) not in ("agreed", "published"):
        raise Misuse(
            "not-agreed", "This may not be shown: the parties have not agreed to it, or no longer stand by it."
        )
    if not due(channel, item):
        raise Misuse("early", "The day on which this may be shown has not come.")


def publish(channel: Channel, item: Disclosure) -> bytes:
    """The bundle, the same on every desk; the first time its hash is said to the others.

    Raises `Misuse` as `may_publish` does, and `not-anchored`; as the relay's client does if that does not answer.
    """
    raw = bundle(channel, item)
    if item.state == "agreed":
        _follow(channel, item, "disclosure.publish", rules.Publish(item.id, sha256(raw)))
    return raw


def bundle(channel: Channel, item: Disclosure) -> bytes:
    """The bundle, and nobody is told. Raises as `publish` does."""
    may_publish(channel, item)
    signed = of(channel, item)
    _, index = _anchor(channel, signed)
    raw = bundles.write(_bundle(channel, signed, item.terms, _note(channel, index + 1)))
    bundles.verify(bundles.read(raw))  # before anybody else does
    return raw


def draft(channel: Channel, signed: Understanding, body: rules.Propose) -> tuple[bundles.Bundle, bundles.Proven]:
    """The bundle that would be published, all but what the relay signs of it, and what it would prove.

    For those to look at whose consent is asked. Raises `Misuse("not-anchored")`.
    """
    made = _bundle(channel, signed, body, b"")
    leaf, index = Leaf.parse(unb64(made.log.leaf)), made.log.index
    shown = records.verify(made.record)
    attested = bundles.attestations(made, shown)
    return made, bundles.Proven(shown, unb64(made.log.relay), index, index + 1, leaf.arrival, attested)


def _note(channel: Channel, size: int) -> bytes:
    """What the relay signs of its log when that had `size` entries."""
    with channel.session.turn():
        _, credential = channel.session.book.credential()
    note = channel.client.checkpoint(channel.name, credential, size)
    with channel.session.turn():
        channel.session.history.check_past(note, size)
    return note


def _anchor(channel: Channel, signed: Understanding) -> tuple[anchor.Proof, int]:
    """What shows a stranger the entry that holds what was signed, and where that stands. `Misuse("not-anchored")`."""
    proof = anchor_proof(channel, signed)
    assert signed.anchor is not None  # noqa: S101 - there is a proof of it
    return proof, signed.anchor.at.position


def _bundle(channel: Channel, signed: Understanding, body: rules.Propose, note: bytes) -> bundles.Bundle:
    """`note`: what the relay has signed, for the size with which the log ends there: so all desks make the same."""
    (proof, index), session = _anchor(channel, signed), channel.session
    with session.turn():
        leaf, path = session.history.leaf(index), session.history.inclusion(index, index + 1)
    place = bundles.place(channel.id, proof, leaf, index, path, note, session.book.cover().relay_key)
    replaced = channel.entry(body.replaces) if body.replaces != ZERO32 else None
    before = replaced.value.digest if replaced is not None else b""
    return bundles.Bundle(
        records.of(channel.id, signed, body.clauses),
        place,
        body.to,
        body.summary,
        body.lines,
        b64(before) if before else "",
        _attested(channel, signed),
    )


def _attested(channel: Channel, signed: Understanding) -> tuple[bundles.Attested, ...]:
    """What came with the mandates on which its signatories signed."""
    found = []
    for seat, entry in sorted(signed.mandates):
        held = channel.entry(entry)
        mandate: Mandate | None = held.value if held is not None else None
        if mandate is not None and mandate.terms.attestation:
            found.append(bundles.Attested(b64(seat), b64(mandate.terms.attestation)))
    return tuple(found)


def _follow(channel: Channel, item: Disclosure, kind: str, body: Value) -> None:
    who = rules.who(item, channel.me, kind, channel.state)
    if who == "reader":
        raise Misuse("signatory", SIGNATORIES)
    if (item.state, kind, who) not in rules.RULES:
        raise Misuse("not-now", f"This cannot be done now, or not by this seat: {rules.STATES[item.state]}.")
    channel.say(kind, body, current(item.audience, channel.state))
