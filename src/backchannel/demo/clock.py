"""The clock of a demonstration: some days behind until it is put right, so that a deadline can pass while one watches.

Relay and desks go by it. It is never ahead, so that what a demonstration leaves behind can be used afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable

DAY = 86_400


class Clock:
    """Unix seconds, `behind` of them too few."""

    def __init__(self, behind: float = 0.0) -> None:
        self.behind = behind
        self._told: list[Callable[[], None]] = []

    def __call__(self) -> float:
        """What it shows."""
        return time.time() - self.behind

    def tell(self, hear: Callable[[], None]) -> None:
        """Have this called when the clock has been put right."""
        self._told.append(hear)

    def put_right(self) -> None:
        """From now on it is right; nothing if it was."""
        if self.behind:
            self.behind = 0.0
            for hear in self._told:
                hear()
