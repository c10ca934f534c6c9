"""Where the steps of a ladder stand, and which way the lines between them go; without a length of anything.

Parties are lanes side by side. A step stands below all that it waits for, as high as it can; steps that are in return
for each other stand in one row where that can be. Lines go through the gaps between rows, the gutters between lanes,
and places where no step stands; each source has tracks of its own there, so that no two lines are taken for one.

Across, a lane c spans 2c to 2c+2 with its middle at 2c+1, and the gutter on its left is the number c. Gap g is above
row g.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from heapq import heappop, heappush
from typing import NamedTuple

from backchannel.errors import Misuse

Place = tuple[int, int]
"""Row and lane."""

_ROUNDS = 3
_FARTHEST = 6
_EXIT = 0.1
_STEP, _SPREAD = 0.2, 1.6


class Wire(NamedTuple):
    """A line from a step to one that waits for it: its place among the lists that this one waits for."""

    source: int
    target: int
    port: int
    ports: int
    dashed: bool


class Route(NamedTuple):
    """The way of a wire: out at `leave` across, (gap, track), (gutter, track), (gap, track), in at `enter` across.

    A part that it has no use for is None: one that falls straight down has none.
    """

    wire: Wire
    leave: float
    first: Place | None
    gutter: Place | None
    last: Place | None
    enter: float


class Bond(NamedTuple):
    """A double line between two steps in neighbouring lanes or one lane: along a gutter, from side to side."""

    one: int
    other: int
    gutter: int
    track: int | None
    """None: straight across, within a row."""


class Plan(NamedTuple):
    """The lines, and how many tracks each gap and gutter has."""

    routes: list[Route]
    bonds: list[Bond]
    gaps: dict[int, int]
    gutters: dict[int, int]


def places(lanes: Sequence[int], waits: Sequence[set[int]], pairs: Sequence[set[int]]) -> list[Place]:
    """A place for each step: below what it waits for, beside what it is exchanged for, by their order."""
    try:
        order = list(_ordered(waits))
    except CycleError as error:
        raise Misuse("paper-circle", "These steps wait for each other in a circle; that is no ladder.") from error
    floor = [0] * len(lanes)
    for _ in range(_ROUNDS):
        floor = [max([floor[i], *(floor[j] for j in pairs[i])]) for i in range(len(lanes))]
        for i in order:
            floor[i] = max([floor[i], *(floor[j] + 1 for j in waits[i])])
    rows: dict[int, int] = {}
    free: dict[tuple[int, int], int] = {}
    for i in order:
        first = max([floor[i], *(rows[j] + 1 for j in waits[i])])
        beside = [rows[j] for j in pairs[i] if rows.get(j, -1) >= first and lanes[j] != lanes[i]]
        row = start = min(beside, default=first)
        while (lanes[i], row) in free:
            row = free[lanes[i], row]
        free[lanes[i], row] = free[lanes[i], start] = row + 1
        rows[i] = row
    rank = {row: at for at, row in enumerate(sorted(set(rows.values())))}
    return [(rank[rows[i]], lanes[i]) for i in range(len(lanes))]


def _ordered(waits: Sequence[set[int]]) -> Iterator[int]:
    """Steps by their numbers, but each behind what it waits for."""
    sorter = TopologicalSorter(dict(enumerate(waits)))
    sorter.prepare()
    ready: list[int] = []
    while sorter.is_active():
        for i in sorter.get_ready():
            heappush(ready, i)
        at = heappop(ready)
        sorter.done(at)
        yield at


class _Tracks:
    """Hands out tracks of gaps or gutters: two lines share one only where they do not meet, or are of one source."""

    def __init__(self) -> None:
        self._held: dict[int, list[list[tuple[float, float, object]]]] = {}

    def take(self, at: int, one: float, other: float, owner: object) -> int:
        low, high = min(one, other), max(one, other)
        tracks = self._held.setdefault(at, [])
        for i, track in enumerate(tracks):
            if all(low > end or high < begin or owner == whose for begin, end, whose in track):
                track.append((low, high, owner))
                return i
        tracks.append([(low, high, owner)])
        return len(tracks) - 1

    def load(self, at: int) -> int:
        return len(self._held.get(at, ()))

    def counts(self) -> dict[int, int]:
        return {at: len(tracks) for at, tracks in self._held.items()}


def plan(cells: Mapping[int, Place], wires: Sequence[Wire], pairs: Sequence[tuple[int, int]]) -> Plan:
    """The lines between the steps of `cells`; wires with an end elsewhere have no business here."""
    taken, gaps, gutters = set(cells.values()), _Tracks(), _Tracks()
    bonds = [bond for one, other in pairs if (bond := _bond(cells, gutters, one, other))]
    shortest = sorted(wires, key=lambda w: (cells[w.target][0] - cells[w.source][0], w))
    routes = [_route(cells, taken, gaps, gutters, wire) for wire in shortest]
    return Plan(routes, bonds, gaps.counts(), gutters.counts())


def entry(lane: int, port: int, ports: int) -> float:
    """Where across a line comes in on top of a card that has so many ports."""
    step = min(_STEP, _SPREAD / ports)
    return 2 * lane + 1 + step * (port - (ports - 1) // 2)


def _route(cells: Mapping[int, Place], taken: set[Place], gaps: _Tracks, gutters: _Tracks, wire: Wire) -> Route:
    (top, here), (bottom, there) = cells[wire.source], cells[wire.target]
    net = (wire.source, wire.dashed)
    leave, enter = 2 * here + 1 + (_EXIT if wire.dashed else -_EXIT), entry(there, wire.port, wire.ports)
    between = range(top + 1, bottom)
    if not any((row, there) in taken for row in between):
        if here == there:
            return Route(wire, enter, None, None, None, enter)
        return Route(wire, leave, (top + 1, gaps.take(top + 1, leave, enter, net)), None, None, enter)
    if not any((row, here) in taken for row in between):
        return Route(wire, leave, None, None, (bottom, gaps.take(bottom, leave, enter, net)), enter)
    gutter = min({here, here + 1, there, there + 1}, key=lambda g: (_far(g, here, there), gutters.load(g), g))
    across = 2.0 * gutter
    first = (top + 1, gaps.take(top + 1, leave, across, net))
    along = (gutter, gutters.take(gutter, top + 1, bottom, net))
    return Route(wire, leave, first, along, (bottom, gaps.take(bottom, across, enter, net)), enter)


def _far(gutter: int, here: int, there: int) -> float:
    across = 2 * gutter
    return abs(across - 2 * here - 1) + abs(across - 2 * there - 1)


def _bond(cells: Mapping[int, Place], gutters: _Tracks, one: int, other: int) -> Bond | None:
    """A double line, if the two have a gutter in common and stand near each other."""
    one, other = sorted((one, other), key=lambda i: (cells[i][1], cells[i][0]))
    (top, here), (bottom, there) = cells[one], cells[other]
    if there - here > 1 or abs(top - bottom) > _FARTHEST:
        return None
    if top == bottom:
        return Bond(one, other, there, None)
    gutter = there if there > here else here + 1
    return Bond(one, other, gutter, gutters.take(gutter, top + 0.5, bottom + 0.5, (one, other)))
