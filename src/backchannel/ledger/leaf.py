"""Leaves of a log, and the records of erased bodies (spec/ledger.md, 2 and 4)."""

from __future__ import annotations

import struct
from hashlib import sha256

from msgspec import Struct

from backchannel import labels
from backchannel.errors import Malformed

TOKEN_BYTES = 32
ARRIVAL_UNIT = 300
"""Seconds in one unit of arrival time (spec/ledger.md 2.2)."""

NO_ERASE = bytes(32)
"""The `erase` field of an erase record, and of nothing else (spec/ledger.md 4.2)."""

_LEAF = struct.Struct(">32sQI32s")
LEAF_BYTES = _LEAF.size

RECORD_PREFIX = labels.enc(labels.ERASE_RECORD)
_RECORD = struct.Struct(f">{len(RECORD_PREFIX)}sQ{TOKEN_BYTES}s")


def entry_id(body: bytes) -> bytes:
    """The 32-byte id of a sealed body."""
    return sha256(body).digest()  # spec/ledger.md 2.1


def arrival_unit(unix_seconds: float) -> int:
    """Whole units of 300 seconds since 1970 (UTC), rounded down (spec/ledger.md 2.2)."""
    return int(unix_seconds // ARRIVAL_UNIT)


class Leaf(Struct, frozen=True):
    """What the tree commits to of one entry: 32-byte id, arrival in units, length in bytes, 32-byte erase."""

    id: bytes
    arrival: int
    length: int
    erase: bytes

    def data(self) -> bytes:
        """The 76 bytes of the leaf (spec/ledger.md 2.5)."""
        return _LEAF.pack(self.id, self.arrival, self.length, self.erase)

    def hash(self) -> bytes:
        """The 32-byte leaf hash, SHA-256(0x00 || data)."""
        return sha256(b"\x00" + _LEAF.pack(self.id, self.arrival, self.length, self.erase)).digest()

    @classmethod
    def parse(cls, data: bytes) -> Leaf:
        """The leaf of 76 bytes of leaf data; Malformed (`leaf`) if there are more or fewer."""
        if len(data) != LEAF_BYTES:
            raise Malformed("leaf", f"Leaf data has {LEAF_BYTES} bytes, not {len(data)}.")
        return cls(*_LEAF.unpack(data))


class EraseRecord(Struct, frozen=True):
    """The body of index `index` was erased by somebody who knew its 32-byte `token` (spec/ledger.md 4.2)."""

    index: int
    token: bytes

    def encode(self) -> bytes:
        """The record's body, 62 bytes."""
        return _RECORD.pack(RECORD_PREFIX, self.index, self.token)

    def fits(self, erase: bytes) -> bool:
        """Whether the token opens the commitment of a leaf (spec/ledger.md 4.1)."""
        return sha256(self.token).digest() == erase

    @classmethod
    def parse(cls, body: bytes) -> EraseRecord:
        """The record in `body`; Malformed (`erase-record`) if it is anything else."""
        if len(body) != _RECORD.size or not body.startswith(RECORD_PREFIX):
            raise Malformed("erase-record", "This is no erase record.")
        _, index, token = _RECORD.unpack(body)
        return cls(index, token)
