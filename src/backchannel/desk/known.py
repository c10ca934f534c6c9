"""What was worked out and still holds: kept with all that it was made of, so that it cannot be out of date."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

MOST = 3
"""Items of which something is remembered, the last that were asked about."""


class Made(NamedTuple):
    """A result, and what it was made of."""

    of: Any
    value: Any


class Known:
    """Of a channel: the newest result of each name, made of the record, or of an item, which never changes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_record: dict[str, Made] = {}
        self._by_item: list[tuple[Any, dict[str, Made]]] = []

    def by_record(self, name: str, size: int, make: Callable[[], T]) -> T:
        """`make()`, unless it was made when the record had this size. Inside a turn, for `make` reads the record."""
        return _made(self._by_record, name, size, make)

    def by_item(self, item: Any, name: str, of: Any, make: Callable[[], T]) -> T:
        """`make()`, unless it was made of this very item in memory, and of the same else. It reads nothing else."""
        with self._lock:
            held = next((row for row in self._by_item if row[0] is item), (item, {}))
            self._by_item = [held, *(row for row in self._by_item if row is not held)][:MOST]
            return _made(held[1], name, of, make)


def _made(known: dict[str, Made], name: str, of: Any, make: Callable[[], T]) -> T:
    held = known.get(name)
    if held is None or held.of != of:
        held = known[name] = Made(of, make())
    found: T = held.value
    return found
