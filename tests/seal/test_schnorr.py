"""Knowledge of a key, and of what a ballot is made of."""

from __future__ import annotations

from itertools import product

import pytest

from backchannel.seal import group as g
from backchannel.seal import schnorr
from backchannel.seal.schnorr import Opening
from backchannel.seal.transcript import context
from tests.seal.kit import chance, refused, weakened
from tests.seal.test_group import BAD_POINTS, bits, fails

RANDOM = chance("schnorr")
HERE = context(b"sid", b"seat", b"th", 3)
ELSEWHERE = [
    context(b"sid2", b"seat", b"th", 3),
    context(b"sid", b"seat2", b"th", 3),
    context(b"sid", b"seat", b"th2", 3),
    context(b"sid", b"seat", b"th", 4),
    context(b"sid", b"seat", b"th"),
]
X = g.random_scalar(RANDOM)
H = g.base(X)
ZERO = bytes(32)


def draw() -> g.Scalar:
    return g.random_scalar(RANDOM)


def ballot(answers: list[bool]) -> tuple[list[Opening], list[schnorr.Pair]]:
    openings = [Opening(r, ZERO, r) if yes else Opening(r, draw(), ZERO) for yes in answers for r in [draw()]]
    pairs = [(g.base(o.r), g.mul(o.b, H) if o.a == ZERO else g.base(o.a)) for o in openings]
    return openings, pairs


def proved(openings: list[Opening], pairs: list[schnorr.Pair]) -> bytes:
    return schnorr.prove_all(openings, H, pairs, HERE, Opening(draw(), draw(), draw()))


def test_a_key_is_proved_for_one_context() -> None:
    proof = schnorr.prove(X, H, HERE, draw())
    assert len(proof) == schnorr.SIZE
    assert schnorr.holds(H, proof, HERE)
    assert not any(schnorr.holds(H, proof, other) for other in ELSEWHERE)
    assert not schnorr.holds(g.base(draw()), proof, HERE)
    assert all(fails(schnorr.holds, H, wrong, HERE) for wrong in bits(proof))


def test_without_the_key_there_is_no_proof() -> None:
    """A rogue key, made of the others' to cancel them."""
    rogue = g.sub(g.base(draw()), H)
    assert not schnorr.holds(rogue, schnorr.prove(draw(), rogue, HERE, draw()), HERE)


@pytest.mark.parametrize("name", BAD_POINTS)
def test_bad_points_prove_nothing(name: str) -> None:
    bad = BAD_POINTS[name]
    with refused("point"):
        schnorr.holds(bad, schnorr.prove(X, bad, HERE, draw()), HERE)
    openings, pairs = ballot([True, False])
    for k, which in product(range(2), range(2)):
        wrong = [tuple(bad if (k, which) == (i, j) else p for j, p in enumerate(pair)) for i, pair in enumerate(pairs)]
        with refused("point"):
            schnorr.all_hold(H, wrong, proved(openings, wrong), HERE)  # type: ignore[arg-type]


@pytest.mark.parametrize("answers", [*product([True, False], repeat=3), (True,), (False,) * 9])
def test_a_ballot_is_proved_for_one_context_and_order(answers: tuple[bool, ...]) -> None:
    openings, pairs = ballot(list(answers))
    proof = proved(openings, pairs)
    assert len(proof) == schnorr.SIZE_ALL
    assert schnorr.all_hold(H, pairs, proof, HERE)
    assert not any(schnorr.all_hold(H, pairs, proof, other) for other in ELSEWHERE)
    assert not schnorr.all_hold(g.base(draw()), pairs, proof, HERE)
    assert all(fails(schnorr.all_hold, H, pairs, wrong, HERE) for wrong in bits(proof))
    if len(pairs) > 1:
        assert not schnorr.all_hold(H, pairs[::-1], proof, HERE)
        assert not schnorr.all_hold(H, pairs[:-1], proof, HERE)
        mixed = [(pairs[0][0], pairs[1][1]), (pairs[1][0], pairs[0][1]), *pairs[2:]]
        assert not schnorr.all_hold(H, mixed, proof, HERE)
    for wrong in (proof[:-1], proof + b"\0", proof + bytes(32), b""):
        with refused("scalar"):
            schnorr.all_hold(H, pairs, wrong, HERE)


def test_what_nobody_knows_cannot_be_in_a_ballot() -> None:
    """A negated copy of another's pair (A), and a C that holds another's A: both halves are needed."""
    openings, pairs = ballot([True, False])
    (a, c), mine = ballot([True])[1][0], openings[0]
    negated = [(g.sub(pairs[0][0], a), g.sub(pairs[0][1], c)), pairs[1]]
    probing = [(pairs[0][0], g.add(pairs[0][1], a)), pairs[1]]
    assert mine.a == ZERO
    for wrong in (negated, probing):
        assert not schnorr.all_hold(H, wrong, proved(openings, wrong), HERE)
    halves = ("second, context) == c", "first, context) == c")
    only_a = weakened("seal.schnorr", halves, ("first, second, context)\n    sums", "first, first, context)\n    sums"))
    nonces = Opening(draw(), draw(), draw())
    assert only_a.all_hold(H, probing, only_a.prove_all(openings, H, probing, HERE, nonces), HERE)
    assert not only_a.all_hold(H, negated, only_a.prove_all(openings, H, negated, HERE, nonces), HERE)


def test_yes_and_no_look_alike() -> None:
    """One C has as many openings as there are scalars: with x known, a yes is proved as a no, word for word."""
    r, t, u, v = draw(), draw(), draw(), draw()
    pair = (g.base(r), g.mul(r, H))
    yes = schnorr.prove_all([Opening(r, ZERO, r)], H, [pair], HERE, Opening(t, u, v))
    # The same commitment uB + vH, and the same answers: u' = u + c(0 - rx), v' = v + c r.
    c = yes[:32]
    u2, v2 = g.minus(u, g.times(c, g.times(r, X))), g.plus(v, g.times(c, r))
    no = schnorr.prove_all([Opening(r, g.times(r, X), ZERO)], H, [pair], HERE, Opening(t, u2, v2))
    assert no == yes
