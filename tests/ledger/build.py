"""A relay in miniature: builds logs and range answers, honest or not (also for tools/make_vectors_ledger.py)."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from msgspec.structs import replace

from backchannel.ledger import ed25519
from backchannel.ledger.checkpoint import Checkpoint, sign
from backchannel.ledger.leaf import ARRIVAL_UNIT, NO_ERASE, EraseRecord, Leaf
from backchannel.ledger.origin import log_name, origin_line
from backchannel.ledger.tree import Tree
from backchannel.ledger.wire import Range, Record

SEED = bytes(range(32))
PUBLIC = ed25519.public_key(SEED)
OTHER_SEED = bytes(range(1, 33))
ORIGIN = origin_line(log_name(bytes(32)))
OTHER_ORIGIN = origin_line(log_name(bytes([1]) * 32))
UNIT = 5_900_000
NOW = UNIT * ARRIVAL_UNIT + 10.0
"""Unix seconds: a moment within arrival unit UNIT."""


def token(index: int) -> bytes:
    """The erase token of the entry at this index."""
    return sha256(b"token %d" % index).digest()


def body(index: int, size: int = 20) -> bytes:
    """A body of `size` bytes, another one for every index."""
    return (b"%d:" % index).ljust(size, b".")


def record(index: int, *, arrival: int = UNIT, raw: bytes | None = None, erase: bytes | None = None) -> Record:
    """An entry that can be erased by token(index)."""
    raw = body(index) if raw is None else raw
    commitment = sha256(token(index)).digest() if erase is None else erase
    return Record(Leaf(sha256(raw).digest(), arrival, len(raw), commitment), raw)


def erase_record(index: int, key: bytes | None = None, arrival: int = UNIT) -> Record:
    """An erase record for `index`."""
    raw = EraseRecord(index, token(index) if key is None else key).encode()
    return record(0, arrival=arrival, raw=raw, erase=NO_ERASE)


def emptied(entry: Record) -> Record:
    """The entry with its body erased."""
    return replace(entry, body=None)


def root_of(records: list[Record]) -> bytes:
    """The root over the records' leaves."""
    return Tree(entry.leaf.hash() for entry in records).root()


def signed(size: int, root: bytes, *, origin: str = ORIGIN, seed: bytes = SEED) -> bytes:
    """A signed checkpoint."""
    return sign(Checkpoint(origin, size, root), seed)


def answer(
    records: list[Record],
    start: int = 0,
    *,
    head: int | None = None,
    origin: str = ORIGIN,
    seed: bytes = SEED,
    change: Callable[[Range], Range] = lambda made: made,
) -> Range:
    """What an honest relay answers that holds `records`, read from `start`; then `change`d."""
    note = signed(len(records), root_of(records), origin=origin, seed=seed)
    return change(Range(len(records) if head is None else head, note, start, tuple(records[start:])))
