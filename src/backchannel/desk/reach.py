"""What all keys on a desk open of entries that somebody has recorded. For proofs; no desk reads its log so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain as chained
from typing import NamedTuple

from backchannel.desk.session import Session
from backchannel.seal import roster
from backchannel.seal.box import Sealed, roster_box
from backchannel.seal.chain import LONGEST, Chain, tag
from backchannel.seal.dist import open_dist


class Recorded(NamedTuple):
    """An entry as a host could have kept it."""

    position: int
    erase: bytes
    body: bytes


def opens(session: Session, rows: Sequence[Recorded]) -> list[int]:
    """The positions of those that open: by the roster's secrets, or as entries of lines that this desk reads.

    Lines that start among them are followed, if a receiving key that is still here opens their start.
    """
    with session.turn():
        wallet, channel, found = session.engine.wallet, session.book.id, list[int]()
        keys = {seat.id: seat.keys for seat in session.state.seats}  # of those who have left, too
        boxes = [roster_box(secret, channel) for secret in wallet.secrets.values()]
        places = session.book.lines().places.values()
    tags = set(chained.from_iterable(_tags(place.chain, place.cursor.i) for place in places))
    for row in rows:
        box = next((box for box in boxes if box.recognises(row.body)), None)
        if box is None:
            found += [row.position] if row.body[:16] in tags else []
            continue
        found.append(row.position)
        start = roster.open_roster(box.open(Sealed(row.body, row.erase)))
        if isinstance(start, roster.Dist):
            opened = open_dist(channel, start.slots, wallet.me, wallet.identity, wallet.prekeys, keys)
            tags.update(_tags(opened[0], opened[1].i) if opened is not None else ())
    return found


def _tags(chain: Chain, first: int) -> Iterator[bytes]:
    return (tag(chain, i) for i in range(first, LONGEST))
