"""One desk's verified view of one log, and whether the relay still says the same (spec/ledger.md, 7-9).

`check` works everything out without changing anything; `commit` makes it so. A fault leaves the history
as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec import Struct

from backchannel.errors import Malformed, Misuse
from backchannel.ledger.checkpoint import Checkpoint, open_checkpoint
from backchannel.ledger.faults import fault
from backchannel.ledger.leaf import ARRIVAL_UNIT, LEAF_BYTES, NO_ERASE, EraseRecord, Leaf, entry_id
from backchannel.ledger.tree import Growth, Tree
from backchannel.ledger.wire import Range, Record

CLOCK_SLACK = ARRIVAL_UNIT + 600
"""Seconds between an arrival and this desk's clock: a unit, and 10 minutes of skew (spec/ledger.md 7.5)."""


class Seen(Struct, frozen=True):
    """A record at its index in the log; body None where it was erased."""

    index: int
    leaf: Leaf
    body: bytes | None


class Erasure(Struct, frozen=True):
    """The body at `index` was erased by the erase record at `record`."""

    index: int
    record: int


class Verified(Struct, frozen=True):
    """An answer of the relay that passed every check, not yet taken over.

    `checkpoint` is what the relay signed and `note` the bytes of it (worth keeping: the proof if it lies).
    `synced` is the hour at which the desk asked, where the answer reached the log's head.
    """

    records: tuple[Seen, ...]
    erasures: tuple[Erasure, ...]
    at_head: bool
    checkpoint: Checkpoint
    note: bytes
    synced: float | None
    growth: Growth
    owed: tuple[int, ...]


