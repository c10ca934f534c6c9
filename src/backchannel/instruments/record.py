"""The record of a signed understanding: a file that verifies without desk or relay (spec/instruments.md, 2.5)."""

from __future__ import annotations

import msgspec

from backchannel import labels
from backchannel.entry import text
from backchannel.entry.codec import Value
from backchannel.entry.ids import ChannelId
from backchannel.errors import Malformed, Misuse
from backchannel.instruments.understanding import Signature, Terms, Understanding

LARGEST = 4_000_000
_DAMAGED = "This file is not the record of an understanding, or it is damaged."


class Record(Value, frozen=True, tag="understanding 1", tag_field="backchannel"):
    """A complete understanding, as it leaves the channel."""

    channel: ChannelId
    terms: Terms
    signatures: tuple[Signature, ...]


def of(channel: ChannelId, item: Understanding) -> Record:
    """The record of a complete understanding; `Misuse("incomplete")` before that."""
    if item.state != "complete":
        raise Misuse("incomplete", "This understanding is not signed by all, so there is nothing to prove yet.")
    return Record(channel, item.terms, tuple(sorted(item.signatures, key=lambda s: s.seat)))


def write(record: Record) -> bytes:
    """The record as JSON, indented by two spaces, in UTF-8, bytes in base64; it ends with a line break."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def read(raw: bytes) -> Record:
    """Parse a record; `Malformed("record")` unless it is one, exactly as `write` makes it."""
    try:
        record = msgspec.json.decode(raw[: LARGEST + 1], type=Record)
    except (ValueError, RecursionError) as problem:  # UnicodeDecodeError and msgspec's are ValueErrors
        raise Malformed("record", _DAMAGED) from problem
    if write(record) != raw:  # or two programs could read two texts in one file
        raise Malformed("record", _DAMAGED)
    return record


def verify(record: Record) -> None:
    """`Malformed` unless exactly the named parties have signed exactly this text.

    Codes: `parties`, `keys`, `signature`; `name` and `prose` for text that a display would show otherwise than it is.
    """
    text.line(record.terms.title, "title")
    text.prose(record.terms.text)
    for party in record.terms.parties:
        text.line(party.name)
        text.line(party.party, "party")
        text.line(party.role, "role")
    seats = [party.seat for party in record.terms.parties]
    if len(seats) < 2 or seats != sorted(set(seats)) or [s.seat for s in record.signatures] != seats:
        raise Malformed("parties", "The signatures are not exactly those of the parties that the understanding names.")
    digest = record.terms.digest(record.channel)
    for party, signature in zip(record.terms.parties, record.signatures, strict=True):
        if party.keys.seat(record.channel) != party.seat:
            raise Malformed("keys", f"The keys of {party.name} do not fit the seat that is named.")
        if not party.keys.verify(labels.UNDERSTANDING_SIG, digest, signature.ed, signature.mldsa):
            raise Malformed("signature", f"The signature of {party.name} does not hold for this text.")
