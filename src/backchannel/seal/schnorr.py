"""Proofs of knowledge of a discrete logarithm, single and batched (Schnorr; spec/sounding.md, 5.1 and 5.2).

Statements: "I know x with h = xB"; "I know r_k with A_k = r_k B for every k".
"""

from __future__ import annotations

from collections.abc import Sequence

from backchannel import labels
from backchannel.seal import group as g
from backchannel.seal.keys import Random
from backchannel.seal.transcript import Context

SIZE = 64


def prove(x: g.Scalar, h: g.Point, context: Context, random: Random) -> bytes:
    """c || s for h = xB."""
    t = g.random_scalar(random)
    c = context.challenge(labels.POK, h, g.base(t))
    return c + g.plus(t, g.times(c, x))


def holds(h: g.Point, proof: bytes, context: Context) -> bool:
    """Whether the proof holds for h. Raises `Malformed` for a proof that is none."""
    c, s = g.scalar(proof[:32]), g.scalar(proof[32:])
    return context.challenge(labels.POK, h, g.sub(g.base(s), g.mul(c, h))) == c


def prove_all(r: Sequence[g.Scalar], a: Sequence[g.Point], context: Context, random: Random) -> bytes:
    """c || s for A_k = r_k B, all k."""
    t = g.random_scalar(random)
    c = context.challenge(labels.MPOK, len(a), *a, g.base(t))
    s, power = t, c
    for r_k in r:
        s, power = g.plus(s, g.times(power, r_k)), g.times(power, c)
    return c + s


def all_hold(a: Sequence[g.Point], proof: bytes, context: Context) -> bool:
    """Whether the proof holds for all of A. Raises `Malformed` for a proof that is none."""
    c, s = g.scalar(proof[:32]), g.scalar(proof[32:])
    powers, power = [], c
    for _ in a:
        powers.append(power)
        power = g.times(power, c)
    weighted = g.total(g.each(lambda pair: g.mul(*pair), list(zip(powers, a, strict=True))))
    return context.challenge(labels.MPOK, len(a), *a, g.sub(g.base(s), weighted)) == c
