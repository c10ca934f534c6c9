"""A ballot is a yes or a no, and nothing else (Cramer-Damgard-Schoenmakers; spec/sounding.md, 5.4).

Statement: "one r gives A = rB and C - bB = rH, for b = 0 or b = 1".
"""

from __future__ import annotations

from backchannel import labels
from backchannel.seal import group as g
from backchannel.seal.transcript import Context

SIZE = 128


Nonces = tuple[g.Scalar, g.Scalar, g.Scalar]


def prove(b: int, r: g.Scalar, h: g.Point, a: g.Point, c: g.Point, context: Context, nonces: Nonces) -> bytes:
    """c_0 || c_1 || s_0 || s_1, b being 0 or 1; the nonces are fresh random scalars, used once."""
    t, other_c, other_s = nonces
    true = g.base(t) + g.mul(t, h)
    false = _commitment(1 - b, other_c, other_s, h, a, c)
    first, second = (true, false) if b == 0 else (false, true)
    challenge = context.challenge(labels.SOUNDING_OR, h, a, c, first, second)
    own_c = g.minus(challenge, other_c)
    own_s = g.plus(t, g.times(own_c, r))
    (c0, s0), (c1, s1) = ((own_c, own_s), (other_c, other_s)) if b == 0 else ((other_c, other_s), (own_c, own_s))
    return c0 + c1 + s0 + s1


def holds(h: g.Point, a: g.Point, c: g.Point, proof: bytes, context: Context) -> bool:
    """Whether the proof holds. Raises `Malformed` for a point or a proof that is none."""
    c0, c1, s0, s1 = g.scalars(proof, 4)
    first, second = _commitment(0, c0, s0, h, a, c), _commitment(1, c1, s1, h, a, c)
    return context.challenge(labels.SOUNDING_OR, h, a, c, first, second) == g.plus(c0, c1)


def _commitment(b: int, c_b: g.Scalar, s_b: g.Scalar, h: g.Point, a: g.Point, c: g.Point) -> bytes:
    claimed = g.sub(c, g.BASE) if b else c  # C itself is multiplied, and by that checked, where b is 0
    return g.sub(g.base(s_b), g.mul(c_b, a)) + g.sub(g.mul(s_b, h), g.mul(c_b, claimed))
