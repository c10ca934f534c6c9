"""DIST: how a chain's first key reaches its audience, deniably (spec/sealing.md, 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from backchannel import labels
from backchannel.entry.codec import Secret, decode, encode
from backchannel.entry.ids import Bytes32, ChannelId, Count, SeatId
from backchannel.errors import Misuse, Rejected
from backchannel.labels import enc
from backchannel.seal import primitives as p
from backchannel.seal.chain import Chain, Cursor, new_chain
from backchannel.seal.keys import Identity, Keys, Prekey, PrekeySecret, Random
from backchannel.seal.slots import LARGEST, Recipient, check_slots, count, dist_info, open_slots, seal_slots


class Slot(Secret, frozen=True):
    """What one seat of the audience finds in its slot."""

    sender: SeatId
    epoch: Count
    cls: str
    audience: tuple[tuple[SeatId, Count], ...]
    verify: Bytes32
    ck0: Bytes32
    mac: Bytes32


class Reader(NamedTuple):
    """A seat of the audience as the sender sees it."""

    seat: SeatId
    keys: Keys
    prekey: Prekey


class Started(NamedTuple):
    """A chain that the sender starts: the slots to post, the chain, its cursor and the seed of its signing key."""

    slots: tuple[bytes, ...]
    chain: Chain
    cursor: Cursor
    seed: bytes

    def __repr__(self) -> str:
        return "<Started>"


def start_chain(
    channel: ChannelId,
    sender: SeatId,
    identity: Identity,
    readers: Iterable[Reader],
    *,
    cls: str,
    epoch: int,
    random: Random,
) -> Started:
    """Start a chain to `readers`, the sender among them; `Misuse("audience")` if it is not, or a seat is twice."""
    ordered = sorted(readers, key=lambda reader: reader.seat)
    seats = [reader.seat for reader in ordered]
    if not _is_audience(seats, sender):
        raise Misuse("audience", f"An audience is 1 to {LARGEST} seats, each once, the sender among them.")
    audience = tuple((reader.seat, reader.prekey.seq) for reader in ordered)
    seed, ck0 = random(32), random(32)
    chain, cursor = new_chain(
        channel, sender=sender, cls=cls, epoch=epoch, audience=audience, verify=p.ed25519_public(seed), ck0=ck0
    )
    sealed = []
    for reader in ordered:
        shared = identity.dh(reader.keys.x25519) + identity.dh(reader.prekey.x25519)
        mac = _mac(shared, channel, chain, reader.seat, reader.prekey.seq)
        slot = Slot(sender, epoch, cls, audience, chain.verify, ck0, mac)
        sealed.append(
            (
                Recipient(reader.seat, reader.prekey.seq, reader.prekey.xwing),
                dist_info(channel, reader.seat, reader.prekey.seq),
                _fill(encode(slot), len(ordered)),
            )
        )
    return Started(seal_slots(sealed, random), chain, cursor, seed)


def open_dist(
    channel: ChannelId,
    slots: tuple[bytes, ...],
    me: SeatId,
    identity: Identity,
    prekeys: Iterable[PrekeySecret],
    keys: Mapping[SeatId, Keys] | Callable[[SeatId], Keys | None],
) -> tuple[Chain, Cursor] | None:
    """The chain that a DIST starts, or None if it is not for us.

    Steps 5.2 to 5.5, but for the roster's and prekeys' validity, which the channel judges.

    `keys` gives a sender's identity keys. Raises `Rejected` (`slots`, `slot`, `audience`, `key`, `mac`) or `Malformed`
    (those of `decode`).
    """
    check_dist(slots)
    found = open_slots(slots, ((prekey, dist_info(channel, me, prekey.seq)) for prekey in prekeys))
    if found is None:
        return None
    prekey, filled = found
    slot = decode(_unfill(filled, len(slots)), Slot)
    sender = keys.get(slot.sender) if isinstance(keys, Mapping) else keys(slot.sender)
    seats = [seat for seat, _ in slot.audience]
    if (
        sender is None
        or not _is_audience(seats, slot.sender)
        or (me, prekey.seq) not in slot.audience
        or count(len(seats)) != len(slots)
    ):  # 5.2
        raise Rejected("audience", "The start of a line of entries names an audience that cannot be.")
    chain, cursor = new_chain(
        channel,
        sender=slot.sender,
        cls=slot.cls,
        epoch=slot.epoch,
        audience=slot.audience,
        verify=slot.verify,
        ck0=slot.ck0,
    )
    shared = identity.dh(sender.x25519) + prekey.dh(sender.x25519)
    if not p.equal(_mac(shared, channel, chain, me, prekey.seq), slot.mac):  # 5.4
        raise Rejected("mac", "The start of a line of entries was not made by the seat that it names.")
    return chain, cursor


def check_dist(slots: Sequence[bytes]) -> None:
    """`Rejected("slots")` for slots that cannot be a DIST's: what every desk can judge, reader or not (5.6)."""
    check_slots(slots, _slot_size(len(slots)))


def _is_audience(seats: list[SeatId], sender: SeatId) -> bool:
    return sender in seats and len(seats) <= LARGEST and all(a < b for a, b in pairwise(seats))


def _mac(shared: bytes, channel: ChannelId, chain: Chain, reader: SeatId, seq: int) -> bytes:
    # DH(ID_s, ID_r) || DH(ID_s, pre_r): the recipient could have made it (5.4)
    key = p.kdf(shared, labels.DIST_KEY, channel, chain.sender, reader, seq)
    return p.hmac256(key, enc(labels.DIST_MAC, chain.cid, reader, seq))


def _fill(slot: bytes, audience: int) -> bytes:
    size = _slot_size(count(audience))
    if len(slot) >= size:  # only a class of more than 100 letters gets here
        raise Misuse("length", "The start of a line of entries does not fit its slot.")
    return (slot + b"\x80").ljust(size, b"\0")


def _slot_size(slots: int) -> int:
    return 320 + 24 * slots


def _unfill(filled: bytes, slots: int) -> bytes:
    slot = filled.rstrip(b"\0")
    if len(filled) != _slot_size(slots) or not slot.endswith(b"\x80"):  # 5.2
        raise Rejected("slot", "The start of a line of entries is not filled up in the one form that is allowed.")
    return slot[:-1]
