"""Slots: the same kind of secret for several seats, how many and whose hidden (spec/sealing.md, 5.1 and 9.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from backchannel import labels
from backchannel.entry.ids import ChannelId, SeatId
from backchannel.errors import Rejected
from backchannel.labels import enc
from backchannel.seal import primitives as p
from backchannel.seal.keys import PrekeySecret, Random

SMALLEST = 4
LARGEST = 64
"""As many seats as a channel can have (spec/channel.md, 1.3)."""


class Recipient(NamedTuple):
    """To whom a slot is sealed: a seat's prekey (X-Wing public key), by sequence number."""

    seat: SeatId
    seq: int
    xwing: bytes


def dist_info(channel: ChannelId, seat: SeatId, seq: int) -> bytes:
    """HPKE info of a DIST's slot."""
    return enc(labels.DIST, channel, seat, seq)


def rotate_info(channel: ChannelId, epoch: int, seat: SeatId, seq: int) -> bytes:
    """HPKE info of a ROTATE's slot."""
    return enc(labels.ROTATE, channel, epoch, seat, seq)


def count(audience: int) -> int:
    """How many slots hide an audience of this size: 4, 8, 16, 32.."""
    return max(SMALLEST, 1 << (audience - 1).bit_length())


def seal_slots(sealed: Sequence[tuple[Recipient, bytes, bytes]], random: Random) -> tuple[bytes, ...]:
    """Seal (recipient, info, plaintext) each, add dummies, shuffle. All plaintexts have one length.

    A dummy is a real encryption to a key that nobody has: random bytes in its place could be told apart, since
    not every 32 bytes are a point of the curve.
    """
    slots = [p.hpke_seal(to.xwing, info, plaintext) for to, info, plaintext in sealed]
    size = len(sealed[0][2])
    for _ in range(count(len(slots)) - len(slots)):
        slots.append(p.hpke_seal(p.xwing_public(random(32)), b"", random(size)))
    return tuple(slot for _, slot in sorted((random(16), slot) for slot in slots))


def check_slots(slots: Sequence[bytes], size: int) -> None:
    """`Rejected("slots")` unless these are 4, 8, 16, 32 or 64 slots, all for plaintexts of `size` bytes (5.6).

    Every desk judges this alike, those too that have no slot; and it bounds the work of trying to open them.
    """
    lengths = {len(slot) for slot in slots}
    if not 0 < len(slots) <= LARGEST or len(slots) != count(len(slots)) or lengths != {p.XWING_OVERHEAD + size}:
        raise Rejected("slots", "The sealed copies of a key are not as many, or not as long, as they must be.")


def open_slots(
    slots: Sequence[bytes], tries: Iterable[tuple[PrekeySecret, bytes]]
) -> tuple[PrekeySecret, bytes] | None:
    """The first slot that one of (prekey, info) opens, with the prekey that did; None if none is for us."""
    for prekey, info in tries:
        for slot in slots:
            plaintext = prekey.open(info, slot)
            if plaintext is not None:
                return prekey, plaintext
    return None
