"""The Merkle tree of RFC 6962, kept whole in memory, and its proofs (RFC 9162, 2.1.3 and 2.1.4).

Every level is one run of 32-byte hashes; only complete nodes are kept, so a node never changes once it is
there and the tree of any earlier size can be answered. About 64 bytes a leaf.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from msgspec import Struct

from backchannel.errors import Misuse

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves (RFC 6962, 2.1)."""


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data)."""
    return sha256(b"\x00" + data).digest()  # spec/ledger.md 2.5


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()  # spec/ledger.md 2.5


class Growth(Struct, frozen=True):
    """Leaves that could be appended to a tree of size `start`: new nodes by level, new size and root."""

    start: int
    size: int
    root: bytes
    levels: tuple[bytes, ...]


class Tree:
    """An append-only tree. Size and root of any size, proofs: O(log n)."""

    __slots__ = ("_levels", "_size")

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = []
        self._size = 0
        self.extend(leaf_hashes)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add one 32-byte leaf hash."""
        levels = self._levels
        index, depth, node = self._size, 0, leaf
        while True:
            if depth == len(levels):
                levels.append(bytearray())
            level = levels[depth]
            level += node
            if not index & 1:
                break
            node = sha256(b"\x01" + level[-64:]).digest()
            index >>= 1
            depth += 1
        self._size += 1

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add 32-byte leaf hashes."""
        for leaf in leaf_hashes:
            self.append(leaf)

    def plan(self, leaf_hashes: Sequence[bytes]) -> Growth:
        """The tree with `leaf_hashes` appended, worked out without changing this one; `apply` makes it so."""
        start, levels, depth = self._size, [], 0
        new: Sequence[bytes] = leaf_hashes
        count = start
        while new:
            levels.append(b"".join(new))
            # A lone node at the end of this level becomes the left half of the first new pair.
            row = [self._node(depth, count - 1), *new] if count & 1 else new
            new = [sha256(b"\x01" + row[i] + row[i + 1]).digest() for i in range(0, len(row) - 1, 2)]
            count >>= 1
            depth += 1
        size = start + len(leaf_hashes)
        return Growth(start, size, self._peaks(0, size, levels), tuple(levels))

    def root_with(self, leaf_hashes: Sequence[bytes]) -> bytes:
        """The root that the tree would have with `leaf_hashes` appended."""
        return self.plan(leaf_hashes).root

    def apply(self, growth: Growth) -> None:
        """Append what `plan` worked out; Misuse if the tree has grown since."""
        if growth.start != self._size:
            raise Misuse("tree", f"This growth is for size {growth.start}; the tree has {self._size} leaves.")
        while len(self._levels) < len(growth.levels):
            self._levels.append(bytearray())
        for level, nodes in zip(self._levels, growth.levels, strict=False):
            level += nodes
        self._size = growth.size

    def root(self, size: int | None = None) -> bytes:
        """The 32-byte root of the first `size` leaves (default: all)."""
        size = self._size if size is None else size
        self._within("size", 0, size, self._size)
        return self._peaks(0, size)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of leaf `index` in the tree of the first `size` leaves (RFC 9162, 2.1.3.1)."""
        self._within("size", 1, size, self._size)
        self._within("index", 0, index, size - 1)
        proof: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                proof.append(self._peaks(middle, high))
                high = middle
            else:
                proof.append(self._peaks(low, middle))
                low = middle
        return proof[::-1]

    def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the tree of `first` leaves is the start of that of `second` (RFC 9162, 2.1.4.1)."""
        self._within("second size", 1, second, self._size)
        self._within("first size", 1, first, second)
        proof: list[bytes] = []
        low, high = 0, second
        while first != high:
            middle = low + _split(high - low)
            if first <= middle:
                proof.append(self._peaks(middle, high))
                high = middle
            else:
                proof.append(self._peaks(low, middle))
                low = middle
        if low:
            proof.append(self._peaks(low, high))
        return proof[::-1]

    def _peaks(self, low: int, high: int, grown: Sequence[bytes] = ()) -> bytes:
        """Hash of the leaves low..high-1, where low is a multiple of a power of two that is >= high - low."""
        width = high - low
        if not width:
            return EMPTY_ROOT
        root = b""
        for depth in range(width.bit_length()):
            if width >> depth & 1:
                node = self._node(depth, (high >> depth) - 1, grown)
                root = node_hash(node, root) if root else node
        return root

    def _node(self, depth: int, index: int, grown: Sequence[bytes] = ()) -> bytes:
        count = self._size >> depth
        if index < count:
            return bytes(self._levels[depth][index * HASH_BYTES : (index + 1) * HASH_BYTES])
        at = (index - count) * HASH_BYTES
        return grown[depth][at : at + HASH_BYTES]

    @staticmethod
    def _within(name: str, least: int, value: int, most: int) -> None:
        if not least <= value <= most:
            raise Misuse("tree", f"The {name} must be from {least} to {most}, not {value}.")


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that leaf hash `leaf` stands at `index` in the tree of `size` with `root`."""
    # RFC 9162, 2.1.3.2 (spec/ledger.md 6)
    if not 0 <= index < size or not _hashes(leaf, *proof):
        return False
    fn, sn, node = index, size - 1, leaf
    for step in proof:
        if not sn:
            return False
        if fn & 1 or fn == sn:
            node = node_hash(step, node)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            node = node_hash(node, step)
        fn >>= 1
        sn >>= 1
    return not sn and node == root


def verify_consistency(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """Whether `proof` shows that the tree of `first` leaves is the start of that of `second`.

    From size 0 there is nothing to prove: refused as useless.
    """
    # RFC 9162, 2.1.4.2 (spec/ledger.md 6)
    if not 0 < first <= second or not _hashes(*proof):
        return False
    if first == second:
        return not proof and first_root == second_root
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    old = new = path[0]
    for step in path[1:]:
        if not sn:
            return False
        if fn & 1 or fn == sn:
            old = node_hash(step, old)
            new = node_hash(step, new)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            new = node_hash(new, step)
        fn >>= 1
        sn >>= 1
    return not sn and old == first_root and new == second_root


def _split(width: int) -> int:
    """The largest power of two smaller than `width` (which is at least 2)."""
    return 1 << ((width - 1).bit_length() - 1)


def _hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
