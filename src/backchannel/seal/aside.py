"""Words that are set aside under a key of their own, so that they can be destroyed (spec/sealing.md, 12)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from backchannel import labels
from backchannel.entry.codec import Value
from backchannel.entry.ids import Bytes32, ChannelId, Count, EntryId, SeatId
from backchannel.errors import Rejected
from backchannel.labels import enc
from backchannel.seal import primitives as p
from backchannel.seal.box import open_box, seal_box
from backchannel.seal.keys import Random

STEP = 4_096
"""Words are filled up to a multiple of this, so that their length tells little (12.3)."""

SLOT = p.XWING_OVERHEAD + 32


class Aside(Value, frozen=True):
    """The body of an entry whose words are set aside (12.1). Where it has none, `sealed` is what K is known by."""

    act: bytes
    to: tuple[tuple[SeatId, Count], ...]
    slots: tuple[bytes, ...]
    sealed: bytes

    def slot(self, seat: SeatId) -> tuple[int, bytes] | None:
        """The number of the one-time key that a seat's copy of K is sealed to, and that copy.

        As many slots as seats there must be: `check` says so, after this was asked.
        """
        return next(((n, slot) for (to, n), slot in zip(self.to, self.slots, strict=False) if to == seat), None)


class OneTime(NamedTuple):
    """To whom K is sealed: a seat's newest one-time key, and its number."""

    seat: SeatId
    n: int
    xwing: bytes


class Once:
    """The private half of a one-time key."""

    def __init__(self, seed: Bytes32) -> None:
        self._seed = seed

    @property
    def public(self) -> bytes:
        """The half to post."""
        return p.xwing_public(self._seed)

    def open(self, channel: ChannelId, seat: SeatId, n: int, slot: bytes) -> bytes | None:
        """K, if this slot was sealed to this key."""
        key = p.hpke_open(p.xwing_private(self._seed), _info(channel, seat, n), slot)
        return key if key is not None and len(key) == 32 else None


def with_key(channel: ChannelId, key: bytes, act: bytes, to: Sequence[OneTime]) -> Aside:
    """The body of an entry that brings K, `key`, to each of `to`."""
    slots = tuple(p.hpke_seal(one.xwing, _info(channel, one.seat, one.n), key) for one in to)
    return Aside(act, tuple((one.seat, one.n) for one in to), slots, commitment(channel, key))


def commitment(channel: ChannelId, key: bytes) -> bytes:
    """By what all know K, or who brings it could give one reader another (12.2)."""
    return p.labelled_hash(labels.ASIDE_COMMIT, channel, key)


def with_words(channel: ChannelId, key: bytes, act: bytes, words: bytes, random: Random) -> Aside:
    """The body of an entry that carries words under K, `key`."""
    filled = words + b"\x80"
    filled = filled.ljust(-(-len(filled) // STEP) * STEP, b"\0")
    return Aside(act, (), (), seal_box(key, labels.ASIDE, channel, _tag(act), random(16), filled))


def seal_copy(channel: ChannelId, item: EntryId, seat: SeatId, public: bytes, key: bytes) -> bytes:
    """K for a seat that has asked for it with a one-time key of its own (12.8)."""
    return p.hpke_seal(public, enc(labels.ASIDE_COPY, channel, item, seat), key)


def open_copy(channel: ChannelId, item: EntryId, seat: SeatId, seed: bytes, slot: bytes) -> bytes | None:
    """K, if this copy was sealed to the key of this seed."""
    key = p.hpke_open(p.xwing_private(seed), enc(labels.ASIDE_COPY, channel, item, seat), slot)
    return key if key is not None and len(key) == 32 else None


def check(aside: Aside, to: Sequence[SeatId], *, bare: bool) -> None:
    """`Rejected("slots")` unless K is there for exactly these seats, in this order: all that every reader can judge."""
    if bare != (len(aside.sealed) == 32) or not aside.sealed:  # 12.1
        raise Rejected("slots", "Words that were set aside are missing, or are where none belong.")
    slots = {len(slot) for slot in aside.slots}
    if tuple(seat for seat, _ in aside.to) != tuple(to) or len(aside.slots) != len(aside.to) or slots - {SLOT}:  # 12.2
        raise Rejected("slots", "Words that were set aside are not sealed for exactly those who are to read them.")


def words(channel: ChannelId, key: bytes, aside: Aside) -> bytes:
    """The words; `Rejected` if they do not open, or are not filled up in the one form (12.3)."""
    if aside.sealed[:16] != _tag(aside.act):
        raise Rejected("tag", "Words that were set aside do not belong to what they were sent with.")
    filled = open_box(key, labels.ASIDE, channel, aside.sealed)
    found = filled.rstrip(b"\0")
    if not found.endswith(b"\x80") or len(filled) != -(-len(found) // STEP) * STEP:
        raise Rejected("padding", "Words that were set aside are not filled up in the one form that is allowed.")
    return found[:-1]


def _info(channel: ChannelId, seat: SeatId, n: int) -> bytes:
    return enc(labels.ASIDE_KEY, channel, seat, n)


def _tag(act: bytes) -> bytes:
    return p.sha256(act)[:16]
