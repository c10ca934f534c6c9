"""Benchmarks: `make bench`, `make bench ONLY=relay` (a name or its beginning), `make bench PEERS=1`.

A module of this package registers functions by name; each returns rows. Results are kept in bench/results.json.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `limit`: what bounds it on this machine; `peer`: how another program does the same.

    `peer` says when its figure was not measured in this run ("recorded 2026-11-21").
    """

    name: str
    value: float
    unit: str
    limit: str = ""
    limit_value: float | None = None
    peer: str = ""
    peer_value: float | None = None

    @property
    def ratio(self) -> float | None:
        """value / peer_value, or value / limit_value where there is no peer."""
        other = self.peer_value if self.peer_value else self.limit_value
        return self.value / other if other else None


Bench = Callable[[], list[Row]]
REGISTRY: dict[str, Bench] = {}


def bench(name: str) -> Callable[[Bench], Bench]:
    """Register a benchmark under a name; its rows are named so, or begin so."""

    def register(function: Bench) -> Bench:
        if name in REGISTRY:
            raise ValueError(f"two benchmarks are named {name}")
        REGISTRY[name] = function
        return function

    return register
