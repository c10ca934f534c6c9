"""What a store must do: hold logs, and make a group of changes durable together or not at all.

`log`, `read` and `record` may be called from any thread; `commit`, `leaves` and `probe` from one at a time.
A store raises RelayRefused `full` or `unavailable`, and nothing else, when its disk fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from msgspec import Struct

Row = tuple[bytes, bytes | None]
"""Leaf data (76 bytes) and the body, or None where it was erased."""


class Keys(Struct, frozen=True):
    """Hashes (32 bytes each) of a log's credential and control key."""

    credential: bytes
    control: bytes


class Rotation(Struct, frozen=True):
    """The keys that were replaced by the entry at `bound - 1`; they read on up to size `bound`."""

    bound: int
    keys: Keys


class LogRow(Struct, frozen=True):
    """A log as of its last commit. `stored`: bytes that count against its limit."""

    log: int
    keys: Keys
    size: int
    root: bytes
    stored: int
    rotations: tuple[Rotation, ...] = ()


class Snapshot(Struct, frozen=True):
    """Rows from `start` on, and the log's size, as of one moment."""

    size: int
    start: int
    rows: tuple[Row, ...]


class Founded(Struct, frozen=True):
    """Change: a new, empty log of this 32-byte name."""

    name: bytes
    keys: Keys


class Extended(Struct, frozen=True):
    """Change: rows appended at `start`, and what the log then is."""

    log: int
    start: int
    rows: tuple[tuple[bytes, bytes], ...]
    size: int
    root: bytes
    stored: int


class Erased(Struct, frozen=True):
    """Change: the body at `index` is gone; the erase record stands at `record`."""

    log: int
    index: int
    record: int


class Rotated(Struct, frozen=True):
    """Change: new keys; the old ones are bounded as `rotation` says."""

    log: int
    keys: Keys
    rotation: Rotation


Change = Founded | Extended | Erased | Rotated


class Store(Protocol):
    """Where logs are kept."""

    def seed(self) -> bytes:
        """The relay's 32-byte signing seed, made when the store was."""

    def log(self, name: bytes) -> LogRow | None:
        """The log of this 32-byte name, or None."""

    def leaves(self, log: int) -> Iterator[bytes]:
        """Leaf data of a log, in order."""

    def record(self, log: int, index: int) -> int | None:
        """The index of the erase record of `index`, or None where the body is there."""

    def read(self, log: int, start: int, most: int, most_bytes: int) -> Snapshot:
        """Rows from `start`, at most `most`, stopping once bodies have passed `most_bytes`."""

    def commit(self, changes: Sequence[Change]) -> None:
        """Make the changes durable, all or none, before it returns.

        When it raises they may have become durable nevertheless (a disk that fails late): ask `log`.
        """

    def probe(self) -> None:
        """Write something durably; raises as `commit` does."""

    def close(self) -> None:
        """Give back what the store holds; it is not used afterwards."""
