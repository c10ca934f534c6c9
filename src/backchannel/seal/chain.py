"""A chain: one sender's line to one audience, its keys moving on with every entry (spec/sealing.md, 4)."""

from __future__ import annotations

from typing import NamedTuple

from backchannel import labels
from backchannel.entry.codec import Secret, Value, decode, encode
from backchannel.entry.ids import ZERO32, Bytes32, Bytes64, ChainId, ChannelId, Count, EntryId, SeatId
from backchannel.errors import Misuse, Rejected
from backchannel.labels import enc
from backchannel.seal import primitives as p
from backchannel.seal.box import Sealed, open_box, seal_box

LONGEST = 1_000
"""Entries after which a sender starts a new chain; no chain has an entry of this number (spec/sealing.md, 4.7)."""


class Header(Value, frozen=True):
    """What stands before every entry's body, sealed with it."""

    cid: ChainId
    i: Count
    prev: EntryId
    kind: str
    epoch: Count
    size: Count
    root: Bytes32


class Line(Secret, frozen=True):
    """The plaintext of a chain's box: encoded header, body, signature of the chain's key."""

    header: bytes
    body: bytes
    sig: Bytes64


class Chain(Secret, frozen=True):
    """What does not change in a chain."""

    cid: ChainId
    sender: SeatId
    cls: str
    epoch: Count
    audience: tuple[tuple[SeatId, Count], ...]
    verify: Bytes32
    tag_key: Bytes32
    erase_key: Bytes32
    keep_key: Bytes32

    @property
    def seats(self) -> tuple[SeatId, ...]:
        """The seats that can read this chain, sender included."""
        return tuple(seat for seat, _ in self.audience)


class Cursor(Secret, frozen=True):
    """Where a chain stands: the key, number and predecessor of its next entry."""

    ck: Bytes32
    i: Count
    prev: EntryId


class Check(NamedTuple):
    """A signature that is still to be verified: (public key, message, signature)."""

    public: bytes
    message: bytes
    signature: bytes

    def holds(self) -> bool:
        """Verify now."""
        return p.ed25519_verify(self.public, self.message, self.signature)


class Opening(NamedTuple):
    """A chain entry whose box opened: header, body, the signature to be checked, where the chain goes if it holds.

    `key` opens this entry and no other (spec/understanding.md, 3.3).
    """

    header: Header
    body: bytes
    check: Check
    after: Cursor
    key: bytes

    def __repr__(self) -> str:
        return "<Opening>"


def new_chain(
    channel: ChannelId,
    *,
    sender: SeatId,
    cls: str,
    epoch: int,
    audience: tuple[tuple[SeatId, int], ...],
    verify: bytes,
    ck0: bytes,
) -> tuple[Chain, Cursor]:
    """The chain that these terms define; its id commits to all of them (spec/sealing.md, 5.3)."""
    cid = p.labelled_hash(labels.CID, channel, epoch, cls, sender, encode(audience), verify, ck0)
    tag, erase, keep = (p.kdf(ck0, label, cid) for label in (labels.TAG, labels.ERASE, labels.KEEP))
    return Chain(cid, sender, cls, epoch, audience, verify, tag, erase, keep), Cursor(ck0, 0, ZERO32)


def tag(chain: Chain, i: int) -> bytes:
    """The tag by which readers find the chain's entry i."""
    return p.hmac256(chain.tag_key, i.to_bytes(8, "big"))[:16]


def erase_token(chain: Chain, i: int) -> bytes:
    """The token that authorises erasure of entry i (spec/sealing.md, 7)."""
    return p.hmac256(chain.erase_key, i.to_bytes(8, "big"))


def erase_commitment(chain: Chain, i: int, erasable: bool) -> bytes:
    """What the leaf of entry i must carry (spec/sealing.md, 7)."""
    if erasable:
        return p.sha256(erase_token(chain, i))
    return p.hmac256(chain.keep_key, i.to_bytes(8, "big"))


def seal_entry(
    channel: ChannelId,
    chain: Chain,
    cursor: Cursor,
    seed: bytes,
    *,
    kind: str,
    body: bytes,
    erasable: bool,
    size: int,
    root: bytes,
    salt: bytes,
) -> tuple[Sealed, Cursor]:
    """Seal the chain's next entry. The moved cursor must be durable before the entry leaves the desk (4.6)."""
    if cursor.i >= LONGEST:  # 4.7
        raise Misuse("chain-full", f"A line of entries has room for {LONGEST}; this one is full.", "Start a new one.")
    header = encode(Header(chain.cid, cursor.i, cursor.prev, kind, chain.epoch, size, root))
    sig = p.ed25519_sign(seed, _signed(channel, salt, header, body))
    sealed = seal_box(
        _message_key(cursor.ck),
        labels.ENTRY,
        channel,
        tag(chain, cursor.i),
        salt,
        encode(Line(header, body, sig)),
    )
    return (
        Sealed(sealed, erase_commitment(chain, cursor.i, erasable)),
        Cursor(_next_key(cursor.ck), cursor.i + 1, p.sha256(sealed)),
    )


def open_entry(channel: ChannelId, chain: Chain, cursor: Cursor, i: int, body: bytes) -> Opening:
    """Open the box of entry i, which is the cursor's next or, over erased entries, a later one (4.4, 4.5).

    Raises `Rejected` (`chain`, `tag`, and those of `open_box`) or `Malformed` (those of `decode`) if the box, its
    encoding or its place in the chain is wrong. The caller checks prev, then `check` before it takes anything from the
    result, then epoch, gossip and erase commitment.
    """
    if not cursor.i <= i < LONGEST:  # 4.7: this bounds the work below, too
        raise Rejected("chain", "An entry claims a place that its line of entries does not have.")
    if not p.equal(tag(chain, i), body[:16]):  # 4.4
        raise Rejected("tag", "An entry does not carry the mark of the place that it was found by.")
    ck = cursor.ck
    for _ in range(i - cursor.i):
        ck = _next_key(ck)
    key = _message_key(ck)
    header, line = open_with(channel, key, body)
    if header.cid != chain.cid or header.i != i:
        raise Rejected("chain", "An entry names another place than the one it was found by.")
    check = Check(chain.verify, _signed(channel, body[16:32], line.header, line.body), line.sig)
    return Opening(header, line.body, check, Cursor(_next_key(ck), i + 1, p.sha256(body)), key)


def open_with(channel: ChannelId, key: bytes, body: bytes) -> tuple[Header, Line]:
    """What an entry holds, by its own key alone. Who wrote it that does not show.

    `Rejected` or `Malformed` as `open_entry`.
    """
    line = decode(open_box(key, labels.ENTRY, channel, body), Line)
    return decode(line.header, Header), line


def _signed(channel: ChannelId, salt: bytes, header: bytes, body: bytes) -> bytes:
    # 4.3: with the salt, a signature fits one box only; without, whoever can read an entry could seal it anew
    return enc(labels.ENTRY_SIG, channel, salt, header, p.sha256(body))


def _message_key(ck: bytes) -> bytes:
    return p.hmac256(ck, b"\x01")


def _next_key(ck: bytes) -> bytes:
    return p.hmac256(ck, b"\x02")
