"""A long plaintext sealed in chunks of one size, of which none can be lost, doubled or moved (spec/archive.md, 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from backchannel.errors import Malformed
from backchannel.seal import primitives as p

CHUNK = 65_536
SEALED = CHUNK + 16


def seal_stream(key: bytes, context: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Sealed chunks of what the pieces add up to. A key is for one stream only: the nonces count from 0."""
    held, n = bytearray(), 0
    for piece in chain(pieces, (b"\x80",)):
        held += piece
        while len(held) > CHUNK:
            yield p.aead_seal(key, _nonce(n, last=False), bytes(held[:CHUNK]), context)
            del held[:CHUNK]
            n += 1
    yield p.aead_seal(key, _nonce(n, last=True), bytes(held.ljust(CHUNK, b"\0")), context)


def open_stream(key: bytes, context: bytes, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What was sealed, in pieces; each is genuine when it comes, all of it only when the last has come.

    `Malformed`: `altered`, also for a chunk too few, too many or in another place; `padding`.
    """
    ahead, n = iter(chunks), 0
    sealed = next(ahead, b"")
    while True:
        following = next(ahead, None)
        plain = p.aead_open(key, _nonce(n, last=following is None), sealed, context)
        if plain is None or len(plain) != CHUNK:  # 4.2
            raise Malformed("altered", f"This archive was altered or cut off after it was sealed (part {n + 1}).")
        if following is None:
            yield _unfilled(plain)
            return
        yield plain
        sealed, n = following, n + 1


def _nonce(n: int, *, last: bool) -> bytes:
    return n.to_bytes(11, "big") + bytes([last])


def _unfilled(plain: bytes) -> bytes:
    found = plain.rstrip(b"\0")
    if not found.endswith(b"\x80"):  # 4.1
        raise Malformed("padding", "This archive is not filled up in the one form that is allowed.")
    return found[:-1]
