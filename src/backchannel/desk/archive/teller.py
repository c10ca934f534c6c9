"""Who tells an archive about one channel: times in words, seats by name (spec/archive.md, 5.5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from backchannel.desk.channel import Channel
from backchannel.entry.ids import SeatId
from backchannel.ledger.leaf import ARRIVAL_UNIT

Facts = dict[str, Any]


def stamp(at: float) -> str:
    """Unix seconds as a time."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Teller:
    """Tells facts about one channel as of now: times in words, seats by name, unless the charter forbids it."""

    def __init__(self, channel: Channel) -> None:
        self.channel, self.state, self.now = channel, channel.state, channel.session.now()
        charter = self.state.charter
        self.nameless = charter is not None and charter.terms.attribution == "chatham"  # 5.5

    def seat(self, seat: SeatId) -> Facts:
        """A seat, by name."""
        found = self.state.member(seat)
        return {"seat": seat.hex(), "name": found.name, "party": found.party}

    def seats(self, seats: Iterable[SeatId]) -> list[Facts]:
        """Several, by name."""
        return [self.seat(seat) for seat in seats]

    def who(self, seat: SeatId | None) -> Facts | None:
        """Who said something, if that may leave the channel."""
        return None if self.nameless or seat is None else self.seat(seat)

    def at(self, arrival: int) -> str:
        """An arrival unit as a time."""
        return stamp(arrival * ARRIVAL_UNIT)
