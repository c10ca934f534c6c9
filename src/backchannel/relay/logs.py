"""Logs in memory: each one's tree, the ids it holds, its keys; loaded when first used, dropped when long unused."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from threading import Lock

from backchannel.ledger import ed25519
from backchannel.ledger.checkpoint import Checkpoint, sign
from backchannel.ledger.leaf import Leaf
from backchannel.ledger.origin import origin_line
from backchannel.ledger.tree import Tree
from backchannel.relay.store import Keys, LogRow, Rotation, Store

_NOTES = 1024
_NOBODY = LogRow(0, Keys(bytes(32), bytes(32)), 0, b"", 0)


class Log:
    """One log. Only the sequencer's thread changes it; a tree only grows, so others may read it meanwhile."""

    __slots__ = ("arrival", "ids", "keys", "log", "name", "rotations", "stored", "tree", "used")

    def __init__(self, name: str, row: LogRow, leaves: list[Leaf]) -> None:
        self.name = name
        self.log = row.log
        self.keys = row.keys
        self.rotations = row.rotations
        self.stored = row.stored
        self.tree = Tree(leaf.hash() for leaf in leaves)
        self.ids = {leaf.id: index for index, leaf in enumerate(leaves)}
        self.arrival = leaves[-1].arrival if leaves else 0
        self.used = 0


class Book:
    """The logs that are loaded, at most `most_leaves` leaves in all (of the others, the longest unused goes)."""

    def __init__(self, store: Store, most_leaves: int) -> None:
        self._store = store
        self._most = most_leaves
        self._logs: dict[str, Log] = {}
        self._uses = 0
        self._loaded = False

    def get(self, name: str) -> Log | None:
        """The log, if it is loaded."""
        log = self._logs.get(name)
        if log is not None:
            self._uses += 1
            log.used = self._uses
        return log

    def load(self, name: str) -> Log | None:
        """The log, loaded if need be; None where there is none. For the sequencer's thread."""
        log = self.get(name)
        if log is None and (row := self._store.log(bytes.fromhex(name))) is not None:
            log = Log(name, row, [Leaf.parse(data) for data in self._store.leaves(row.log)])
            self._logs[name] = log
            self._loaded = True
            self.get(name)
        return log

    def drop(self, name: str) -> None:
        """Forget what is in memory of a log; it is read anew when next used."""
        self._logs.pop(name, None)

    def trim(self) -> None:
        """After a load, forget the longest unused while there are too many leaves. For the sequencer's thread."""
        if not self._loaded:
            return
        self._loaded = False
        logs = sorted(self._logs.values(), key=_used)
        total = sum(log.tree.size for log in logs)
        for log in logs[:-1]:
            if total <= self._most:
                break
            total -= log.tree.size
            self.drop(log.name)


class Signer:
    """Signs checkpoints with the relay's key, and keeps the last ones."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self.public = ed25519.public_key(seed)
        self._notes: dict[tuple[str, int], bytes] = {}
        self._lock = Lock()

    def note(self, log: Log, size: int) -> bytes:
        """The signed note for the first `size` leaves of the log (spec/ledger.md 5.4)."""
        key = (log.name, size)
        with self._lock:
            note = self._notes.get(key)
            if note is None:
                note = sign(Checkpoint(origin_line(log.name), size, log.tree.root(size)), self._seed)
                while len(self._notes) >= _NOTES:
                    self._notes.pop(next(iter(self._notes)))
                self._notes[key] = note
        return note


def bound_of(keys: Keys, rotations: tuple[Rotation, ...], digest: bytes, kind: Callable[[Keys], bytes]) -> int | None:
    """How far a key of this hash reaches: None without end, a size if it was rotated, -1 if it is no key here.

    Every comparison is made, in constant time (spec/relay.md 1.3).
    """
    found: int | None = None if hmac.compare_digest(kind(keys), digest) else -1
    for rotation in rotations:
        if hmac.compare_digest(kind(rotation.keys), digest) and found == -1:
            found = rotation.bound
    return found


def nobody() -> LogRow:
    """A log that no credential fits: what an unknown name is compared with."""
    return _NOBODY


def _used(log: Log) -> int:
    return log.used
