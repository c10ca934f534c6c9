"""A ballot that is yes or no, and nothing else."""

from __future__ import annotations

import pytest

from backchannel import labels
from backchannel.seal import either
from backchannel.seal import group as g
from tests.seal.kit import chance, refused, weakened
from tests.seal.test_group import BAD_POINTS, bits, fails
from tests.seal.test_schnorr import ELSEWHERE, HERE

RANDOM = chance("either")


def draw() -> g.Scalar:
    return g.random_scalar(RANDOM)


H, R = g.base(draw()), draw()
A = g.base(R)


def said(b: int) -> g.Point:
    """C for b, which may be more than yes or less than no."""
    c = g.mul(R, H)
    for _ in range(abs(b)):
        c = (g.add if b > 0 else g.sub)(c, g.BASE)
    return c


def nonces() -> either.Nonces:
    return draw(), draw(), draw()


@pytest.mark.parametrize("b", [0, 1])
def test_it_holds_for_one_statement_and_context(b: int) -> None:
    proof = either.prove(b, R, H, A, said(b), HERE, nonces())
    assert len(proof) == either.SIZE
    assert either.holds(H, A, said(b), proof, HERE)
    assert not any(either.holds(H, A, said(b), proof, other) for other in ELSEWHERE)
    other = g.base(draw())
    for wrong in ((other, A, said(b)), (H, other, said(b)), (H, A, said(1 - b)), (H, A, other)):
        assert not either.holds(*wrong, proof, HERE)
    assert all(fails(either.holds, H, A, said(b), wrong, HERE) for wrong in bits(proof))
    for cut in (proof[:-1], proof + b"\0", proof + bytes(32)):
        with refused("scalar"):
            either.holds(H, A, said(b), cut, HERE)


@pytest.mark.parametrize("b", [-1, 2, 3])
@pytest.mark.parametrize("claimed", [0, 1])
def test_more_than_yes_and_less_than_no_cannot_be_proved(b: int, claimed: int) -> None:
    assert not either.holds(H, A, said(b), either.prove(claimed, R, H, A, said(b), HERE, nonces()), HERE)


def test_both_halves_count() -> None:
    """With challenges that need not add up, both halves are simulated, and any number is proved."""
    c0, c1, s0, s1 = draw(), draw(), draw(), draw()
    forged = c0 + c1 + s0 + s1
    weak = weakened("seal.either", ("== g.plus(c0, c1)", "== g.plus(c0, c1) or True"))
    assert weak.holds(H, A, said(2), forged, HERE)
    assert not either.holds(H, A, said(2), forged, HERE)


def test_what_is_not_hashed_is_chosen_afterwards() -> None:
    """Weak Fiat-Shamir: with a challenge that does not hold the commitments, both halves are simulated."""
    gone = ("challenge(labels.SOUNDING_OR, h, a, c, first, second) ==", "challenge(labels.SOUNDING_OR, h, a, c) ==")
    weak = weakened("seal.either", gone)
    c0, s0, s1 = draw(), draw(), draw()
    c1 = g.minus(HERE.challenge(labels.SOUNDING_OR, H, A, said(2)), c0)
    assert weak.holds(H, A, said(2), c0 + c1 + s0 + s1, HERE)
    assert not either.holds(H, A, said(2), c0 + c1 + s0 + s1, HERE)


@pytest.mark.parametrize("name", BAD_POINTS)
@pytest.mark.parametrize("place", range(3))
def test_bad_points_prove_nothing(name: str, place: int) -> None:
    points = [p if k != place else BAD_POINTS[name] for k, p in enumerate((H, A, said(1)))]
    with refused("point"):
        either.holds(points[0], points[1], points[2], either.prove(1, R, H, A, said(1), HERE, nonces()), HERE)


def test_a_pair_that_hides_nothing_is_refused() -> None:
    """C = B: its yes would be the identity."""
    with refused("point"):
        either.holds(H, A, g.BASE, either.prove(1, R, H, A, said(1), HERE, nonces()), HERE)
