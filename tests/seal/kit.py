"""What the tests of `seal` share: chance that repeats, seats, weakened copies of modules, a two-key ciphertext."""

from __future__ import annotations

import hashlib
import importlib
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from backchannel.errors import Malformed
from backchannel.seal.chain import Chain, Cursor, Opening, open_entry, seal_entry
from backchannel.seal.dist import Reader, Started, open_dist, start_chain
from backchannel.seal.keys import Identity, PrekeySecret

CHANNEL = bytes(range(32))
OTHER_CHANNEL = bytes(range(1, 33))
ROOT = b"\x11" * 32


def chance(name: str) -> Callable[[int], bytes]:
    """A source of bytes that gives the same ones for the same name."""
    state = [0]

    def draw(size: int) -> bytes:
        state[0] += 1
        return hashlib.shake_256(f"{name} {state[0]}".encode()).digest(size)

    return draw


class Seat(NamedTuple):
    """A seat with its private keys."""

    identity: Identity
    prekey: PrekeySecret
    id: bytes

    @property
    def reader(self) -> Reader:
        return Reader(self.id, self.identity.keys, self.prekey.public(500))


def seat(name: str, channel: bytes = CHANNEL, seq: int = 3) -> Seat:
    random = chance(name)
    identity = Identity.new(random)
    return Seat(identity, PrekeySecret.new(seq, random), identity.keys.seat(channel))


def talk(sender: Seat, others: Sequence[Seat], *, channel: bytes = CHANNEL, name: str = "talk") -> Started:
    """The sender starts a chain to the others and itself."""
    readers = [one.reader for one in (sender, *others)]
    return start_chain(channel, sender.id, sender.identity, readers, cls="talk", epoch=1, random=chance(name))


def receive(
    slots: Sequence[bytes], me: Seat, seats: Sequence[Seat], channel: bytes = CHANNEL
) -> tuple[Chain, Cursor] | None:
    """What a DIST is for a seat that knows these seats."""
    keys = {one.id: one.identity.keys for one in seats}
    return open_dist(channel, tuple(slots), me.id, me.identity, [me.prekey], keys)


def write(started: Started, cursor: Cursor, body: bytes = b"words", *, channel: bytes = CHANNEL, **change: Any):
    """The next entry of a chain, and where the chain is afterwards."""
    terms: dict[str, Any] = {"kind": "note", "erasable": True, "size": 4, "root": ROOT}
    terms |= {"salt": hashlib.sha256(body).digest()[:16]} | change
    return seal_entry(channel, started.chain, cursor, started.seed, body=body, **terms)


def read(chain: Chain, cursor: Cursor, i: int, body: bytes, channel: bytes = CHANNEL) -> Opening:
    """Open an entry and hold its signature to it, as the channel does."""
    opening = open_entry(channel, chain, cursor, i, body)
    assert opening.check.holds(), "signature"
    return opening


def refused(code: str):
    """Whatever is done inside is refused with exactly this code, in plain words."""
    return _Refused(code)


class _Refused:
    def __init__(self, code: str) -> None:
        self.code = code

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is None:
            pytest.fail(f"accepted; {self.code} was expected")
        if not isinstance(error, Malformed):
            return False
        assert error.code == self.code, error
        assert error.what.endswith(".")
        return True


def weakened(module: str, *changes: tuple[str, str], using: dict[str, Any] | None = None) -> Any:
    """A copy of a module of `backchannel` with parts of its source replaced; `using`: names it finds instead."""
    original = importlib.import_module(f"backchannel.{module}")
    assert original.__file__ is not None
    source = Path(original.__file__).read_text(encoding="utf-8")
    for old, new in changes:
        assert source.count(old) == 1, old  # the check is still there to be taken away
        source = source.replace(old, new)
    copy = ModuleType(f"weakened.{module}")
    sys.modules[copy.__name__] = copy  # msgspec looks annotations up there
    exec(compile(source, f"<weakened {module}>", "exec"), copy.__dict__)  # noqa: S102 - our own source
    copy.__dict__.update(using or {})
    return copy


def _poly1305_terms(key: bytes, nonce: bytes) -> tuple[int, int]:
    """(r, s) of ChaCha20-Poly1305's one-time key (RFC 8439, 2.6)."""
    block = keystream(key, nonce, 32, counter=0)
    clamp = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    return int.from_bytes(block[:16], "little") & clamp, int.from_bytes(block[16:], "little")


def keystream(key: bytes, nonce: bytes, size: int, counter: int = 1) -> bytes:
    """ChaCha20's key stream; block 1 is the first that encrypts."""
    cipher = Cipher(ChaCha20(key, struct.pack("<I", counter) + nonce), None).encryptor()
    return cipher.update(bytes(size))


def two_key_ciphertext(first: tuple[bytes, bytes], second: tuple[bytes, bytes], ct: bytes, aad: bytes) -> bytes:
    """`ct` with its blocks 2 and 3 changed, and one Poly1305 tag that is right under both (key, nonce).

    Poly1305 is linear in the blocks: two blocks, two equations modulo p; tried for tags until both results are blocks.
    """
    p = 2**130 - 5
    pairs = [_poly1305_terms(*first), _poly1305_terms(*second)]
    lengths = struct.pack("<QQ", len(aad), len(ct))

    def blocks(text: bytes) -> list[int]:
        text += bytes(-len(text) % 16)
        return [int.from_bytes(text[k : k + 16], "little") + 2**128 for k in range(0, len(text), 16)]

    line = blocks(aad) + blocks(ct) + blocks(lengths)
    at = len(blocks(aad)) + 2
    line[at] = line[at + 1] = 0
    powers = [[pow(r, len(line) - k, p) for k in range(len(line))] for r, _ in pairs]
    known = [sum(map(int.__mul__, line, row)) % p for row in powers]
    (a, b), (c, d) = ((row[at], row[at + 1]) for row in powers)
    inverse = pow(a * d - b * c, -1, p)
    for tag in range(10_000):
        u, v = (((tag - s) % 2**128 - k) % p for (_, s), k in zip(pairs, known, strict=True))
        x, y = ((u * d - b * v) * inverse % p, (a * v - u * c) * inverse % p)
        if min(x, y) >= 2**128 and max(x, y) < 2**129:
            middle = b"".join((z - 2**128).to_bytes(16, "little") for z in (x, y))
            return ct[:32] + middle + ct[64:] + tag.to_bytes(16, "little")
    raise AssertionError("no tag fits")
