from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.errors import Malformed
from backchannel.ledger.leaf import Leaf
from backchannel.ledger.wire import (
    Frame,
    Range,
    Record,
    decode_frames,
    decode_range,
    encode_frames,
    encode_range,
)
from tests.ledger.build import answer, emptied, record

HASHES = st.binary(min_size=32, max_size=32)
FRAMES = st.builds(Frame, HASHES, st.binary(min_size=1, max_size=50))
NUMBERS = st.integers(0, 2**64 - 1)


@st.composite
def records(draw: st.DrawFn) -> Record:
    body = draw(st.binary(min_size=1, max_size=50))
    leaf = Leaf(sha256(body).digest(), draw(NUMBERS), len(body), draw(HASHES))
    return Record(leaf, draw(st.sampled_from([body, None])))


RANGES = st.builds(Range, NUMBERS, st.binary(max_size=100), NUMBERS, st.lists(records(), max_size=5).map(tuple))


@given(st.lists(FRAMES, min_size=1, max_size=6))
def test_frames_decode_back(frames: list[Frame]) -> None:
    assert decode_frames(encode_frames(frames)) == frames


def test_a_frame_is_length_erase_body() -> None:
    assert encode_frames([Frame(b"e" * 32, b"body")]) == b"\0\0\0\4" + b"e" * 32 + b"body"


@given(RANGES)
def test_a_range_decodes_back(made: Range) -> None:
    assert decode_range(encode_range(made)) == made


def test_a_range_is_laid_out_as_the_spec_says() -> None:
    here, gone = record(0), emptied(record(1))
    raw = encode_range(Range(2, b"note", 0, (here, gone)))
    rest = [entry.leaf.arrival.to_bytes(8, "big") + b"\0\0\0\x14" + entry.leaf.erase for entry in (here, gone)]
    assert raw == (
        bytes(7) + b"\2" + b"\0\0\0\4note" + bytes(8)
        + b"\1" + rest[0] + (here.body or b"")
        + b"\0" + rest[1] + gone.leaf.id
    )  # fmt: skip


FRAME = encode_frames([Frame(b"e" * 32, b"body")])
BAD_FRAMES = {
    "nothing": (b"", "empty"),
    "header cut off": (FRAME + FRAME[:35], "truncated"),
    "body cut off": (FRAME[:-1], "truncated"),
    "no body": (encode_frames([Frame(bytes(32), b"")]), "length"),
    "body too long": (encode_frames([Frame(bytes(32), bytes(9))]), "length"),
    "length beyond everything": (b"\xff" * 40, "length"),
    "too many": (FRAME * 4, "count"),
}


@pytest.mark.parametrize(("raw", "code"), BAD_FRAMES.values(), ids=BAD_FRAMES)
def test_bad_frames_are_refused(raw: bytes, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode_frames(raw, most=3, most_body=8)
    assert caught.value.code == code


ENTRIES = [record(0), emptied(record(1))]
GOOD = encode_range(answer(ENTRIES))
AT = len(encode_range(answer(ENTRIES, change=lambda made: Range(made.head, made.checkpoint, 0, ()))))
BAD_RANGES = {
    "nothing": (b"", "truncated"),
    "head cut off": (GOOD[:11], "truncated"),
    "checkpoint cut off": (GOOD[:100], "truncated"),
    "start cut off": (GOOD[: AT - 1], "truncated"),
    "record cut off": (GOOD[: AT + 44], "truncated"),
    "body cut off": (GOOD[: AT + 60], "truncated"),
    "id cut off": (GOOD[:-1], "truncated"),
    "checkpoint too long": (bytes(8) + b"\0\0\x10\x01" + bytes(5000), "length"),
    "body of no bytes": (GOOD[: AT + 9] + bytes(4) + GOOD[AT + 13 :], "length"),
    "body too long": (GOOD[: AT + 9] + b"\0\0\0\x15" + GOOD[AT + 13 :], "length"),
    "state 2": (GOOD[:AT] + b"\2" + GOOD[AT + 1 :], "state"),
    "a record too many": (GOOD + GOOD[AT:], "count"),
}


@pytest.mark.parametrize(("raw", "code"), BAD_RANGES.values(), ids=BAD_RANGES)
def test_bad_ranges_are_refused(raw: bytes, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode_range(raw, most=2, most_body=20)
    assert caught.value.code == code


@given(st.binary(max_size=200), st.integers(0, len(GOOD)), st.integers(0, len(GOOD)))
def test_any_bytes_decode_or_are_malformed(junk: bytes, start: int, end: int) -> None:
    for raw in (junk, GOOD[:start] + junk + GOOD[end:]):
        assert verdict(decode_frames, raw) in VERDICTS
        assert verdict(decode_range, raw) in VERDICTS


VERDICTS = {"", "empty", "truncated", "length", "count", "state"}


def verdict(decode: Callable[[bytes], object], raw: bytes) -> str:
    try:
        decode(raw)
    except Malformed as error:
        return error.code
    return ""
