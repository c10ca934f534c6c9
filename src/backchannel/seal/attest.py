"""Attestations: whether a certificate's holder vouches for a seat's signing keys (spec/mandate.md, 5)."""

from __future__ import annotations

from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from backchannel.entry.ids import ChannelId, SeatId
from backchannel.errors import Rejected
from backchannel.seal.primitives import sha256

SMALLEST_RSA = 2_048


class Attested(NamedTuple):
    """Who attests: the certificate's subject and issuer, as it writes them; nobody has judged the issuer."""

    subject: str
    issuer: str
    thumbprint: bytes


def statement(channel: ChannelId, seat: SeatId, ed: bytes, mldsa: bytes) -> bytes:
    """What an institution signs: these are the signing keys of this seat."""
    return (
        f"backchannel seat {seat.hex()} in channel {sha256(channel).hex()}"
        f" ed25519 {sha256(ed).hex()} mldsa65 {sha256(mldsa).hex()}\n"
    ).encode()


def attested(certificate: bytes, signature: bytes, said: bytes) -> Attested:
    """Who attests the statement; `Rejected("attestation")` if the certificate or the signature is none."""
    try:
        found = x509.load_der_x509_certificate(certificate)
        _verify(found.public_key(), signature, said)
        return Attested(found.subject.rfc4514_string(), found.issuer.rfc4514_string(), sha256(certificate))
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature) as problem:
        raise Rejected("attestation", "What came to attest a seat's keys is no signature over them.") from problem


def _verify(key: object, signature: bytes, said: bytes) -> None:
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, said)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, said, ec.ECDSA(SHA256()))
    elif isinstance(key, rsa.RSAPublicKey) and key.key_size >= SMALLEST_RSA:
        _verify_rsa(key, signature, said)
    else:
        raise ValueError("a key of another kind")


def _verify_rsa(key: rsa.RSAPublicKey, signature: bytes, said: bytes) -> None:
    try:
        key.verify(signature, said, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        key.verify(signature, said, padding.PSS(padding.MGF1(SHA256()), padding.PSS.AUTO), SHA256())
