"""The sealed stream of an archive: any size, and no chunk lost, doubled, moved or altered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.errors import Malformed
from backchannel.seal import primitives as p
from backchannel.seal.stream import CHUNK, SEALED, _nonce, open_stream, seal_stream
from tests.seal.kit import chance, refused, weakened

KEY, CONTEXT = b"\x07" * 32, b"context"
LONG = chance("long")(3 * CHUNK + 5)


def seal(plain: bytes, *, key: bytes = KEY, context: bytes = CONTEXT) -> list[bytes]:
    return list(seal_stream(key, context, [plain]))


def unseal(chunks: list[bytes], *, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    return b"".join(open_stream(key, context, chunks))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 2, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK])
def test_sizes_around_a_chunk(size: int) -> None:
    plain = LONG[:size]
    chunks = seal(plain)
    assert unseal(chunks) == plain
    assert len(chunks) == size // CHUNK + 1
    assert {len(chunk) for chunk in chunks} == {SEALED}


@given(st.integers(0, 2 * CHUNK + 9), st.lists(st.integers(0, 2 * CHUNK + 9), max_size=6))
@settings(max_examples=25)
def test_any_size_in_any_pieces(size: int, cuts: list[int]) -> None:
    plain, at = LONG[:size], sorted(min(cut, size) for cut in cuts)
    pieces = [plain[a:b] for a, b in zip([0, *at], [*at, size], strict=True)]
    chunks = list(seal_stream(KEY, CONTEXT, pieces))
    assert chunks == seal(plain)
    assert unseal(chunks) == plain


@pytest.mark.parametrize("plain", [b"\x80", b"\x80\0\0", b"\0" * 10, b"\x80" * CHUNK, b"\0" * CHUNK])
def test_what_looks_like_filling_comes_back(plain: bytes) -> None:
    assert unseal(seal(plain)) == plain


ATTACKS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "nothing": lambda c: [],
    "last cut off": lambda c: c[:-1],
    "all but the first cut off": lambda c: c[:1],
    "first left out": lambda c: c[1:],
    "middle left out": lambda c: [c[0], *c[2:]],
    "two exchanged": lambda c: [c[1], c[0], *c[2:]],
    "last put first": lambda c: [c[-1], *c[:-1]],
    "one doubled": lambda c: [c[0], c[0], *c[1:]],
    "last doubled": lambda c: [*c, c[-1]],
    "one of another archive": lambda c: [c[0], seal(LONG, key=b"\x08" * 32)[1], *c[2:]],
    "one of the same key and another head": lambda c: [c[0], seal(LONG, context=b"other")[1], *c[2:]],
    "half a chunk": lambda c: [*c[:-1], c[-1][:100]],
    "empty chunk": lambda c: [*c, b""],
    "a bit": lambda c: [c[0], bytes([c[1][0] ^ 1]) + c[1][1:], *c[2:]],
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_chunks_that_were_tampered_with(attack: str) -> None:
    with refused("altered"):
        unseal(ATTACKS[attack](seal(LONG)))


def test_nothing_comes_out_of_an_altered_chunk() -> None:
    """What came before it did come: whoever opens an archive reads it whole before using it."""
    chunks = seal(LONG)
    chunks[2] = chunks[1]
    pieces = open_stream(KEY, CONTEXT, chunks)
    assert [next(pieces), next(pieces)] == [LONG[:CHUNK], LONG[CHUNK : 2 * CHUNK]]
    with pytest.raises(Malformed, match="part 3"):
        next(pieces)


def test_another_key_or_head_opens_nothing() -> None:
    for change in ({"key": b"\x08" * 32}, {"context": b"other"}):
        with refused("altered"):
            unseal(seal(b"words"), **change)


def test_filled_in_another_form() -> None:
    """Only who has the key can make these."""

    def one(plain: bytes) -> list[bytes]:
        return [p.aead_seal(KEY, _nonce(0, last=True), plain, CONTEXT)]

    for plain in (bytes(CHUNK), b"a" * CHUNK):
        with refused("padding"):
            unseal(one(plain))
    for plain in (b"", b"a\x80", b"\x80".ljust(CHUNK + 1, b"\0")):
        with refused("altered"):
            unseal(one(plain))


def test_without_the_mark_of_the_last_a_cut_would_pass() -> None:
    careless = weakened("seal.stream", ("bytes([last])", "bytes([0])"))
    chunks = list(careless.seal_stream(KEY, CONTEXT, [b"\x80" * CHUNK + b"more"]))
    assert b"".join(careless.open_stream(KEY, CONTEXT, chunks[:1])) == b"\x80" * (CHUNK - 1)
