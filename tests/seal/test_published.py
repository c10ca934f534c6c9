"""Published vectors of X-Wing and HPKE, through the functions that the seals use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from backchannel.seal import primitives as p

XWING, HKDF_SHA256, CHACHA = 0x647A, 1, 3
RFC_KDF = {1: KDF.HKDF_SHA256, 3: KDF.HKDF_SHA512}
RFC_AEAD = {1: AEAD.AES_128_GCM, 2: AEAD.AES_256_GCM, 3: AEAD.CHACHA20_POLY1305}


def hexes(record: dict[str, Any]) -> dict[str, bytes]:
    return {key: bytes.fromhex(value) for key, value in record.items() if isinstance(value, str)}


def load(folder: Path, name: str) -> Any:
    return json.loads((folder / "vectors" / name).read_text())


def key_schedule(shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Key and nonce of HPKE's base mode for our suite (RFC 9180, 5.1), by hand."""
    suite = b"HPKE" + XWING.to_bytes(2) + HKDF_SHA256.to_bytes(2) + CHACHA.to_bytes(2)

    def extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
        return p.hmac256(salt or bytes(32), b"HPKE-v1" + suite + label + ikm)

    def expand(prk: bytes, label: bytes, context: bytes, size: int) -> bytes:
        return p.hmac256(prk, size.to_bytes(2) + b"HPKE-v1" + suite + label + context + b"\x01")[:size]

    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    return expand(secret, b"key", context, 32), expand(secret, b"base_nonce", context, 12)


def test_xwing(shared_data: Path) -> None:
    """Key generation, and decapsulation: HPKE opens what was sealed under the vector's shared secret."""
    records = load(shared_data, "xwing/test-vectors.json")
    assert len(records) == 3
    for record in map(hexes, records):
        assert p.xwing_public(record["seed"]) == record["pk"]
        private = p.xwing_private(record["sk"])
        key, nonce = key_schedule(record["ss"], b"info")
        sealed = record["ct"] + p.aead_seal(key, nonce, b"words", b"")
        assert p.hpke_open(private, b"info", sealed) == b"words"
        key, nonce = key_schedule(bytes(32), b"info")
        assert p.hpke_open(private, b"info", record["ct"] + p.aead_seal(key, nonce, b"words", b"")) is None


def test_hpke_with_xwing(shared_data: Path) -> None:
    """The draft's record for exactly our suite: key pair, key schedule, ciphertext."""
    [record] = [
        one
        for one in load(shared_data, "hpke/hpke-pq.test-vectors.json")
        if (one["mode"], one["kem_id"], one["kdf_id"], one["aead_id"]) == (0, XWING, HKDF_SHA256, CHACHA)
    ]
    first = hexes(record["encryptions"][0])
    record = hexes(record)
    assert p.xwing_public(record["skRm"]) == record["pkRm"]
    assert key_schedule(record["shared_secret"], record["info"]) == (record["key"], record["base_nonce"])
    assert p.aead_seal(record["key"], record["base_nonce"], first["pt"], first["aad"]) == first["ct"]
    # our HPKE has no aad; the vector's key and nonce without one
    sealed = record["enc"] + p.aead_seal(record["key"], record["base_nonce"], first["pt"], b"")
    private = p.xwing_private(record["skRm"])
    assert p.hpke_open(private, record["info"], sealed) == first["pt"]
    assert p.hpke_open(private, record["info"] + b"x", sealed) is None


def test_the_library_agrees_with_rfc_9180(shared_data: Path) -> None:
    """Base mode with X25519: the same code around another KEM."""
    seen = 0
    for record in load(shared_data, "hpke/rfc9180.x25519_p256.json"):
        if (record["mode"], record["kem_id"]) != (0, 0x20) or record["aead_id"] not in RFC_AEAD:
            continue
        suite = Suite(KEM.X25519, RFC_KDF[record["kdf_id"]], RFC_AEAD[record["aead_id"]])
        cipher = ChaCha20Poly1305 if record["aead_id"] == CHACHA else AESGCM
        pt = bytes.fromhex(record["encryptions"][0]["pt"])
        record = hexes(record)
        sealed = record["enc"] + cipher(record["key"]).encrypt(record["base_nonce"], pt, b"")
        private = X25519PrivateKey.from_private_bytes(record["skRm"])
        assert suite.decrypt(sealed, private, record["info"]) == pt
        seen += 1
    assert seen == 6


@pytest.mark.parametrize("size", [0, 31, 33])
def test_an_xwing_seed_has_32_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        p.xwing_private(bytes(size))
