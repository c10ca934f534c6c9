"""The lines that a seat can read: whose next entry is whose, and where each chain stands (spec/sealing.md, 4)."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from backchannel.entry.ids import ChainId, ChannelId, EntryId
from backchannel.errors import Rejected
from backchannel.seal.chain import Chain, Cursor, Opening, open_entry, tag


class Place(NamedTuple):
    """Where a chain stands, and the position of its last entry, or of its start."""

    chain: Chain
    cursor: Cursor
    last: int


class Lines:
    """All receiving chains of one seat, found by the tag of their next entry.

    Erased entries may have been any chain's next; so a chain expects as many tags ahead as bodies went missing since its
    last entry (4.5). `erased` are the (position, id) of those, in order.
    """

    def __init__(self, places: tuple[Place, ...] = (), erased: tuple[tuple[int, EntryId], ...] = ()) -> None:
        self._places = {place.chain.cid: place for place in places}
        self._gone = [position for position, _ in erased]
        self._gone_at = {entry: position for position, entry in erased}
        self._tags: dict[bytes, tuple[ChainId, int]] = {}
        for place in places:
            self._expect(place)

    def copy(self) -> Lines:
        """A copy that moves by itself."""
        twin = Lines()
        twin._places, twin._tags = dict(self._places), dict(self._tags)
        twin._gone, twin._gone_at = list(self._gone), dict(self._gone_at)
        return twin

    @property
    def places(self) -> dict[ChainId, Place]:
        """Where every chain stands, by chain id."""
        return self._places

    def start(self, chain: Chain, cursor: Cursor, position: int) -> None:
        """A chain begins and ends the same sender's earlier one to the same audience (4.7); `Rejected("repeat")` if begun before."""
        if chain.cid in self._places:
            raise Rejected("repeat", "A line of entries was started twice.")
        for place in list(self._places.values()):
            old = place.chain
            if (old.sender, old.cls, old.seats) == (chain.sender, chain.cls, chain.seats):
                self._drop(place)
        self._put(Place(chain, cursor, position))

    def find(self, tag_: bytes) -> tuple[Chain, int] | None:
        """The chain and number of the entry with this tag, None if no chain of mine expects it."""
        found = self._tags.get(tag_)
        return (self._places[found[0]].chain, found[1]) if found is not None else None

    def open(self, channel: ChannelId, chain: Chain, i: int, body: bytes) -> Opening:
        """Open an entry that `find` placed; it must follow the chain's last, or one erased since (4.5)."""
        place = self._places[chain.cid]
        opening = open_entry(channel, chain, place.cursor, i, body)
        prev = opening.header.prev
        if prev != place.cursor.prev if i == place.cursor.i else self._gone_at.get(prev, -1) <= place.last:
            raise Rejected("order", "An entry does not follow the one before it.")
        return opening

    def move(self, chain: Chain, after: Cursor, position: int) -> None:
        """The chain goes on to its next entry; the keys behind are gone."""
        self._drop(self._places[chain.cid])
        self._put(Place(chain, after, position))

    def erased(self, entry: EntryId, position: int) -> None:
        """A body is missing: it may have been any chain's next."""
        self._gone.append(position)
        self._gone_at[entry] = position
        for place in self._places.values():
            self._tag(place, self._ahead(place))

    def end_all(self) -> None:
        """A new epoch: every chain ends."""
        for held in (self._places, self._tags, self._gone, self._gone_at):
            held.clear()

    def _ahead(self, place: Place) -> int:
        return len(self._gone) - bisect_right(self._gone, place.last)

    def _tag(self, place: Place, ahead: int) -> None:
        i = place.cursor.i + ahead
        self._tags[tag(place.chain, i)] = (place.chain.cid, i)

    def _put(self, place: Place) -> None:
        self._places[place.chain.cid] = place
        self._expect(place)

    def _expect(self, place: Place) -> None:
        for ahead in range(self._ahead(place) + 1):
            self._tag(place, ahead)

    def _drop(self, place: Place) -> None:
        del self._places[place.chain.cid]
        for ahead in range(self._ahead(place) + 1):
            self._tags.pop(tag(place.chain, place.cursor.i + ahead), None)
