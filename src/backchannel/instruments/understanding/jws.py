"""Signatures over the payload in JWS form, two of every signatory (spec/understanding.md, 2.4 and 2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from backchannel.entry.codec import Value
from backchannel.entry.ids import SeatId
from backchannel.errors import Malformed
from backchannel.instruments.understanding.form import b64, unb64, write
from backchannel.instruments.understanding.values import Signature
from backchannel.seal import primitives as p
from backchannel.seal.keys import Signer, SigningKeys

ED, MLDSA = "EdDSA", "ML-DSA-65"


class Header(Value, frozen=True):
    """What a signature says of itself, signed with the payload."""

    alg: str
    kid: str
    typ: Literal["sd-jwt"] = "sd-jwt"


class Signed(Value, frozen=True):
    """One signature."""

    protected: str
    signature: str


class Jws(Value, frozen=True):
    """What all have signed, without a clause (3.1)."""

    payload: str
    signatures: tuple[Signed, ...]


def protected(alg: str, seat: SeatId) -> str:
    """A signature's protected header."""
    return b64(write(Header(alg, b64(seat))))


def sign(signer: Signer, seat: SeatId, payload: bytes) -> tuple[bytes, bytes]:
    """A signatory's two signatures."""
    return signer.ed25519(_input(ED, seat, payload)), signer.mldsa(_input(MLDSA, seat, payload))


def holds(keys: SigningKeys, payload: bytes, signature: Signature) -> bool:
    """Whether both signatures hold under these keys: either alone proves nothing."""
    seat = signature.seat
    return p.ed25519_verify(keys.ed25519, _input(ED, seat, payload), signature.ed) and p.mldsa_verify(
        keys.mldsa, _input(MLDSA, seat, payload), signature.mldsa
    )


def write_signatures(signatures: Sequence[Signature]) -> tuple[Signed, ...]:
    """Signatures in their form, in order of seats."""
    return tuple(
        Signed(protected(alg, one.seat), b64(raw))
        for one in sorted(signatures, key=lambda one: one.seat)
        for alg, raw in ((ED, one.ed), (MLDSA, one.mldsa))
    )


def read_signatures(signed: Sequence[tuple[str, str]], seats: Sequence[SeatId]) -> tuple[Signature, ...]:
    """The signatures of (protected, signature); `Malformed("parties")` unless they are exactly those of these seats."""
    due = [protected(alg, seat) for seat in seats for alg in (ED, MLDSA)]
    if [one for one, _ in signed] != due:
        raise Malformed("parties", "The signatures are not exactly those of the parties that the understanding names.")
    raws = [unb64(raw) for _, raw in signed]
    return tuple(
        Signature(seat, *pair) for seat, pair in zip(seats, zip(raws[::2], raws[1::2], strict=True), strict=True)
    )


def _input(alg: str, seat: SeatId, payload: bytes) -> bytes:
    return f"{protected(alg, seat)}.{b64(payload)}".encode("ascii")
