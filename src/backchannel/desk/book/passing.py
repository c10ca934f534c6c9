"""Taking over what a predecessor passes on: only what the log bears out (spec/handover.md, 4.3)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from backchannel.channel.state import State
from backchannel.desk.book.entries import Entries
from backchannel.desk.book.items import Item, Items
from backchannel.desk.book.pieces import Pieces
from backchannel.entry.codec import decode
from backchannel.entry.ids import EntryId, SeatId
from backchannel.errors import Malformed, Rejected
from backchannel.instruments import INSTRUMENTS
from backchannel.instruments.handover import Evidence, Handover, Part, Token, things
from backchannel.instruments.step.acts import Piece

_BY_NAME = {instrument.name: instrument for instrument in INSTRUMENTS if instrument.passes}

MOST_VALUE = 64 << 20
"""Bytes of one item: more than any can have."""


class Taking:
    """One seat's taking over of a dossier, in one batch."""

    def __init__(
        self, items: Items, entries: Entries, pieces: Pieces, find: Callable[[EntryId], int | None], me: SeatId
    ) -> None:
        self._items, self._entries, self._pieces, self._find, self._me = items, entries, pieces, find, me
        self._tokens: list[Token] = []
        self._evidence: list[Evidence] = []
        self.refused: list[str] = []
        """Why something was not taken."""

    def take(self, handover: Handover, part: Part, state: State, closed: Collection[int]) -> list[Item]:
        """The items that a part brings; `closed`: positions of this batch that are not for this seat."""
        if handover.to != self._me:
            return []
        pocket, taken = self._items.pocket(handover.at.position), []
        for thing in things(part):
            if isinstance(thing, Token):
                self._tokens.append(thing)
            elif isinstance(thing, Evidence):
                self._evidence.append(thing)
            else:
                raw, pocket = pocket + thing.value, b""
                if thing.more:
                    pocket = raw[: MOST_VALUE + 1]
                    continue
                try:
                    taken.append(self._item(handover, thing.instrument, raw, state, closed))
                except Malformed as problem:
                    self.refused.append(problem.what)
        self._items.set_pocket(handover.at.position, pocket)
        return taken

    def keep(self, ladder: int, party: str, piece: Piece) -> None:
        """A piece of a party's file, as it came (spec/step.md, 4.2)."""
        self._pieces.keep(ladder, party, piece.file, piece.n, piece.data)

    def write(self) -> None:
        """What has to wait until the batch's entries are written."""
        for thing in self._tokens:
            if self._items.passed_on(thing.item) is not None:
                self._entries.keep_token(thing.position, thing.item, thing.token)
        for one in self._evidence:
            if self._items.passed_on(one.item) is not None:  # what the file is, its digest tells when it is read
                self._pieces.keep(one.item, one.party, one.file, one.n, one.data)

    def _item(self, handover: Handover, name: str, raw: bytes, state: State, closed: Collection[int]) -> Item:
        instrument = _BY_NAME.get(name)
        if instrument is None:
            raise Rejected("passed", "Something was passed on that does not pass with a seat.")
        value: Any = decode(raw, instrument.item)
        position = value.at.position
        if position >= handover.at.position or self._find(value.id) != position:
            raise Rejected("passed", "Something was passed on that does not stand in the log.")
        known = self._items.passed_on(position)
        if known is None and position not in closed and self._entries.verdict(position) != "closed":
            raise Rejected("passed", "Something was passed on that this seat has read itself.")
        if known not in (None, handover.by):
            raise Rejected("passed", "Something was passed on that another seat had passed on before.")
        if not {self._me, handover.by} <= {*value.audience, *state.current(value.audience)}:
            raise Rejected("passed", "Something was passed on that was not for this seat.")
        sound(instrument, value)
        self._items.set_passed_on(position, handover.by)
        return Item(instrument, value)


def sound(instrument: Any, value: Any) -> None:
    """`Rejected("passed")` for an item that no fold makes, as far as every desk asks it about itself."""
    try:
        instrument.text(value)
        instrument.until(instrument.lapse(value))
        instrument.until(value)
    except Exception as problem:  # its giver made it: it may be anything
        raise Rejected("passed", "Something was passed on that cannot be.") from problem