class History:
    """The split-view monitor of one log.

    origin: the log's origin line. public_key: the relay's, 32 bytes, from the invitation. leaves: 76 bytes
    each, already verified by this desk. owed: indices of missing bodies whose erase record is not yet seen.
    erased: index -> index of its erase record. synced: unix seconds at which the desk asked when it last
    reached the log's head.
    """

    def __init__(
        self,
        origin: str,
        public_key: bytes,
        leaves: Iterable[bytes] = (),
        *,
        owed: Iterable[int] = (),
        erased: Mapping[int, int] | None = None,
        synced: float | None = None,
    ) -> None:
        self.origin = origin
        self.public_key = public_key
        held = [Leaf.parse(data) for data in leaves]
        self._leaves = bytearray(b"".join(leaf.data() for leaf in held))
        self._tree = Tree(leaf.hash() for leaf in held)
        self._ids = {leaf.id: index for index, leaf in enumerate(held)}
        self._arrival = held[-1].arrival if held else 0
        self._owed = set(owed)
        self._erased = dict(erased or {})
        self._synced = synced

    @property
    def size(self) -> int:
        """How many leaves this desk has verified."""
        return self._tree.size

    @property
    def owed(self) -> frozenset[int]:
        """Indices of missing bodies whose erase record is not yet seen."""
        return frozenset(self._owed)

    @property
    def erased(self) -> Mapping[int, int]:
        """Index of each erased body -> index of its erase record."""
        return MappingProxyType(self._erased)

    @property
    def synced(self) -> float | None:
        """When (unix seconds) the desk asked when it last reached the log's head."""
        return self._synced

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves (default: all); Misuse if there are fewer."""
        return self._tree.root(size)

    def leaf(self, index: int) -> Leaf:
        """The leaf at `index`; Misuse if there is none."""
        if not 0 <= index < self.size:
            raise Misuse("index", f"There is no entry {index}; this desk holds {self.size}.")
        return Leaf.parse(bytes(self._leaves[index * LEAF_BYTES : (index + 1) * LEAF_BYTES]))

    def find(self, entry: bytes) -> int | None:
        """The index of the entry with this 32-byte id, or None."""
        return self._ids.get(entry)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of `index` in the tree of `size`, for somebody who does not hold the log."""
        return self._tree.inclusion(index, size)

    def check(self, answer: Range, now: float, asked: float | None = None) -> Verified:
        """All checks of spec/ledger.md 7 on a range answer; changes nothing.

        now: this desk's clock, unix seconds. asked: the same clock when the desk sent the question
        (default: now). RelayFault with a code of spec/ledger.md 9.
        """
        start = self.size
        if answer.head < start:
            raise fault("rollback", f"It claims {answer.head} entries; this desk has seen {start}.")
        point = open_checkpoint(answer.checkpoint, self.origin, self.public_key)  # spec/ledger.md 7.1
        end = start + len(answer.records)
        if answer.start != start or point.size != end or answer.head < end:  # spec/ledger.md 7.1
            raise fault("range")
        seen, hashes, missing, records = self._leaves_of(answer.records, start)
        growth = self._tree.plan(hashes)
        if growth.root != point.root:  # spec/ledger.md 7.4
            raise fault("root", f"It signed {end} entries with another content.")
        if seen:
            self._clock(seen, now)
        erasures = self._erasures(seen, records)
        owed = (self._owed | missing).difference(erasure.index for erasure in erasures)
        at_head = end == answer.head
        if at_head and owed:  # spec/ledger.md 7.6
            raise fault("erased", f"There is no leave to erase entry {min(owed)}.")
        hour = (now if asked is None else asked) if at_head else None
        note = answer.checkpoint
        return Verified(tuple(seen), erasures, at_head, point, note, hour, growth, tuple(sorted(owed)))

    def commit(self, verified: Verified) -> None:
        """Take over what `check` found good; Misuse if this history has moved since."""
        self._tree.apply(verified.growth)
        for seen in verified.records:
            self._leaves += seen.leaf.data()
            self._ids[seen.leaf.id] = seen.index
        if verified.records:
            self._arrival = verified.records[-1].leaf.arrival
        for erasure in verified.erasures:
            self._erased[erasure.index] = erasure.record
        self._owed = set(verified.owed)
        if verified.synced is not None:
            self._synced = verified.synced

    def check_head(self, note: bytes) -> Checkpoint:
        """A signed note that the relay calls the log's head, against what this desk has seen.

        Changes nothing. RelayFault `checkpoint`, `origin`, `signature`, `rollback` (it is older), `root` (of
        the same size and another content).
        """
        point = open_checkpoint(note, self.origin, self.public_key)
        if point.size < self.size:
            raise fault("rollback", f"It claims {point.size} entries; this desk has seen {self.size}.")
        if point.size == self.size and point.root != self.root():
            raise fault("root", f"It signed {point.size} entries with another content.")
        return point

    def check_past(self, note: bytes, size: int) -> Checkpoint:
        """A signed note of the first `size` leaves, all of which this desk holds.

        RelayFault `checkpoint`, `origin`, `signature`, `root` (of another size, or another content).
        """
        point = open_checkpoint(note, self.origin, self.public_key)
        if (point.size, point.root) != (size, self.root(size)):
            raise fault("root", f"Asked for {size} entries, it signed {point.size}, or other content.")
        return point

    def check_body(self, index: int, body: bytes) -> None:
        """That a body which is read again is the one of the leaf at `index`; RelayFault `length` or `id`."""
        _body(index, self.leaf(index), body)

    def gossip(self, size: int, root: bytes, position: int) -> None:
        """What the author of the entry at `position` had verified, against this history (spec/ledger.md 8).

        RelayFault `fork` where it differs; Misuse where this desk has not verified the entry itself.
        """
        if not 0 <= position < self.size:
            raise Misuse("index", f"There is no entry {position}; this desk holds {self.size}.")
        if not 0 <= size <= position or root != self._tree.root(size):  # spec/ledger.md 8
            raise fault("fork", f"Seen in entry {position}.")

    def _leaves_of(
        self, answer: Iterable[Record], start: int
    ) -> tuple[list[Seen], list[bytes], set[int], list[tuple[int, EraseRecord]]]:
        """The records as seen, their leaf hashes, indices of missing bodies, erase records by index."""
        held, new = self._ids, set[bytes]()
        seen: list[Seen] = []
        hashes: list[bytes] = []
        missing: set[int] = set()
        records: list[tuple[int, EraseRecord]] = []
        last = self._arrival
        for index, record in enumerate(answer, start):
            leaf, body = record.leaf, record.body
            if body is None:
                missing.add(index)  # spec/ledger.md 7.2
            else:
                _body(index, leaf, body)
            if leaf.erase == NO_ERASE:
                records.append((index, _erase_record(index, body)))
            if leaf.id in held or leaf.id in new:  # spec/ledger.md 3, 7.3
                raise fault("repeat", f"Seen at entry {index}.")
            if leaf.arrival < last:  # spec/ledger.md 2.2, 7.3
                raise fault("arrival", f"Entry {index} is dated before the one ahead of it.")
            last = leaf.arrival
            new.add(leaf.id)
            hashes.append(leaf.hash())
            seen.append(Seen(index, leaf, body))
        return seen, hashes, missing, records

    def _clock(self, seen: list[Seen], now: float) -> None:
        """Arrivals against this desk's clock (spec/ledger.md 7.5); they do not fall: the ends are enough."""
        first, last = seen[0], seen[-1]
        if last.leaf.arrival * ARRIVAL_UNIT > now + CLOCK_SLACK:
            raise fault("arrival", f"Entry {last.index} is dated ahead of now.")
        # A clock that was ahead and has been put right must not make the relay look guilty: hence min().
        if self._synced is not None:
            since = min(self._synced, now)
            if first.leaf.arrival * ARRIVAL_UNIT < since - CLOCK_SLACK:
                raise fault("arrival", f"Entry {first.index} is backdated: this desk read past that hour.")

    def _erasures(self, seen: list[Seen], records: list[tuple[int, EraseRecord]]) -> tuple[Erasure, ...]:
        start, done = self.size, set(self._erased)
        erasures: list[Erasure] = []
        for index, record in records:
            target = record.index
            if target >= index or target in done:  # spec/ledger.md 4.4
                raise fault("erased", f"The erase record at entry {index} is not valid.")
            leaf = self.leaf(target) if target < start else seen[target - start].leaf
            if not record.fits(leaf.erase):  # spec/ledger.md 4.4
                raise fault("erased", f"The erase record at entry {index} is not valid.")
            done.add(target)
            erasures.append(Erasure(target, index))
        return tuple(erasures)


def _body(index: int, leaf: Leaf, body: bytes) -> None:
    if len(body) != leaf.length:  # spec/ledger.md 7.3
        raise fault("length", f"Seen at entry {index}.")
    if entry_id(body) != leaf.id:  # spec/ledger.md 7.2
        raise fault("id", f"Seen at entry {index}.")


def _erase_record(index: int, body: bytes | None) -> EraseRecord:
    """The erase record that a leaf without commitment must be (spec/ledger.md 4.2)."""
    try:
        return EraseRecord.parse(body or b"")
    except Malformed as error:
        raise fault("erased", f"Entry {index} is neither an entry nor an erase record.") from error
