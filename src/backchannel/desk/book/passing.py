"""Taking over what a predecessor passes on: only what the log bears out (spec/handover.md, 4.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from backchannel.channel.state import At, State
from backchannel.desk.book.entries import Entries
from backchannel.desk.book.items import Item, Items
from backchannel.desk.book.pieces import Pieces
from backchannel.desk.book.sound import Held, sound
from backchannel.entry.codec import decode, encode
from backchannel.entry.ids import SeatId
from backchannel.errors import Malformed, Rejected
from backchannel.instruments import INSTRUMENTS
from backchannel.instruments.handover import Evidence, Getting, Handover, Part, Passed, Token, getting, things
from backchannel.instruments.step import files
from backchannel.instruments.step.acts import Piece
from backchannel.instruments.step.values import Ladder
from backchannel.ledger.history import History

_BY_NAME = {instrument.name: instrument for instrument in INSTRUMENTS if instrument.passes}

MOST_VALUE = 32 << 20
"""Bytes of one item: more than any can have."""

NOT_READ = frozenset({"closed", "erased"})
"""What an entry was to a seat that could not read it."""


class Taking:
    """One seat's taking over of a dossier, in one batch."""

    def __init__(self, items: Items, entries: Entries, pieces: Pieces, log: History, me: SeatId) -> None:
        self._items, self._entries, self._pieces, self._log, self._me = items, entries, pieces, log, me
        self._beside: list[tuple[SeatId, Token | Evidence]] = []
        self.refused: list[str] = []
        """Why something was not taken."""

    def take(self, handover: Handover, part: Part, state: State, closed: Collection[int], held: Held) -> Iterator[Item]:
        """The items that a part brings, one by one: a later one may name one before it, by `held`.

        `closed`: positions of this batch that this seat could not read.
        """
        pocket = getting(self._items.pocket(handover.at.position))
        rest = bytearray(pocket.rest)
        for thing in things(part):
            if not isinstance(thing, Passed):
                self._beside.append((handover.by, thing))
                continue
            if not thing.start:  # the giver began again: what was to go on does not
                rest.clear()
            if thing.start != len(rest) or thing.start + len(thing.value) > MOST_VALUE:
                self.refused.append("Something was passed on of which a part is missing, or which is too long.")
                rest.clear()
                continue
            rest += thing.value
            if thing.more:
                continue
            raw = bytes(rest)
            rest.clear()
            try:
                item = self._item(handover, thing.instrument, raw, state, closed, held)
            except Malformed as problem:
                self.refused.append(problem.what)
            else:
                yield from [item] if item is not None else []
        if rest != pocket.rest:
            self._items.set_pocket(handover.at.position, encode(Getting(bytes(rest), pocket.answered)))

    def keep(self, ladder: int, party: str, piece: Piece) -> None:
        """A piece of a party's file, as it came (spec/step.md, 4.2); what a giver passed on of it may be false."""
        instead = self._items.passed_on(ladder) is not None
        self._pieces.keep(ladder, party, piece.file, piece.n, piece.data, instead=instead)

    def write(self) -> None:
        """What has to wait until the batch's entries are written."""
        ladders: dict[int, Any] = {}
        for giver, thing in self._beside:
            if self._items.passed_on(thing.item) != giver:
                continue
            if isinstance(thing, Token):
                self._entries.keep_token(thing.position, thing.item, thing.token)
                continue
            if thing.item not in ladders:
                held = self._items.at(thing.item)
                ladders[thing.item] = held.value if held is not None else None
            self._evidence(ladders[thing.item], thing)

    def _evidence(self, ladder: Any, thing: Evidence) -> None:
        """No more than was named; what the file is, its digest tells when it is read."""
        try:
            if not isinstance(ladder, Ladder):
                raise Rejected("passed", "A piece of a file was passed on of what has no files.")
            files.fits(ladder, thing.party, thing.file, thing.n, len(thing.data))
        except Rejected as problem:
            self.refused.append(problem.what)
        else:
            self._pieces.keep(thing.item, thing.party, thing.file, thing.n, thing.data)

    def _item(
        self, handover: Handover, name: str, raw: bytes, state: State, closed: Collection[int], held: Held
    ) -> Item | None:
        """An item that was passed on; None for one that another has passed on before."""
        instrument = _BY_NAME.get(name)
        if instrument is None:
            raise Rejected("passed", "Something was passed on that does not pass with a seat.")
        value: Any = decode(raw, instrument.item)
        position = value.at.position
        if self._log.find(value.id) != position or value.at != At(position, self._log.leaf(position).arrival):
            raise Rejected("passed", "Something was passed on that does not stand in the log.")
        known = self._items.passed_on(position)
        if known is None and position not in closed and self._entries.verdict(position) not in NOT_READ:
            raise Rejected("passed", "Something was passed on that this seat has read itself.")
        if not {self._me, handover.by} <= {*value.audience, *state.current(value.audience)}:
            raise Rejected("passed", "Something was passed on that was not for this seat.")
        sound(instrument, value, state, self._log.size, held)
        if known not in (None, handover.by):
            return None
        self._items.set_passed_on(position, handover.by)
        return Item(instrument, value)
