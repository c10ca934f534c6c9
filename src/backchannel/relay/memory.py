"""A store in memory: the model that the others are tested against, and a relay for tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Lock

from msgspec.structs import replace

from backchannel.ledger.tree import EMPTY_ROOT
from backchannel.relay.store import (
    Change,
    Erased,
    Extended,
    Founded,
    LogRow,
    Rotated,
    Row,
    Snapshot,
)


class MemoryStore:
    """Everything in dictionaries; nothing survives the process."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._lock = Lock()
        self._logs: dict[bytes, LogRow] = {}
        self._names: dict[int, bytes] = {}
        self._rows: dict[int, list[Row]] = {}
        self._records: dict[tuple[int, int], int] = {}

    def seed(self) -> bytes:
        """See Store."""
        return self._seed

    def log(self, name: bytes) -> LogRow | None:
        """See Store."""
        with self._lock:
            return self._logs.get(name)

    def leaves(self, log: int) -> Iterator[bytes]:
        """See Store."""
        with self._lock:
            return iter([leaf for leaf, _ in self._rows[log]])

    def record(self, log: int, index: int) -> int | None:
        """See Store."""
        with self._lock:
            return self._records.get((log, index))

    def read(self, log: int, start: int, most: int, most_bytes: int) -> Snapshot:
        """See Store."""
        with self._lock:
            rows: list[Row] = []
            total = 0
            held = self._rows[log]
            for leaf, body in held[start : start + most]:
                rows.append((leaf, body))
                total += len(body or b"")
                if total >= most_bytes:
                    break
            return Snapshot(len(held), start, tuple(rows))

    def commit(self, changes: Sequence[Change]) -> None:
        """See Store."""
        with self._lock:
            for change in changes:
                self._apply(change)

    def probe(self) -> None:
        """See Store."""

    def close(self) -> None:
        """See Store."""

    def _apply(self, change: Change) -> None:
        match change:
            case Founded(name, keys):
                log = len(self._logs) + 1
                self._logs[name] = LogRow(log, keys, 0, EMPTY_ROOT, 0)
                self._names[log] = name
                self._rows[log] = []
            case Extended(log, start, rows, size, root, stored):
                if start != len(self._rows[log]):
                    raise AssertionError("rows do not follow the log")
                self._rows[log] += rows
                self._update(log, size=size, root=root, stored=stored)
            case Erased(log, index, record):
                self._rows[log][index] = (self._rows[log][index][0], None)
                self._records[log, index] = record
            case Rotated(log, keys, rotation):
                row = self._logs[self._names[log]]
                self._update(log, keys=keys, rotations=(*row.rotations, rotation))

    def _update(self, log: int, **fields: object) -> None:
        name = self._names[log]
        self._logs[name] = replace(self._logs[name], **fields)
