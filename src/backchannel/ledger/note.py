"""Signed notes (C2SP signed-note): a text, and who signed it. Parsing is strict: canonical or refused.

The text ends with a newline; a blank line follows, and lines `— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1T…`.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from hashlib import sha256

from msgspec import Struct

from backchannel.errors import Malformed
from backchannel.ledger import ed25519

ED25519 = 1
"""The signature type of a plain Ed25519 signature over the text."""

MOST_SIGNATURES = 100
MOST_BYTES = 1 << 20
_KEY_ID_BYTES = 4
_DASH = "— "


class NoteSignature(Struct, frozen=True):
    """One signature line: name of the key, its 4-byte id, the signature (its length is the key type's)."""

    name: str
    key_id: bytes
    signature: bytes


class Note(Struct, frozen=True):
    """A text, which ends with a newline, and its signature lines."""

    text: str
    signatures: tuple[NoteSignature, ...]


class VerifierKey(Struct, frozen=True):
    """An Ed25519 public key (32 bytes) and the name under which it signs notes."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name || 0x0A || 0x01 || public key) (spec/ledger.md 5.2)."""
        return sha256(self.name.encode() + b"\n" + bytes([ED25519]) + self.public).digest()[:_KEY_ID_BYTES]

    def encode(self) -> str:
        """`name+hex(key id)+base64(type || public key)`."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(bytes([ED25519]) + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key that `encode` wrote; Malformed (`verifier-key`) for another form, type or key id."""
        name, key_id, encoded = (*text.split("+", 2), "", "")[:3]
        raw = canonical_base64(encoded)
        if raw is None or not good_name(name) or len(raw) != 1 + ed25519.PUBLIC_BYTES or raw[0] != ED25519:
            raise Malformed("verifier-key", "This is no Ed25519 verifier key.")
        key = cls(name, raw[1:])
        if key.key_id.hex() != key_id:
            raise Malformed("verifier-key", "The verifier key's id does not belong to it.")
        return key


def canonical_base64(text: str) -> bytes | None:
    """The bytes of standard padded base64, or None where the text is not exactly how they are written."""
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if b64encode(raw).decode() == text else None


def good_name(name: str) -> bool:
    """Whether `name` can name a key: not empty, no space of any kind, no plus."""
    return bool(name) and "+" not in name and not any(sign.isspace() for sign in name)


def format_note(note: Note) -> bytes:
    """The note's bytes; Malformed (`note`) if they would not parse."""
    lines = [f"{_DASH}{s.name} {b64encode(s.key_id + s.signature).decode()}\n" for s in note.signatures]
    raw = f"{note.text}\n{''.join(lines)}".encode()
    if parse_note(raw) != note:
        raise Malformed("note", "This text or these signatures cannot be written as a signed note.")
    return raw


def parse_note(raw: bytes) -> Note:
    """The note of these bytes, its signatures not yet verified; Malformed (`note`) if it is not canonical."""
    if len(raw) > MOST_BYTES:
        raise Malformed("note", "A signed note has at most 1 MiB.")
    try:
        whole = raw.decode()
    except UnicodeDecodeError as error:
        raise Malformed("note", "A signed note is UTF-8.") from error
    if any(sign < " " and sign != "\n" for sign in whole):
        raise Malformed("note", "A signed note has no control characters.")
    head, blank, tail = whole.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise Malformed("note", "A signed note ends with a blank line and signature lines.")
    lines = tail[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise Malformed("note", f"A signed note has at most {MOST_SIGNATURES} signatures.")
    return Note(head + "\n", tuple(_signature(line) for line in lines))


def sign_text(text: str, name: str, seed: bytes) -> NoteSignature:
    """The signature over `text` by the Ed25519 key of `seed` (32 bytes), named `name`."""
    key = VerifierKey(name, ed25519.public_key(seed))
    return NoteSignature(name, key.key_id, ed25519.sign(seed, text.encode()))


def verify_note(note: Note, key: VerifierKey) -> bool:
    """Whether `key` signed the note: by one line of its name and id, which holds (spec/ledger.md 5.2)."""
    key_id = key.key_id
    lines = [s for s in note.signatures if s.name == key.name and s.key_id == key_id]
    if len(lines) != 1 or len(lines[0].signature) != ed25519.SIGNATURE_BYTES:
        return False
    return ed25519.verify(key.public, note.text.encode(), lines[0].signature)


def _signature(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    raw = canonical_base64(encoded)
    if not line.startswith(_DASH) or not good_name(name) or raw is None or len(raw) <= _KEY_ID_BYTES:
        raise Malformed("note", "A signature line of the note is not of the form '— name base64'.")
    return NoteSignature(name, raw[:_KEY_ID_BYTES], raw[_KEY_ID_BYTES:])
