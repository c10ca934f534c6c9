"""Identifiers: fixed-length byte strings with a meaning each."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

Bytes16: TypeAlias = Annotated[bytes, Meta(min_length=16, max_length=16)]
Bytes32: TypeAlias = Annotated[bytes, Meta(min_length=32, max_length=32)]
Bytes64: TypeAlias = Annotated[bytes, Meta(min_length=64, max_length=64)]

ChannelId: TypeAlias = Bytes32
"""32 random bytes, known to the channel's seats only (spec/ledger.md, 1)."""

EntryId: TypeAlias = Bytes32
"""SHA-256 of an entry's sealed body (spec/ledger.md, 2)."""

SeatId: TypeAlias = Bytes16
"""The first 16 bytes of a seat's fingerprint (spec/sealing.md, 2)."""

ChainId: TypeAlias = Bytes32
"""Commitment to a chain's first key and its audience (spec/sealing.md, 5)."""

Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""A size, position, sequence number or epoch: 0 to 2^63 - 1."""

ZERO32 = bytes(32)
