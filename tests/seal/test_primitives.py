"""The libraries, held to what the seals rely on: what they refuse, and how (spec/sealing.md, 1 and 2)."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st
from shamir_mnemonic.wordlist import WORDLIST

from backchannel.labels import enc
from backchannel.seal import primitives as p
from tests.seal.kit import refused

Q = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
SEED = b"\x51" * 32
PUBLIC = p.ed25519_public(SEED)
SIGNATURE = p.ed25519_sign(SEED, b"message")

# Every u of small order on the curve or its twist, and their other forms (RFC 7748, 6.1).
SMALL_U = [
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    Q - 1,
    Q,
    Q + 1,
]

# Every Ed25519 point of small order, non-canonical forms among them.
SMALL_ED = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


@pytest.mark.parametrize("u", SMALL_U)
@pytest.mark.parametrize("high_bit", [0, 1 << 255])
def test_x25519_keys_of_small_order_are_refused(u: int, high_bit: int) -> None:
    point = (u | high_bit).to_bytes(32, "little")
    with refused("key"):
        p.x25519(SEED, point)
    with refused("key"):
        p.check_x25519(point)
    with refused("key"):
        p.hpke_seal(p.xwing_public(SEED)[:1184] + point, b"", b"")


@pytest.mark.parametrize("size", [0, 31, 33])
def test_wrong_lengths(size: int) -> None:
    raw = b"\x09" * size
    with refused("key"):
        p.x25519(SEED, raw)
    for ours in (p.x25519_public, p.ed25519_public, p.mldsa_private, p.xwing_private, lambda raw: p.x25519(raw, SEED)):
        with pytest.raises(ValueError, match=r"."):
            ours(raw)
    assert not p.ed25519_verify(raw, b"message", SIGNATURE)
    assert not p.ed25519_verify(PUBLIC, b"message", SIGNATURE + raw if raw else b"")


@pytest.mark.parametrize("size", [0, 1, 32, 1184, 1215, 1217, 1952])
def test_wrong_lengths_of_large_keys(size: int) -> None:
    with refused("key"):
        p.hpke_seal(bytes(size), b"", b"")
    assert size == p.MLDSA_PUBLIC or not p.mldsa_verify(bytes(size), b"", bytes(p.MLDSA_SIGNATURE))
    assert not p.mldsa_verify(bytes(p.MLDSA_PUBLIC), b"", bytes(size))


def test_ed25519_known_answer() -> None:
    """RFC 8032, 7.1, test 3."""
    seed = bytes.fromhex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")
    public = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    signature = bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    assert p.ed25519_public(seed) == public
    assert p.ed25519_sign(seed, b"\xaf\x82") == signature
    assert p.ed25519_verify(public, b"\xaf\x82", signature)


def test_x25519_known_answers() -> None:
    """RFC 7748, 5.2 and 6.1."""
    scalar = bytes.fromhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    u = bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
    assert p.x25519(scalar, u) == bytes.fromhex("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")
    bob = bytes.fromhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    alice = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
    assert p.x25519_public(bob) == bytes.fromhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
    assert p.x25519(bob, alice) == bytes.fromhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")


def test_a_signature_with_s_not_reduced_is_refused() -> None:
    s = int.from_bytes(SIGNATURE[32:], "little")
    for k in range(1, 15):
        raised = SIGNATURE[:32] + (s + k * L).to_bytes(32, "little")
        assert not p.ed25519_verify(PUBLIC, b"message", raised)
    assert p.ed25519_verify(PUBLIC, b"message", SIGNATURE)


@pytest.mark.parametrize("point", SMALL_ED)
def test_a_key_of_small_order_verifies_nothing(point: str) -> None:
    """S = 0 and R of small order fits some messages under such a key, for a verifier that does not look."""
    key = bytes.fromhex(point)
    for r in SMALL_ED:
        for k in range(16):
            assert not p.ed25519_verify(key, b"%d" % k, bytes.fromhex(r) + bytes(32))


@given(st.binary(max_size=1300), st.binary(max_size=64))
@settings(max_examples=60)
def test_no_ciphertext_breaks_a_reader(sealed: bytes, info: bytes) -> None:
    assert p.hpke_open(p.xwing_private(SEED), info, sealed) is None


@pytest.mark.parametrize("u", SMALL_U)
def test_a_ciphertext_with_a_point_of_small_order_opens_to_nothing(u: int) -> None:
    sealed = p.hpke_seal(p.xwing_public(SEED), b"", b"words")
    changed = sealed[:1088] + u.to_bytes(32, "little") + sealed[1120:]
    assert p.hpke_open(p.xwing_private(SEED), b"", changed) is None


def test_hpke_round_trip_and_length() -> None:
    private, public = p.xwing_private(SEED), p.xwing_public(SEED)
    assert len(public) == p.XWING_PUBLIC
    for size in (0, 1, 416, 5000):
        sealed = p.hpke_seal(public, b"info", bytes(size))
        assert len(sealed) == size + p.XWING_OVERHEAD
        assert p.hpke_open(private, b"info", sealed) == bytes(size)
        assert p.hpke_open(private, b"other", sealed) is None


def test_hkdf_known_answer() -> None:
    """RFC 5869, appendix A.3: no salt; our info is never empty, so the library's own call is held to it."""
    okm = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    assert HKDF(SHA256(), 42, None, b"").derive(b"\x0b" * 22) == bytes.fromhex(okm)


def test_kdf_is_hkdf_by_hand() -> None:
    info = enc("label", b"context", 7)
    prk = p.hmac256(bytes(32), b"secret")
    one = p.hmac256(prk, info + b"\x01")
    two = p.hmac256(prk, one + info + b"\x02")
    assert p.kdf(b"secret", "label", b"context", 7) == one
    assert p.kdf(b"secret", "label", b"context", 7, size=50) == one + two[:18]


def test_chacha20_poly1305_known_answer() -> None:
    """RFC 8439, 2.8.2: the tag."""
    text = b"Ladies and Gentlemen of the class of '99: If I could offer you "
    text += b"only one tip for the future, sunscreen would be it."
    nonce = bytes.fromhex("070000004041424344454647")
    sealed = p.aead_seal(bytes(range(0x80, 0xA0)), nonce, text, bytes.fromhex("50515253c0c1c2c3c4c5c6c7"))
    assert sealed[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691"
    assert p.aead_open(bytes(range(0x80, 0xA0)), nonce, sealed, b"") is None


@pytest.mark.parametrize("size", range(16))
def test_a_ciphertext_shorter_than_its_tag_opens_to_nothing(size: int) -> None:
    assert p.aead_open(bytes(32), bytes(12), bytes(size), b"") is None


def test_words_name_bits() -> None:
    assert p.words(bytes(32), 8) == (WORDLIST[0],) * 8
    assert p.words(b"\xff" * 32, 12) == (WORDLIST[1023],) * 12
    assert p.words(b"\x00\x40\x20" + bytes(29), 2) == (WORDLIST[1], WORDLIST[2])
    assert len(set(WORDLIST)) == 1024
