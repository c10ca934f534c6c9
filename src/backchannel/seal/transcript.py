"""The one transcript of all proofs: strong Fiat-Shamir over statement, context, commitments (spec/sounding.md, 5)."""

from __future__ import annotations

from typing import NamedTuple

from backchannel.seal.group import Scalar, hash_scalar

Part = str | bytes | int


class Context(NamedTuple):
    """What a proof is for: it holds for no other sounding, seat, round, option or position."""

    parts: tuple[Part, ...]

    def challenge(self, label: str, *statement: Part) -> Scalar:
        """Hs(label, context, statement and commitments)."""
        return hash_scalar(label, *self.parts, *statement)


def context(*parts: Part) -> Context:
    """The context of these parts."""
    return Context(parts)
