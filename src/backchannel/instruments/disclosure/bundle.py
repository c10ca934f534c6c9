"""The bundle: clauses that are shown, and what proves them to a stranger (spec/disclosure.md, 5 and 6)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from msgspec import Meta

from backchannel.entry import text
from backchannel.entry.codec import Value, decode
from backchannel.errors import BackchannelError, Malformed
from backchannel.instruments.disclosure.rules import MOST_WORDS
from backchannel.instruments.mandate import MOST_ATTESTATION, Attestation, check
from backchannel.instruments.understanding import anchor, form, jws
from backchannel.instruments.understanding import record as records
from backchannel.instruments.understanding.form import Text16, Text32, b64, damaged, unb64
from backchannel.ledger.checkpoint import open_checkpoint
from backchannel.ledger.leaf import ARRIVAL_UNIT, Leaf
from backchannel.ledger.origin import log_name, origin_line
from backchannel.ledger.tree import verify_inclusion
from backchannel.seal import primitives as p

LARGEST = 16_000_000
LATEST = 253_402_300_800 // ARRIVAL_UNIT - 1
"""The last arrival unit of the year 9999."""

Index = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""A number that every program reads alike (RFC 7493)."""

Replaced = Annotated[str, Meta(pattern=r"^([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])?\Z")]
"""A SHA-256 as `Text32`, or nothing."""


class Place(Value, frozen=True):
    """The entry of the log that holds what was signed: its box, the key that opens only that, and where it stands."""

    channel: str
    box: str
    key: Text32
    leaf: str
    index: Index
    proof: tuple[Text32, ...]
    checkpoint: str
    relay: Text32


class Attested(Value, frozen=True):
    """What came with a signatory's mandate to say whose keys these are (spec/mandate.md, 5)."""

    seat: Text16
    attestation: str


class Bundle(Value, frozen=True, tag="disclosure 1", tag_field="backchannel"):
    """What is published beside the page. `replaces`: the SHA-256 of the bundle that this one replaces, if any."""

    record: records.Record
    log: Place
    to: str
    summary: str
    lines: str
    replaces: Replaced
    attested: tuple[Attested, ...]


class Proven(NamedTuple):
    """What a bundle that verifies shows: the record's, and that this relay's log held it when it had `size` entries."""

    record: records.Proven
    relay: bytes
    position: int
    size: int
    arrival: int
    attested: tuple[tuple[bytes, Attestation], ...]


def place(
    channel: bytes, proof: anchor.Proof, leaf: Leaf, index: int, path: list[bytes], note: bytes, relay: bytes
) -> Place:
    """Where the anchor stands, in the bundle's form."""
    steps = tuple(b64(one) for one in path)
    return Place(
        b64(channel), b64(proof.box), b64(proof.key), b64(leaf.data()), index, steps, note.decode(), b64(relay)
    )


def write(bundle: Bundle) -> bytes:
    """The bundle as JSON, indented by two spaces; it ends with a line break."""
    return form.write(bundle, indent=2) + b"\n"


def read(raw: bytes) -> Bundle:
    """Parse a bundle; `Malformed("record")` unless it is one, exactly as `write` makes it."""
    if len(raw) > LARGEST or not raw.endswith(b"\n"):
        raise damaged()
    return form.read(raw[:-1], Bundle, indent=2)


def verify(bundle: Bundle) -> Proven:
    """`Malformed` unless the clauses are signed, and the log of the relay held the signed form.

    Codes: those of `records.verify`; `channel`, `anchor`, `place`, `checkpoint`, `attestation`.
    """
    shown = records.verify(bundle.record)
    log, channel = bundle.log, unb64(bundle.log.channel)
    if p.sha256(channel) != shown.channel:
        raise Malformed("channel", "The entry of the log is of another channel than what was signed.")
    entry = _anchored(bundle, channel, shown)
    try:
        leaf = Leaf.parse(unb64(log.leaf))
        relay = unb64(log.relay)
        checkpoint = open_checkpoint(log.checkpoint.encode(), origin_line(log_name(channel)), relay)
    except BackchannelError as problem:
        raise Malformed("checkpoint", "What the relay has signed of its log is not in order.") from problem
    path = [unb64(one) for one in log.proof]
    stands = verify_inclusion(leaf.hash(), log.index, checkpoint.size, path, checkpoint.root)
    if not stands or leaf.id != entry or leaf.arrival > LATEST:
        raise Malformed("place", "The log of the relay does not hold what was signed where this file says.")
    _check_words(bundle)
    return Proven(shown, relay, log.index, checkpoint.size, leaf.arrival, attestations(bundle, shown))


def _anchored(bundle: Bundle, channel: bytes, shown: records.Proven) -> bytes:
    """The id of the entry that holds exactly what was signed."""
    try:
        entry, held = anchor.shows(anchor.Proof(channel, unb64(bundle.log.box), unb64(bundle.log.key)))
    except BackchannelError as problem:
        raise Malformed("anchor", "The entry of the log cannot be opened with the key that came with it.") from problem
    signed = tuple(jws.Signed(one.protected, one.signature) for one in bundle.record.signatures)
    if (held.item, held.jws) != (shown.understanding, form.write(jws.Jws(bundle.record.payload, signed))):
        raise Malformed("anchor", "The entry of the log holds something else than what was signed.")
    return entry


def _check_words(bundle: Bundle) -> None:
    text.line(bundle.to, "reader")
    text.prose(bundle.summary, "summary", MOST_WORDS)
    if bundle.lines:
        text.prose(bundle.lines, "lines to take", MOST_WORDS)


def attestations(bundle: Bundle, shown: records.Proven) -> tuple[tuple[bytes, Attestation], ...]:
    """What came to attest the keys of signatories, decoded and not judged: one a signatory, in order of seats."""
    signed = {key.kid for key in bundle.record.keys}
    seats = [unb64(one.seat) for one in bundle.attested]
    if not {one.seat for one in bundle.attested} <= signed or seats != sorted(set(seats)):
        raise Malformed("attestation", "Something attests the keys of somebody who has not signed, or comes twice.")
    return tuple((seat, _attestation(one.attestation)) for seat, one in zip(seats, bundle.attested, strict=True))


def _attestation(given: str) -> Attestation:
    try:
        raw = unb64(given)
        if len(raw) > MOST_ATTESTATION:
            raise damaged()
        return check(decode(raw, Attestation))  # type: ignore[arg-type]
    except Malformed as problem:
        raise Malformed("attestation", "What came to attest somebody's keys is damaged.") from problem
