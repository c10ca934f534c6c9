"""Ed25519 (RFC 8032) as libsodium does it: the only module of the ledger that touches a crypto library.

Lengths are strict: a key or signature of another length is the caller's mistake, never a `False`.
"""

from __future__ import annotations

from nacl import bindings
from nacl.exceptions import BadSignatureError

SEED_BYTES = 32
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64


def public_key(seed: bytes) -> bytes:
    """The 32-byte public key of a 32-byte seed. ValueError if the seed has another length."""
    _length("seed", seed, SEED_BYTES)
    return bindings.crypto_sign_seed_keypair(seed)[0]


def sign(seed: bytes, message: bytes) -> bytes:
    """The 64-byte signature over `message`. ValueError if the seed has another length than 32."""
    _length("seed", seed, SEED_BYTES)
    secret = bindings.crypto_sign_seed_keypair(seed)[1]
    return bindings.crypto_sign(message, secret)[:SIGNATURE_BYTES]


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) over `message` is by `public` (32 bytes).

    libsodium refuses keys of small order and non-canonical signatures. ValueError if a length is wrong.
    """
    _length("public key", public, PUBLIC_BYTES)
    _length("signature", signature, SIGNATURE_BYTES)
    try:
        bindings.crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


def _length(name: str, value: bytes, wanted: int) -> None:
    if len(value) != wanted:
        raise ValueError(f"an Ed25519 {name} has {wanted} bytes, not {len(value)}")
