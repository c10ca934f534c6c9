"""Equality of discrete logarithms, single and batched (Chaum-Pedersen, RFC 9497; spec/sounding.md, 5.3 and 5.5).

Statements: "one p gives X = pA and Y = pC"; "one x gives h = xB and D_z = x M_z for every z".
Every nonce t is a fresh random scalar, used once.
"""

from __future__ import annotations

from collections.abc import Sequence

from backchannel import labels
from backchannel.labels import enc
from backchannel.seal import group as g
from backchannel.seal import primitives
from backchannel.seal.transcript import Context

SIZE = 64


def prove(p: g.Scalar, a: g.Point, x: g.Point, c: g.Point, y: g.Point, context: Context, t: g.Scalar) -> bytes:
    """c || s for X = pA, Y = pC."""
    challenge = context.challenge(labels.SOUNDING_DLEQ, a, x, c, y, g.mul(t, a), g.mul(t, c))
    return challenge + g.plus(t, g.times(challenge, p))


def holds(a: g.Point, x: g.Point, c: g.Point, y: g.Point, proof: bytes, context: Context) -> bool:
    """Whether the proof holds. Raises `Malformed` for a point or a proof that is none."""
    e, s = g.scalars(proof, 2)
    first = g.sub(g.mul(s, a), g.mul(e, x))
    second = g.sub(g.mul(s, c), g.mul(e, y))
    return context.challenge(labels.SOUNDING_DLEQ, a, x, c, y, first, second) == e


def prove_all(
    x: g.Scalar, h: g.Point, m: Sequence[g.Point], d: Sequence[g.Point], context: Context, t: g.Scalar
) -> bytes:
    """c || s for h = xB, D_z = x M_z, all z."""
    weighted = g.combination(_weights(h, m, d, context), m)
    return prove(x, g.BASE, h, weighted, g.mul(x, weighted), context, t)


def all_hold(h: g.Point, m: Sequence[g.Point], d: Sequence[g.Point], proof: bytes, context: Context) -> bool:
    """Whether the batched proof holds. Raises `Malformed` for a point or a proof that is none."""
    weights = _weights(h, m, d, context)
    return holds(g.BASE, h, g.combination(weights, m), g.combination(weights, d), proof, context)


def _weights(h: g.Point, m: Sequence[g.Point], d: Sequence[g.Point], context: Context) -> list[g.Scalar]:
    seed = primitives.labelled_hash(labels.SOUNDING_BATCH, *context.parts, h, enc(*m), enc(*d))
    return [g.hash_scalar(labels.SOUNDING_WEIGHT, seed, z) for z in range(len(m))]
