"""The prime-order subgroup of edwards25519 (libsodium through PyNaCl): the only importer of the group library.

Points and scalars are 32 bytes. libsodium's multiplication refuses identity, small-order, mixed-order and non-canonical
points, its addition checks nothing, and it takes unreduced scalars: so every point from elsewhere enters through `mul`
or `point`, every scalar through `scalar`, and sums are compared rather than subtracted to the identity
(spec/sounding.md, 1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from hashlib import sha512
from typing import TypeAlias, TypeVar

import nacl.bindings as _sodium
from nacl.exceptions import RuntimeError as SodiumRefusal

from backchannel.errors import Malformed
from backchannel.labels import enc

Point: TypeAlias = bytes
Scalar: TypeAlias = bytes
T = TypeVar("T")
R = TypeVar("R")

L = 2**252 + 27742317777372353535851937790883648493
"""The order of the group."""

ONE: Scalar = (1).to_bytes(32, "little")
BASE: Point = _sodium.crypto_scalarmult_ed25519_base_noclamp(ONE)
IDENTITY: Point = ONE
"""The encoding of the neutral element: never accepted, never sent."""

_THREADS = 2
_WORTHWHILE = 8
_pool: list[ThreadPoolExecutor] = []


def point(raw: bytes) -> Point:
    """A point of the group from elsewhere; `Malformed("point")` for any other 32 bytes, the identity among them."""
    if len(raw) != 32 or not _sodium.crypto_core_ed25519_is_valid_point(raw):
        raise Malformed("point", "An entry holds a number that is not of the kind that was agreed.")
    return raw


def scalar(raw: bytes) -> Scalar:
    """A scalar from elsewhere; `Malformed("scalar")` unless it is 32 bytes, little-endian, below L."""
    if len(raw) != 32 or int.from_bytes(raw, "little") >= L:
        raise Malformed("scalar", "An entry holds a number that is not of the kind that was agreed.")
    return raw


def scalars(raw: bytes, count: int) -> tuple[Scalar, ...]:
    """So many scalars from elsewhere, one after the other; `Malformed("scalar")` for another length too."""
    if len(raw) != 32 * count:
        raise Malformed("scalar", "An entry holds a number that is not of the kind that was agreed.")
    return tuple(scalar(raw[k : k + 32]) for k in range(0, len(raw), 32))


def random_scalar(random: Callable[[int], bytes]) -> Scalar:
    """A uniform scalar, not zero."""
    while True:
        found = _sodium.crypto_core_ed25519_scalar_reduce(random(64))
        if found != bytes(32):
            return found


def hash_scalar(label: str, *parts: str | bytes | int) -> Scalar:
    """Hs(label, ..): SHA-512 of the encoding, reduced mod L."""
    return _sodium.crypto_core_ed25519_scalar_reduce(sha512(enc(label, *parts)).digest())


def small(number: int) -> Scalar:
    """A small public integer as a scalar."""
    return number.to_bytes(32, "little")


def plus(a: Scalar, b: Scalar) -> Scalar:
    """a + b mod L."""
    return _sodium.crypto_core_ed25519_scalar_add(a, b)


def minus(a: Scalar, b: Scalar) -> Scalar:
    """a - b mod L."""
    return _sodium.crypto_core_ed25519_scalar_sub(a, b)


def times(a: Scalar, b: Scalar) -> Scalar:
    """a b mod L."""
    return _sodium.crypto_core_ed25519_scalar_mul(a, b)


def base(a: Scalar) -> Point:
    """aB; `Malformed("point")` if a is zero."""
    try:
        return _sodium.crypto_scalarmult_ed25519_base_noclamp(a)
    except SodiumRefusal as problem:
        raise Malformed("point", "A number in an entry has no effect, which is not allowed.") from problem


def mul(a: Scalar, p: Point) -> Point:
    """aP, constant time; `Malformed("point")` if the result is the identity, or P is no point of the group."""
    try:
        return _sodium.crypto_scalarmult_ed25519_noclamp(a, p)
    except SodiumRefusal as problem:
        raise Malformed("point", "A number in an entry has no effect, which is not allowed.") from problem


def add(p: Point, q: Point) -> Point:
    """P + Q. Both must be valid; the result may be `IDENTITY`, which the caller must not accept."""
    return _sodium.crypto_core_ed25519_add(p, q)


def sub(p: Point, q: Point) -> Point:
    """P - Q. Both must be valid; the result may be `IDENTITY`, which the caller must not accept."""
    return _sodium.crypto_core_ed25519_sub(p, q)


def total(points: Iterable[Point]) -> Point:
    """The sum of one or more points; may be `IDENTITY`."""
    return reduce(add, points)


def combination(scalars: Sequence[Scalar], points: Sequence[Point]) -> Point:
    """The sum of all aP, on every core; may be `IDENTITY`."""
    terms = list(zip(scalars, points, strict=True))
    return total(_shared(lambda part: total(mul(a, p) for a, p in part), terms))


def each(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    """`work` on each of the items, on every core."""
    return [found for part in _shared(lambda part: [work(item) for item in part], items) for found in part]


def _shared(work: Callable[[Sequence[T]], R], items: Sequence[T]) -> list[R]:
    """`work` on parts of the items, one for each core: libsodium runs without the interpreter's lock."""
    if len(items) < _WORTHWHILE:
        return [work(items)]
    if not _pool:
        _pool.append(ThreadPoolExecutor(_THREADS - 1, thread_name_prefix="group"))
    half = len(items) // _THREADS
    other = _pool[0].submit(work, items[:half])
    mine = work(items[half:])
    return [other.result(), mine]


def self_test() -> None:
    """Refuse to work with a library that does not check: P + (0, -1) is of mixed order and must be no valid point."""
    mixed = add(BASE, (2**255 - 20).to_bytes(32, "little"))
    for use in (point, lambda raw: mul(small(8), raw)):
        try:
            use(mixed)
        except Malformed:
            continue
        raise RuntimeError("this libsodium takes points of mixed order (CVE-2025-69277): PyNaCl 1.6.2 is needed")


self_test()
