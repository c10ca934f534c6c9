"""Proofs of knowledge: of a key, and of what a ballot is made of (Schnorr, Okamoto; spec/sounding.md, 5.1 and 5.2).

Statements: "I know x with h = xB"; "for every k I know r, a, b with A_k = rB and C_k = aB + bH".
Every nonce is a fresh random scalar, used once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from backchannel import labels
from backchannel.seal import group as g
from backchannel.seal.transcript import Context

SIZE = 64
SIZE_ALL = 128

Pair = tuple[g.Point, g.Point]


class Opening(NamedTuple):
    """What a pair is made of: A = rB, C = aB + bH."""

    r: g.Scalar
    a: g.Scalar
    b: g.Scalar


def prove(x: g.Scalar, h: g.Point, context: Context, t: g.Scalar) -> bytes:
    """c || s for h = xB."""
    c = context.challenge(labels.SOUNDING_POK, h, g.base(t))
    return c + g.plus(t, g.times(c, x))


def holds(h: g.Point, proof: bytes, context: Context) -> bool:
    """Whether the proof holds for h. Raises `Malformed` for a point or a proof that is none."""
    c, s = g.scalars(proof, 2)
    return context.challenge(labels.SOUNDING_POK, h, g.sub(g.base(s), g.mul(c, h))) == c


def prove_all(
    openings: Sequence[Opening], h: g.Point, pairs: Sequence[Pair], context: Context, nonces: Opening
) -> bytes:
    """c || s_r || s_a || s_b for all pairs."""
    first, second = g.base(nonces.r), g.add(g.base(nonces.a), g.mul(nonces.b, h))
    c = power = _challenge(h, pairs, first, second, context)
    sums = nonces
    for opening in openings:
        sums = Opening(*(g.plus(s, g.times(power, part)) for s, part in zip(sums, opening, strict=True)))
        power = g.times(power, c)
    return c + b"".join(sums)


def all_hold(h: g.Point, pairs: Sequence[Pair], proof: bytes, context: Context) -> bool:
    """Whether the proof holds for all pairs. Raises `Malformed` for a point or a proof that is none.

    Both points of a pair are multiplied, and by that checked to be of the group.
    """
    c, s_r, s_a, s_b = g.scalars(proof, 4)
    powers = [c]
    while len(powers) < len(pairs):
        powers.append(g.times(powers[-1], c))
    first = g.sub(g.base(s_r), g.combination(powers, [a for a, _ in pairs]))
    second = g.sub(g.add(g.base(s_a), g.mul(s_b, h)), g.combination(powers, [c for _, c in pairs]))
    return _challenge(h, pairs, first, second, context) == c


def _challenge(h: g.Point, pairs: Sequence[Pair], first: g.Point, second: g.Point, context: Context) -> g.Scalar:
    points = (point for pair in pairs for point in pair)
    return context.challenge(labels.SOUNDING_MPOK, h, len(pairs), *points, first, second)
