"""How long a desk waits for a relay, and how it tries again. Clock and chance are passed in; all times are seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backchannel.errors import Unreachable


@dataclass(frozen=True)
class Timeouts:
    """`connect`: to have a connection, TLS and proxy included; `idle`: between two pieces; `total`: for one exchange.

    The total holds against an answer that drips.
    """

    connect: float = 15.0
    idle: float = 20.0
    total: float = 120.0


@dataclass(frozen=True)
class Backoff:
    """Waits that double from `first` up to `most`, each cut by chance to between half and all of it; `tries` in all.

    `stated_most` bounds what a relay's Retry-After may ask for.
    """

    first: float = 0.25
    most: float = 30.0
    tries: int = 4
    stated_most: float = 60.0

    def delay(self, failures: int, chance: float, stated: float | None = None) -> float:
        """Seconds to wait after the `failures`-th failure in a row (from 1); `chance` is from [0, 1).

        `stated` is the relay's own wish: never less than it, up to the bound.
        """
        full = min(self.most, self.first * 2.0 ** min(failures - 1, 60))
        wished = 0.0 if stated is None else min(self.stated_most, max(0.0, stated))
        return wished + full * (0.5 + chance / 2)


class Deadline:
    """A moment on a monotonic `clock`, `seconds` from now."""

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock = clock
        self._at = clock() + seconds

    def left(self, most: float) -> float:
        """Seconds left, at most `most`, above 0. Raises Unreachable `timeout` when there are none."""
        left = self._at - self._clock()
        if left <= 0:
            raise too_slow()
        return min(left, most)


def too_slow() -> Unreachable:
    """The relay, or the way to it, took too long."""
    return Unreachable("timeout", "The relay takes too long to answer.", "The desk tries again by itself.", WAITS)


WAITS = "What was written waits on this desk."
