"""The lines that a seat can read: whose next entry is whose, and where each chain stands (spec/sealing.md, 4)."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from backchannel.entry.ids import ZERO32, ChainId, ChannelId, EntryId, SeatId
from backchannel.errors import Rejected
from backchannel.seal.chain import LONGEST, Chain, Cursor, Opening, open_entry, tag

_ENDED = Cursor(ZERO32, LONGEST, ZERO32)


class Place(NamedTuple):
    """Where a chain stands, and the position of its last entry, or of its start.

    A chain that has ended stands at its very end, without a key: so it stays known, and cannot be started again.
    """

    chain: Chain
    cursor: Cursor
    last: int


class Lines:
    """All receiving chains of one seat in the present epoch, found by the tag of their next entry.

    Erased entries may have been any chain's next; so a chain expects as many tags ahead as bodies went missing since
    its last entry (4.5). `erased` are the (position, id) of those, in order.
    """

    def __init__(self, places: tuple[Place, ...] = (), erased: tuple[tuple[int, EntryId], ...] = ()) -> None:
        self._gone = [position for position, _ in erased]
        self._gone_at = {entry: position for position, entry in erased}
        self._places: dict[ChainId, Place] = {}
        self._tags: dict[bytes, tuple[ChainId, int]] = {}
        self._expected: dict[ChainId, tuple[bytes, ...]] = {}
        for place in places:
            self._put(place)

    def copy(self) -> Lines:
        """A copy that moves by itself."""
        twin = Lines()
        twin._places, twin._tags, twin._expected = dict(self._places), dict(self._tags), dict(self._expected)
        twin._gone, twin._gone_at = list(self._gone), dict(self._gone_at)
        return twin

    @property
    def places(self) -> dict[ChainId, Place]:
        """Where every chain stands, by chain id; ended ones too."""
        return self._places

    def start(self, chain: Chain, cursor: Cursor, position: int) -> None:
        """A chain begins, and ends the same sender's earlier one to the same audience (4.7).

        `Rejected("repeat")` if it was begun before.
        """
        if chain.cid in self._places:
            raise Rejected("repeat", "A line of entries was started twice.")
        for place in list(self._places.values()):
            old = place.chain
            if self._expected[old.cid] and (old.sender, old.cls, old.seats) == (chain.sender, chain.cls, chain.seats):
                self.move(old, _ENDED, position)
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
        for expected in self._expected[chain.cid]:
            self._tags.pop(expected, None)
        self._put(Place(chain, after, position))

    def erased(self, entry: EntryId, position: int) -> None:
        """A body is missing: it may have been any chain's next."""
        self._gone.append(position)
        self._gone_at[entry] = position
        for place in self._places.values():
            expected = self._expected[place.chain.cid]
            if expected:  # an ended chain expects nothing
                self._expect(place, (place.cursor.i + len(expected),), expected)

    def end_of(self, seat: SeatId, position: int) -> None:
        """A seat is frozen: no line that it reads or writes goes on (spec/handover.md, 1.3)."""
        for place in list(self._places.values()):
            if self._expected[place.chain.cid] and seat in place.chain.seats:
                self.move(place.chain, _ENDED, position)

    def end_all(self) -> None:
        """A new epoch: every chain ends, and none of the old can be started again."""
        for held in (self._places, self._tags, self._expected, self._gone, self._gone_at):
            held.clear()

    def _put(self, place: Place) -> None:
        self._places[place.chain.cid] = place
        first, missing = place.cursor.i, len(self._gone) - bisect_right(self._gone, place.last)
        self._expect(place, range(first, first + missing + 1), ())

    def _expect(self, place: Place, numbers: range | tuple[int, ...], before: tuple[bytes, ...]) -> None:
        cid = place.chain.cid
        found = {tag(place.chain, i): (cid, i) for i in numbers if i < LONGEST}
        self._tags.update(found)
        self._expected[cid] = (*before, *found)
