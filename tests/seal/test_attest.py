"""Attestations: every kind of key that is taken, and what is not (spec/mandate.md, 5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from backchannel.errors import Rejected
from backchannel.seal.attest import attested, statement

SAID = statement(b"c" * 32, b"s" * 16, b"e" * 32, b"m" * 1952)
RSA = rsa.generate_private_key(65537, 2048)


def certificate(key: Any, signer: Any = None) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ministry")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(7)
    built = builder.public_key(key.public_key()).not_valid_before(start).not_valid_after(start + timedelta(days=9))
    signed = built.sign(signer or key, None if isinstance(signer or key, ed25519.Ed25519PrivateKey) else SHA256())
    return signed.public_bytes(Encoding.DER)


def signatures() -> dict[str, tuple[bytes, bytes]]:
    ed, curve = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    return {
        "ed25519": (certificate(ed), ed.sign(SAID)),
        "ecdsa": (certificate(curve), curve.sign(SAID, ec.ECDSA(SHA256()))),
        "pkcs1": (certificate(RSA), RSA.sign(SAID, padding.PKCS1v15(), SHA256())),
        "pss": (certificate(RSA), RSA.sign(SAID, pss, SHA256())),
    }


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "pkcs1", "pss"])
def test_a_certificate_attests(kind: str) -> None:
    der, signature = signatures()[kind]
    found = attested(der, signature, SAID)
    assert (found.subject, found.issuer, len(found.thumbprint)) == ("CN=Ministry", "CN=Ministry", 32)
    for bad in ((der, signature, SAID + b" "), (der, signature[:-1] + b"\x00\x01", SAID), (der[:-9], signature, SAID)):
        with pytest.raises(Rejected) as caught:
            attested(*bad)
        assert caught.value.code == "attestation"


def test_keys_that_are_not_taken() -> None:
    small, old = rsa.generate_private_key(65537, 1024), dsa.generate_private_key(2048)  # noqa: S505
    for key in (small, old):
        with pytest.raises(Rejected):
            attested(certificate(key, RSA), b"x" * 128, SAID)


def test_the_statement_is_a_line_of_ascii() -> None:
    assert SAID.isascii()
    assert SAID.count(b"\n") == 1
    assert SAID.startswith(b"backchannel seat 7373")
