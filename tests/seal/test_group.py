"""The group: what enters it, and what the library that it stands on refuses by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.errors import Malformed
from backchannel.seal import group as g
from tests.seal.kit import chance, refused, weakened

P = 2**255 - 19
ORDER_8 = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
STRANGER = g.base(g.small(7))


def little(number: int) -> bytes:
    return number.to_bytes(32, "little")


def valid(raw: bytes) -> bool:
    try:
        return g.point(raw) == raw
    except Malformed:
        return False


BAD_POINTS = {
    "identity": g.IDENTITY,
    "order 2": little(P - 1),
    "order 4": bytes(32),
    "order 8": ORDER_8,
    "mixed, order 2": g.add(STRANGER, little(P - 1)),
    "mixed, order 8": g.add(STRANGER, ORDER_8),
    "not canonical": little(3 + P),  # no y below 19 belongs to a point of the group
    "identity, not canonical": little(1 + P),
    "identity, negative": little(1 + 2**255),
    "not on the curve": little(2),
    "all ones": b"\xff" * 32,
}
"""32 bytes that are no point of the group."""

SCALARS = st.integers(1, g.L - 1).map(little)


@pytest.mark.parametrize("name", BAD_POINTS)
def test_what_is_no_point_is_refused(name: str) -> None:
    with refused("point"):
        g.point(BAD_POINTS[name])
    with refused("point"):
        g.mul(g.small(5), BAD_POINTS[name])


@pytest.mark.parametrize("raw", [b"", STRANGER[:31], STRANGER + b"\0"])
def test_a_point_has_32_bytes(raw: bytes) -> None:
    with refused("point"):
        g.point(raw)


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(33), little(g.L), little(g.L + 1), little(2**256 - 1)])
def test_what_is_no_scalar_is_refused(raw: bytes) -> None:
    with refused("scalar"):
        g.scalar(raw)
    with refused("scalar"):
        g.scalars(little(3) + raw, 2)


def test_scalars_are_cut_exactly() -> None:
    assert g.scalars(little(3) + little(g.L - 1), 2) == (little(3), little(g.L - 1))
    for raw in (little(3) * 3, little(3)):
        with refused("scalar"):
            g.scalars(raw, 2)


def test_a_product_is_never_the_identity() -> None:
    for zero in (bytes(32), little(g.L)):
        with refused("point"):
            g.base(zero)
        with refused("point"):
            g.mul(zero, STRANGER)


def test_addition_checks_nothing_by_itself() -> None:
    """The trap that `mul` and `point` are there for; should the library learn to check, this test tells."""
    assert g.sub(STRANGER, STRANGER) == g.IDENTITY
    assert not valid(g.add(STRANGER, ORDER_8))


@given(SCALARS, SCALARS)
def test_it_is_a_group_and_scalars_are_its_field(a: bytes, b: bytes) -> None:
    assert g.base(a) == g.mul(a, g.BASE)
    assert g.add(g.base(a), g.base(b)) == (g.base(g.plus(a, b)) if g.plus(a, b) != bytes(32) else g.IDENTITY)
    assert g.mul(a, g.base(b)) == g.base(g.times(a, b)) == g.mul(b, g.base(a))
    assert g.plus(g.minus(a, b), b) == a
    assert g.total([g.base(a), g.base(b), g.BASE]) == g.add(g.BASE, g.add(g.base(b), g.base(a)))


def test_scalars_are_uniform_and_not_zero() -> None:
    wide = [bytes(64), little(g.L) + bytes(32), b"\xff" * 64]
    assert g.random_scalar(lambda n: wide.pop(0)) == little((2**512 - 1) % g.L)
    assert wide == []
    found = {g.random_scalar(chance(f"scalar {k}")) for k in range(100)}
    assert len(found) == 100
    assert all(0 < int.from_bytes(s, "little") < g.L for s in found)


def test_hashed_scalars_keep_labels_and_parts_apart() -> None:
    made = [("a", b"bc"), ("ab", b"c"), ("a", b"b", b"c"), ("a", 1), ("a", 2)]
    assert len({g.hash_scalar(*parts) for parts in made}) == len(made)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 100, 101])
def test_each_keeps_the_order(count: int) -> None:
    seen: set[str] = set()

    def work(k: int) -> int:
        seen.add(threading.current_thread().name)
        return k * k

    assert g.each(work, range(count)) == [k * k for k in range(count)]
    assert len(seen) == (2 if count >= 8 else min(count, 1))


@pytest.mark.parametrize("bad", [0, 99])
def test_each_tells_what_failed_wherever_it_ran(bad: int) -> None:
    def work(k: int) -> int:
        if k == bad:
            raise Malformed("point", "Bad.")
        return k

    with refused("point"):
        g.each(work, range(100))


@pytest.mark.parametrize(
    "old",
    ["not _sodium.crypto_core_ed25519_is_valid_point(raw)", "_sodium.crypto_scalarmult_ed25519_noclamp(a, p)"],
)
def test_a_library_that_does_not_check_is_not_worked_with(old: str) -> None:
    """CVE-2025-69277: libsodium took points of mixed order; a build without checks takes anything."""
    new = {"not": "False", "_sodium": "p"}[old.partition(" ")[0].partition(".")[0]]
    with pytest.raises(RuntimeError, match="mixed order"):
        weakened("seal.group", (old, new))


def bits(raw: bytes) -> list[Any]:
    return [raw[:k] + bytes([raw[k] ^ 1]) + raw[k + 1 :] for k in range(0, len(raw), 8)]


Holds = Callable[..., bool]


def fails(holds: Holds, *parts: Any) -> bool:
    """Whether a proof does not hold, or is refused before that."""
    try:
        return not holds(*parts)
    except Malformed as problem:
        return problem.code in ("point", "scalar")


@pytest.mark.parametrize("use", ["point", "mul"])
def test_the_self_test_tries_both_ways_in(monkeypatch: pytest.MonkeyPatch, use: str) -> None:
    g.self_test()
    monkeypatch.setattr(g, use, lambda *parts: parts[-1])
    with pytest.raises(RuntimeError, match="mixed order"):
        g.self_test()


def test_a_point_of_the_group_is_taken_as_it_is() -> None:
    assert g.point(g.BASE) == g.BASE
