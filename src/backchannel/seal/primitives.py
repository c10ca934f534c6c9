"""The only importer of cryptographic libraries in `seal`: standard parts under plain names (spec/sealing.md, 1 to 3).

Every function takes and returns bytes, draws no randomness of its own (but HPKE, ML-DSA and SLIP-39 inside their
libraries), and refuses wrong lengths: with False, None or `Rejected` where others chose the bytes, with ValueError
where we did.
Private keys are seeds; key objects made from them are cached by the caller, not here.
"""

from __future__ import annotations

import hashlib
import hmac as _hmac
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import nacl.bindings as _sodium
import nacl.exceptions as _sodium_errors
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from shamir_mnemonic import rs1024, shamir
from shamir_mnemonic.constants import CUSTOMIZATION_STRING_EXTENDABLE, CUSTOMIZATION_STRING_ORIG
from shamir_mnemonic.utils import MnemonicError
from shamir_mnemonic.wordlist import WORD_INDEX_MAP, WORDLIST

from backchannel.errors import Rejected
from backchannel.labels import enc

XWING_PUBLIC = 1216
XWING_OVERHEAD = 1120 + 16
MLDSA_PUBLIC = 1952
MLDSA_SIGNATURE = 3309
SLIP39_WORDS: Mapping[str, int] = WORD_INDEX_MAP

MldsaKey: TypeAlias = MLDSA65PrivateKey
XwingKey: TypeAlias = MLKEM768X25519PrivateKey

_SLIP39_KINDS = (CUSTOMIZATION_STRING_EXTENDABLE, CUSTOMIZATION_STRING_ORIG)
_SHA256 = hashes.SHA256()
_ANY_SECRET = bytes(range(32))
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def sha256(data: bytes) -> bytes:
    """SHA-256 (FIPS 180-4)."""
    return hashlib.sha256(data).digest()


def labelled_hash(label: str, *parts: str | bytes | int) -> bytes:
    """H(label, ..) = SHA-256(enc(label, ..)) (spec/ledger.md, conventions)."""
    return hashlib.sha256(enc(label, *parts)).digest()


def hmac256(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104)."""
    return _hmac.digest(key, data, "sha256")


def kdf(secret: bytes, label: str, *context: str | bytes | int, size: int = 32) -> bytes:
    """KDF(secret, label, ctx..) = HKDF-SHA256 without salt, info = enc(label, ctx..) (RFC 5869)."""
    return HKDF(_SHA256, size, None, enc(label, *context)).derive(secret)


def equal(a: bytes, b: bytes) -> bool:
    """Comparison in constant time."""
    return _hmac.compare_digest(a, b)


def aead_seal(key: bytes, nonce: bytes, plaintext: bytes, context: bytes) -> bytes:
    """ChaCha20-Poly1305 (RFC 8439): ciphertext || 16-byte tag."""
    return ChaCha20Poly1305(key).encrypt(nonce, plaintext, context)


def aead_open(key: bytes, nonce: bytes, sealed: bytes, context: bytes) -> bytes | None:
    """The plaintext, or None if anything was altered."""
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, sealed, context)
    except InvalidTag:
        return None


def ed25519_public(seed: bytes) -> bytes:
    """Ed25519 public key (RFC 8032) of a 32-byte seed."""
    return bytes(_sodium.crypto_sign_seed_keypair(seed)[0])


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    """64-byte Ed25519 signature."""
    _, secret = _sodium.crypto_sign_seed_keypair(seed)
    return bytes(_sodium.crypto_sign(message, secret)[:64])


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the Ed25519 signature holds (libsodium: canonical S, no small-order keys)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    try:
        _sodium.crypto_sign_open(signature + message, public)
    except _sodium_errors.BadSignatureError:
        return False
    return True


def mldsa_private(seed: bytes) -> MldsaKey:
    """ML-DSA-65 key (FIPS 204) of a 32-byte seed."""
    return MLDSA65PrivateKey.from_seed_bytes(seed)


def mldsa_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the ML-DSA-65 signature, with empty context, holds."""
    if len(public) != MLDSA_PUBLIC or len(signature) != MLDSA_SIGNATURE:
        return False
    try:
        MLDSA65PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def x25519_public(secret: bytes) -> bytes:
    """X25519 public key (RFC 7748)."""
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def x25519(secret: bytes, public: bytes) -> bytes:
    """X25519 shared secret; `Rejected("key")` for a public key of small order, whose result would be zero."""
    private = X25519PrivateKey.from_private_bytes(secret)
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as problem:
        raise Rejected("key", "A key in this entry is not a proper one.") from problem


