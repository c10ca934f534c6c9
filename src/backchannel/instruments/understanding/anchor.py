"""The anchor: what shows a stranger that an entry of the log holds what was signed (spec/understanding.md, 3)."""

from __future__ import annotations

from backchannel.entry.codec import Secret, decode
from backchannel.entry.ids import Bytes32, ChannelId, EntryId
from backchannel.errors import Misuse, Rejected
from backchannel.instruments.understanding.values import Anchor, Understanding
from backchannel.seal import primitives as p
from backchannel.seal.chain import open_with

KIND = "understanding.anchor"


class Proof(Secret, frozen=True):
    """The entry as it stands in the log, and the key that opens it and no other."""

    channel: ChannelId
    box: bytes
    key: Bytes32


def proof(channel: ChannelId, item: Understanding) -> Proof:
    """The proof; `Misuse("not-anchored")` before there is one."""
    if item.anchor is None:
        raise Misuse("not-anchored", "What was signed does not stand in the log yet.", "See: backchannel desk sync")
    return Proof(channel, item.anchor.box, item.anchor.key)


def shows(proof: Proof) -> tuple[EntryId, Anchor]:
    """The id of the entry, and what it holds: signatures still to be verified. Who posted it that does not show.

    `Rejected` or `Malformed` if the key does not open it, or it is no anchor.
    """
    header, line = open_with(proof.channel, proof.key, proof.box)
    if header.kind != KIND:
        raise Rejected("kind", "This entry does not hold an understanding.")
    return p.sha256(proof.box), decode(line.body, Anchor)
