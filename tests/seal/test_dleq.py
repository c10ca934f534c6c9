"""One exponent for two points, and for many."""

from __future__ import annotations

import pytest

from backchannel.seal import dleq
from backchannel.seal import group as g
from tests.seal.kit import chance, refused, weakened
from tests.seal.test_group import BAD_POINTS, STRANGER, bits, fails
from tests.seal.test_schnorr import ELSEWHERE, HERE

RANDOM = chance("dleq")


def draw() -> g.Scalar:
    return g.random_scalar(RANDOM)


A, C = g.base(draw()), g.base(draw())
P, KEY = draw(), draw()
X, Y, H = g.mul(P, A), g.mul(P, C), g.base(KEY)


def test_it_holds_for_one_statement_and_context() -> None:
    proof = dleq.prove(P, A, X, C, Y, HERE, draw())
    assert len(proof) == dleq.SIZE
    assert dleq.holds(A, X, C, Y, proof, HERE)
    assert not any(dleq.holds(A, X, C, Y, proof, other) for other in ELSEWHERE)
    for wrong in ((C, X, A, Y), (A, Y, C, X), (A, STRANGER, C, Y), (A, X, C, STRANGER), (STRANGER, X, C, Y)):
        assert not dleq.holds(*wrong, proof, HERE)
    assert all(fails(dleq.holds, A, X, C, Y, wrong, HERE) for wrong in bits(proof))
    for cut in (proof[:-1], proof + b"\0"):
        with refused("scalar"):
            dleq.holds(A, X, C, Y, cut, HERE)


def test_two_exponents_prove_nothing() -> None:
    other = g.mul(draw(), C)
    assert not dleq.holds(A, X, C, other, dleq.prove(P, A, X, C, other, HERE, draw()), HERE)


@pytest.mark.parametrize("name", BAD_POINTS)
@pytest.mark.parametrize("place", range(4))
def test_bad_points_prove_nothing(name: str, place: int) -> None:
    points = [p if k != place else BAD_POINTS[name] for k, p in enumerate((A, X, C, Y))]
    proof = dleq.prove(P, A, X, C, Y, HERE, draw())
    with refused("point"):
        dleq.holds(points[0], points[1], points[2], points[3], proof, HERE)


def batch(count: int) -> tuple[list[g.Point], list[g.Point]]:
    m = [g.base(draw()) for _ in range(count)]
    return m, [g.mul(KEY, one) for one in m]


@pytest.mark.parametrize("count", [1, 2, 9])
def test_a_batch_holds_as_a_whole(count: int) -> None:
    m, d = batch(count)
    proof = dleq.prove_all(KEY, H, m, d, HERE, draw())
    assert dleq.all_hold(H, m, d, proof, HERE)
    assert not any(dleq.all_hold(H, m, d, proof, other) for other in ELSEWHERE)
    assert not dleq.all_hold(g.base(draw()), m, d, proof, HERE)
    assert all(fails(dleq.all_hold, H, m, d, wrong, HERE) for wrong in bits(proof))
    for k in range(count):
        for name in ("m", "d"):
            swapped = {"m": m, "d": d} | {
                name: [*{"m": m, "d": d}[name][:k], STRANGER, *{"m": m, "d": d}[name][k + 1 :]]
            }
            assert not dleq.all_hold(H, swapped["m"], swapped["d"], proof, HERE)
    if count > 1:
        assert not dleq.all_hold(H, m[::-1], d[::-1], proof, HERE)


@pytest.mark.parametrize("name", BAD_POINTS)
def test_bad_points_are_refused_in_a_batch(name: str) -> None:
    m, d = batch(2)
    proof = dleq.prove_all(KEY, H, m, d, HERE, draw())
    for statement in (([BAD_POINTS[name], m[1]], d), (m, [d[0], BAD_POINTS[name]])):
        with refused("point"):
            dleq.all_hold(H, *statement, proof, HERE)


def test_wrong_points_cannot_make_good_for_each_other() -> None:
    """Without weights, two wrong shares whose errors cancel would pass."""
    m, d = batch(2)
    wrong = [g.add(d[0], STRANGER), g.sub(d[1], STRANGER)]
    assert not dleq.all_hold(H, m, wrong, dleq.prove_all(KEY, H, m, wrong, HERE, draw()), HERE)
    weak = weakened("seal.dleq", ("g.hash_scalar(labels.SOUNDING_WEIGHT, seed, z)", "g.small(1)"))
    assert weak.all_hold(H, m, wrong, weak.prove_all(KEY, H, m, wrong, HERE, draw()), HERE)


def test_weights_are_bound_to_what_they_weigh() -> None:
    """With weights known beforehand, errors are chosen to cancel: so they are made of the points themselves."""
    m, d = batch(2)
    weak = weakened("seal.dleq", ("h, enc(*m), enc(*d))", 'b"")'))
    w = weak._weights(H, m, d, HERE)
    wrong = [g.add(d[0], g.mul(w[1], STRANGER)), g.sub(d[1], g.mul(w[0], STRANGER))]
    assert weak.all_hold(H, m, wrong, weak.prove_all(KEY, H, m, wrong, HERE, draw()), HERE)
    assert not dleq.all_hold(H, m, wrong, dleq.prove_all(KEY, H, m, wrong, HERE, draw()), HERE)