def check_x25519(public: bytes) -> None:
    """`Rejected("key")` for a public key of small order: then, and only then, any secret's result is zero."""
    x25519(_ANY_SECRET, public)


def check_xwing(public: bytes) -> None:
    """`Rejected("key")` unless one can seal to it: ML-KEM's modulus check (FIPS 203, 7.2), X25519 of large order."""
    check_x25519(_xwing(public)[1].public_bytes_raw())


def xwing_private(seed: bytes) -> XwingKey:
    """X-Wing private key of a 32-byte seed: SHAKE-256 gives 64 bytes for ML-KEM-768, 32 for X25519 (draft, 5.2)."""
    if len(seed) != 32:
        raise ValueError("an X-Wing seed has 32 bytes")
    expanded = hashlib.shake_256(seed).digest(96)
    return MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])
    )


def xwing_public(seed: bytes) -> bytes:
    """X-Wing public key (1216 bytes): ML-KEM-768 || X25519."""
    expanded = hashlib.shake_256(seed).digest(96)
    lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
    return lattice + x25519_public(expanded[64:])


def hpke_seal(public: bytes, info: bytes, plaintext: bytes) -> bytes:
    """HPKE base mode (RFC 9180), X-Wing, HKDF-SHA256, ChaCha20-Poly1305: enc (1120) || ciphertext || tag (16)."""
    key = MLKEM768X25519PublicKey(*_xwing(public))
    try:
        return _SUITE.encrypt(plaintext, key, info)
    except ValueError as problem:
        raise Rejected("key", "A sealing key in this entry is not a proper one.") from problem


def hpke_open(private: XwingKey, info: bytes, sealed: bytes) -> bytes | None:
    """The plaintext, or None if it was not sealed to this key and info, or altered."""
    try:
        return _SUITE.decrypt(sealed, private, info)
    except (InvalidTag, ValueError):
        return None


def _xwing(public: bytes) -> tuple[MLKEM768PublicKey, X25519PublicKey]:
    try:
        return MLKEM768PublicKey.from_public_bytes(public[:1184]), X25519PublicKey.from_public_bytes(public[1184:])
    except ValueError as problem:  # a length, or the modulus check
        raise Rejected("key", "A sealing key in this entry is not a proper one.") from problem


def words(digest: bytes, count: int) -> tuple[str, ...]:
    """The first `count` x 10 bits as words of the SLIP-39 list, made to be read aloud."""
    number = int.from_bytes(digest, "big") >> (len(digest) * 8 - count * 10)
    return tuple(WORDLIST[number >> (10 * k) & 1023] for k in reversed(range(count)))


def slip39_split(secret: bytes, threshold: int, count: int) -> tuple[str, ...]:
    """`count` shares in words, any `threshold` of which give the secret: one group, no passphrase (SLIP-39)."""
    return tuple(shamir.generate_mnemonics(1, [(threshold, count)], secret, b"", True, 0)[0])


def slip39_checksum(share: Sequence[str]) -> bool:
    """Whether the checksum of a share holds, of either kind. Its words must be of the list."""
    numbers = [SLIP39_WORDS[word] for word in share]
    return any(rs1024.verify_checksum(numbers, kind) for kind in _SLIP39_KINDS)


def slip39_combine(shares: Sequence[str], passphrase: bytes = b"") -> bytes | None:
    """The secret, or None if these are not exactly the shares that it takes."""
    try:
        return bytes(shamir.combine_mnemonics(shares, passphrase))
    except MnemonicError:
        return None
