"""Names that the relay may know: a log's, and hashes of its credentials (spec/ledger.md 1, relay.md 1)."""

from __future__ import annotations

from hashlib import sha256

from backchannel import labels
from backchannel.errors import Misuse

SECRET_BYTES = 32


def log_name(channel_id: bytes) -> str:
    """The log's name: 64 lower-case hex digits, from which the 32-byte channel id cannot be found."""
    return _digest(labels.ORIGIN, "channel id", channel_id).hex()  # spec/ledger.md 1


def origin_line(name: str) -> str:
    """The first line of a log's checkpoints, which is also the name of the key that signs them."""
    return labels.PREFIX + name  # spec/ledger.md 1


def credential_hash(credential: bytes) -> bytes:
    """What the relay stores of a 32-byte bearer credential."""
    return _digest(labels.CREDENTIAL, "credential", credential)  # spec/relay.md 1.1


def control_hash(control: bytes) -> bytes:
    """What the relay stores of a 32-byte control key."""
    return _digest(labels.CONTROL, "control key", control)  # spec/relay.md 1.1


def _digest(label: str, noun: str, secret: bytes) -> bytes:
    if len(secret) != SECRET_BYTES:
        raise Misuse("length", f"A {noun} has {SECRET_BYTES} bytes, not {len(secret)}.")
    return sha256(labels.enc(label, secret)).digest()
