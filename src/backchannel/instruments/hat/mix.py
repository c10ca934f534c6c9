"""The arithmetic of the hat: fold a slip into layers, take one off, open what is left, find who cheated (hat.md, 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from backchannel import labels
from backchannel.entry import text
from backchannel.entry.codec import decode, encode
from backchannel.entry.ids import SeatId
from backchannel.errors import Malformed
from backchannel.instruments.hat.values import FROM_HAT, Content, Idea, Reaction
from backchannel.instruments.nonpaper import values as nonpaper
from backchannel.labels import enc
from backchannel.seal import primitives as p
from backchannel.seal.keys import Random

LAYER = p.XWING_OVERHEAD
SHARE = LAYER + 32
MOST_OPTIONS = 32
_TAG = 16


def core_size(seats: int, size: int) -> int:
    """The length of a slip without its layers."""
    return SHARE * seats + size + _TAG


def wrapped_size(seats: int, size: int, stages: int = 0) -> int:
    """The length of a folded slip after so many stages."""
    return core_size(seats, size) + LAYER * (seats - stages)


def fill(content: bytes, size: int) -> bytes:
    """A slip: the content, or nothing, filled up to exactly `size`; ValueError if it does not fit."""
    if len(content) >= size:
        raise ValueError("too long for a slip")
    return (content + b"\x80").ljust(size, b"\0")


def unfill(slip: bytes) -> bytes | None:
    """What a slip holds, b"" if nothing; None if it is filled up otherwise than it must be."""
    content = slip.rstrip(b"\0")
    return content[:-1] if content.endswith(b"\x80") else None


def read(content: bytes) -> Content | None:
    """What a slip says; None if that cannot be (3)."""
    try:
        said: Content = decode(content, Content)  # type: ignore[arg-type]
        _check(said)
    except Malformed:
        return None
    return said


def _check(said: Content) -> None:
    if isinstance(said, Idea):
        nonpaper.idea(encode(nonpaper.Idea(said.nonce, said.title, said.text)))
    elif isinstance(said, Reaction):
        nonpaper.remark(encode(nonpaper.Remark(said.nonce, said.text)))
    elif not said.question.startswith(FROM_HAT) or not 1 <= len(said.options) <= MOST_OPTIONS:
        raise Malformed("question", "A question in the hat says where it comes from, and has a few options.")
    else:
        for words, limit in ((said.question, 2_000), *((option, 500) for option in said.options)):
            text.prose(words, "question", limit)


def content_hash(sid: bytes, content: bytes) -> bytes:
    """The name of a slip (3)."""
    return p.labelled_hash(labels.HAT_CONTENT, sid, content)


def make_core(sid: bytes, inner: Sequence[bytes], slip: bytes, random: Random) -> bytes:
    """2.3: the slip under the inner keys of all."""
    keys = [random(32) for _ in inner]
    shares = b"".join(
        p.hpke_seal(public, enc(labels.HAT_INNER, sid, j), key)
        for j, (public, key) in enumerate(zip(inner, keys, strict=True))
    )
    return shares + p.aead_seal(_slip_key(sid, keys, shares), bytes(12), slip, enc(labels.HAT_SLIP, sid))


def open_core(sid: bytes, inner: Sequence[p.XwingKey], core: bytes) -> bytes | None:
    """2.7: the slip; None if whoever made it made it wrongly."""
    end = SHARE * len(inner)
    keys = [
        p.hpke_open(private, enc(labels.HAT_INNER, sid, j), core[j * SHARE : (j + 1) * SHARE])
        for j, private in enumerate(inner)
    ]
    whole = [key for key in keys if key is not None]
    if len(whole) < len(keys):
        return None
    key = _slip_key(sid, whole, core[:end])
    return p.aead_open(key, bytes(12), core[end:], enc(labels.HAT_SLIP, sid))


def _slip_key(sid: bytes, keys: Sequence[bytes], shares: bytes) -> bytes:
    return p.kdf(b"".join(keys), labels.HAT_SLIP, sid, p.sha256(shares))


def wrap(sid: bytes, outer: Sequence[bytes], core: bytes) -> bytes:
    """2.3: the core under the outer keys, the first seat's outermost."""
    for j, public in reversed(list(enumerate(outer))):
        core = p.hpke_seal(public, enc(labels.HAT_LAYER, sid, j), core)
    return core


def strip(sid: bytes, j: int, private: p.XwingKey, items: Sequence[bytes]) -> list[bytes | None]:
    """2.5: layer j taken off each item; None where it does not open."""
    return [p.hpke_open(private, enc(labels.HAT_LAYER, sid, j), item) for item in items]


def shuffled(items: Sequence[bytes | None]) -> tuple[bytes, ...] | None:
    """The items in the order that nobody chose; None if one did not open, or two are alike."""
    whole = sorted(item for item in items if item is not None)
    return tuple(whole) if len(set(whole)) == len(items) else None


def commitment(sid: bytes, seat: SeatId, wrapped: bytes) -> bytes:
    """2.3."""
    return p.labelled_hash(labels.HAT_COMMIT, sid, seat, wrapped)


class Transcript(NamedTuple):
    """What a blame is about: seats, submissions in order of seats, lists of the stages, outer seeds, who said NOGO."""

    sid: bytes
    seats: Sequence[SeatId]
    submitted: Sequence[bytes]
    lists: Sequence[tuple[bytes, ...]]
    outer: Sequence[bytes]
    nogos: Sequence[SeatId]


def blame(t: Transcript) -> list[tuple[SeatId, str]]:
    """2.9: who cheated, and how. Every desk that saw the same comes to the same, and never to an honest seat."""
    items: list[bytes] = list(t.submitted)
    of: list[SeatId] = list(t.seats)
    for j, seed in enumerate(t.outer):
        opened = strip(t.sid, j, p.xwing_private(seed), items)
        broken = [seat for seat, item in zip(of, opened, strict=True) if item is None]
        if broken:
            return [(seat, "folded") for seat in broken]
        items = [item for item in opened if item is not None]
        twins = [seat for seat, item in zip(of, items, strict=True) if items.count(item) > 1]
        if twins:
            return [(seat, "twin") for seat in twins]
        if j >= len(t.lists):
            break
        if tuple(sorted(items)) != t.lists[j]:
            return [(t.seats[j], "stage")]
    return [(seat, "alarm") for seat in t.nogos]


def encode_list(items: Sequence[bytes]) -> bytes:
    """The words of a STAGE."""
    return encode(tuple(items))


def decode_list(words: bytes) -> tuple[bytes, ...]:
    """The items of a STAGE; `Malformed` unless it is a list of byte strings."""
    return decode(words, tuple[bytes, ...])
