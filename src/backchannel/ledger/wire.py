"""How entries travel between desk and relay: frames to append, ranges to read (spec/relay.md, 4 and 5)."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from msgspec import Struct

from backchannel.errors import Malformed
from backchannel.ledger.leaf import Leaf, entry_id

MOST_FRAMES = 256
MOST_BODY = 1 << 20
MOST_RECORDS = 4096
_MOST_CHECKPOINT = 4096

_FRAME = struct.Struct(">I32s")
_HEAD = struct.Struct(">QI")
_START = struct.Struct(">Q")
_RECORD = struct.Struct(">BQI32s")
_ID_BYTES = 32
ERASED, PRESENT = 0, 1
_ERASED, _PRESENT = b"\0", b"\1"


class TooLong(Malformed):
    """An entry has more bytes than whoever reads it allows."""


class Frame(Struct, frozen=True):
    """One entry to append: the 32-byte commitment to its erase token, and the sealed body."""

    erase: bytes
    body: bytes


class Record(Struct, frozen=True):
    """One entry read: its leaf, and its body, or None where it was erased."""

    leaf: Leaf
    body: bytes | None


class Range(Struct, frozen=True):
    """An answer to a read: the log's claimed size, a signed note for its own end, records from `start`."""

    head: int
    checkpoint: bytes
    start: int
    records: tuple[Record, ...]


def encode_frames(frames: Iterable[Frame]) -> bytes:
    """`length (4) || erase (32) || body` for each (spec/relay.md 4.1)."""
    return b"".join(_FRAME.pack(len(frame.body), frame.erase) + frame.body for frame in frames)


def decode_frames(raw: bytes, *, most: int = MOST_FRAMES, most_body: int = MOST_BODY) -> list[Frame]:
    """The frames of an append. Malformed `empty`, `truncated`, `count`, `length` (spec/relay.md 4.1)."""
    frames: list[Frame] = []
    at, end = 0, len(raw)
    while at < end:
        if len(frames) == most:
            raise Malformed("count", f"At most {most} entries can be appended at once.")
        if end - at < _FRAME.size:
            raise Malformed("truncated", "The last entry is cut off.")
        length, erase = _FRAME.unpack_from(raw, at)
        at += _FRAME.size
        _body_length(length, most_body)
        if end - at < length:
            raise Malformed("truncated", "The last entry is cut off.")
        frames.append(Frame(erase, raw[at : at + length]))
        at += length
    if not frames:
        raise Malformed("empty", "There is no entry to append.")
    return frames


def encode_range(answer: Range) -> bytes:
    """The bytes of a range answer (spec/relay.md 5.1)."""
    rows = [(record.leaf.data(), record.body) for record in answer.records]
    return encode_rows(answer.head, answer.checkpoint, answer.start, rows)


def encode_rows(head: int, checkpoint: bytes, start: int, rows: Iterable[tuple[bytes, bytes | None]]) -> bytes:
    """As `encode_range`, from 76-byte leaf data and bodies as a store holds them (spec/relay.md 5.2)."""
    parts = [_HEAD.pack(head, len(checkpoint)), checkpoint, _START.pack(start)]
    for leaf, body in rows:
        parts += (_ERASED, leaf[_ID_BYTES:], leaf[:_ID_BYTES]) if body is None else (_PRESENT, leaf[_ID_BYTES:], body)
    return b"".join(parts)


def decode_range(raw: bytes, *, most: int = MOST_RECORDS, most_body: int = MOST_BODY) -> Range:
    """The range answer of these bytes; the id of a record with a body is recomputed from it.

    Malformed `truncated`, `count` (more than `most` records), `length` (of body or checkpoint), `state`.
    """
    end = len(raw)
    if end < _HEAD.size:
        raise Malformed("truncated", "The relay's answer is cut off.")
    head, length = _HEAD.unpack_from(raw)
    at = _HEAD.size + length
    if length > _MOST_CHECKPOINT:
        raise Malformed("length", "The relay's checkpoint is too long.")
    if end < at + _START.size:
        raise Malformed("truncated", "The relay's answer is cut off.")
    checkpoint = raw[_HEAD.size : at]
    (start,) = _START.unpack_from(raw, at)
    at += _START.size
    records: list[Record] = []
    while at < end:
        if len(records) == most:
            raise Malformed("count", f"The relay's answer has more than {most} entries.")
        if end - at < _RECORD.size:
            raise Malformed("truncated", "The relay's answer is cut off.")
        state, arrival, length, erase = _RECORD.unpack_from(raw, at)
        at += _RECORD.size
        _body_length(length, most_body)
        if state > PRESENT:
            raise Malformed("state", "The relay's answer has an entry that is neither there nor erased.")
        size = length if state == PRESENT else _ID_BYTES
        if end - at < size:
            raise Malformed("truncated", "The relay's answer is cut off.")
        rest = raw[at : at + size]
        at += size
        if state == PRESENT:
            records.append(Record(Leaf(entry_id(rest), arrival, length, erase), rest))  # spec/ledger.md 7.2
        else:
            records.append(Record(Leaf(rest, arrival, length, erase), None))
    return Range(head, checkpoint, start, tuple(records))


def _body_length(length: int, most: int) -> None:
    if not 1 <= length <= most:  # spec/ledger.md 2.3
        family = TooLong if length > most else Malformed
        raise family("length", f"An entry has from 1 to {most} bytes, not {length}.")
