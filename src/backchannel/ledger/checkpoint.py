"""Checkpoints: the relay's signed statement of a log's size and root (spec/ledger.md, 5)."""

from __future__ import annotations

import re
from base64 import b64encode

from msgspec import Struct

from backchannel.errors import Malformed, RelayFault
from backchannel.ledger.faults import fault
from backchannel.ledger.note import (
    Note,
    VerifierKey,
    canonical_base64,
    format_note,
    good_name,
    parse_note,
    sign_text,
    verify_note,
)
from backchannel.ledger.tree import HASH_BYTES

MOST_SIZE = (1 << 63) - 1
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class Checkpoint(Struct, frozen=True):
    """A log of this origin has `size` leaves and this 32-byte root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed (spec/ledger.md 5.1)."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint of its text; Malformed (`checkpoint`) if it is not exactly what `text` writes."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:  # spec/ledger.md 5.1
            raise Malformed("checkpoint", "A checkpoint has three lines.")
        origin, digits, encoded = lines[:3]
        if not good_name(origin):
            raise Malformed("checkpoint", "A checkpoint's origin is a name without spaces.")
        if not _SIZE.fullmatch(digits) or int(digits) > MOST_SIZE:  # spec/ledger.md 5.3
            raise Malformed("checkpoint", "A checkpoint's size is a decimal number below 2^63.")
        root = canonical_base64(encoded)
        if root is None or len(root) != HASH_BYTES:  # spec/ledger.md 5.3
            raise Malformed("checkpoint", "A checkpoint's root is 32 bytes in canonical base64.")
        return cls(origin, int(digits), root)


def sign(checkpoint: Checkpoint, seed: bytes) -> bytes:
    """The signed note of a checkpoint, by the Ed25519 key of `seed` (32 bytes), named by its origin."""
    text = checkpoint.text()
    return format_note(Note(text, (sign_text(text, checkpoint.origin, seed),)))  # spec/ledger.md 5.2


def open_checkpoint(raw: bytes, origin: str, public_key: bytes) -> Checkpoint:
    """The checkpoint in a signed note, once it is of this log and signed by this relay.

    RelayFault `checkpoint` (does not parse), `origin` (of another log), `signature` (by another key).
    """
    try:
        note = parse_note(raw)
        checkpoint = Checkpoint.parse(note.text)
    except Malformed as error:
        raise fault("checkpoint") from error
    if checkpoint.origin != origin:
        raise fault("origin")
    if not verify_note(note, VerifierKey(origin, public_key)):  # spec/ledger.md 5.2
        raise fault("signature")
    return checkpoint


def verify_split(note_a: bytes, note_b: bytes, origin: str, public_key: bytes) -> bool:
    """Whether two signed notes prove that the relay lied: one size, two roots (spec/ledger.md 5.4)."""
    try:
        a = open_checkpoint(note_a, origin, public_key)
        b = open_checkpoint(note_b, origin, public_key)
    except RelayFault:
        return False
    return a.size == b.size and a.root != b.root
