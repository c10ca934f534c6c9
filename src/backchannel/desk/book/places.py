"""Places: the one integer by which the vault knows an entry of a channel (schema/001.sql)."""

from __future__ import annotations

_BITS = 40


class Places:
    """The places of channel `c`: first (inclusive) to end (exclusive)."""

    def __init__(self, c: int) -> None:
        self.first, self.end = c << _BITS, (c + 1) << _BITS

    def of(self, position: int) -> int:
        """The place of a position of the log."""
        return self.first + position

    def position(self, place: int) -> int:
        """The position of a place."""
        return place - self.first
