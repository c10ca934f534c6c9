"""Cards and the lines between them, drawn: what lanes.py has planned gets its lengths here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from backchannel.papers.cards import Laid, moved
from backchannel.papers.lanes import Bond, Place, Plan, Route, Wire, entry, plan
from backchannel.papers.sheet import INK, PAPER, Line, Point, Ring, Shape

_GAP, _TRACK, _ABOVE = 6.0, 1.5, 2.0
_OUTER, _INNER = 3.0, 6.0
_HEAD, _STUB, _DOT = 1.9, 3.6, 0.55
_DASH = 1.1
_BOND, _SLOTS, _SLOT, _FIRST_SLOT = 1.5, 5, 2.6, 4.2


class Frame(NamedTuple):
    """How many lanes, how wide their cards, and the gutters between them (0: as wide as their lines need)."""

    lanes: int
    card: float
    gutter: float = 0.0


class Drawn(NamedTuple):
    """A part of a ladder, from 0, 0 on; `lefts`: where its lanes begin."""

    width: float
    height: float
    lefts: Sequence[float]
    shapes: Sequence[Shape]
    bonds: int
    """How many double lines there are: steps far from each other have none, only words."""


def draw(
    frame: Frame,
    cells: Mapping[int, Place],
    laid: Mapping[int, Laid],
    wires: Sequence[Wire],
    pairs: Sequence[tuple[int, int]],
    stubs: Mapping[int, int],
) -> Drawn:
    """The cards of `cells`, rows from 0 on, with their lines; `stubs`: cards that wait for some elsewhere, and their
    number of ports."""
    return _Drawing(frame, cells, laid, plan(cells, wires, pairs), stubs).drawn()


class _Drawing:
    def __init__(
        self,
        frame: Frame,
        cells: Mapping[int, Place],
        laid: Mapping[int, Laid],
        planned: Plan,
        stubs: Mapping[int, int],
    ) -> None:
        self._frame, self._cells, self._laid, self._plan, self._stubs = frame, cells, laid, planned, stubs
        self._gutters = [self._gutter(g) for g in range(frame.lanes + 1)]
        steps = [width + frame.card for width in self._gutters]
        self._starts = [0.0, *accumulate(steps)]
        self.lefts = [start + width for start, width in zip(self._starts, self._gutters, strict=False)][:-1]
        rows = max((row for row, _ in cells.values()), default=-1) + 1
        heights = [0.0] * rows
        for i, (row, _) in cells.items():
            heights[row] = max(heights[row], laid[i].height)
        self._tops, y = [], 0.0
        for row, height in enumerate(heights):
            y += self._gap(row)
            self._tops.append(y)
            y += height
        self.height = y
        self.width = self._starts[-1] - frame.card

    def _gutter(self, at: int) -> float:
        tracks = self._plan.gutters.get(at, 0)
        inner = 0 < at < self._frame.lanes
        if self._frame.gutter:
            return self._frame.gutter if inner else _INNER
        return max(_INNER if inner else _OUTER, _OUTER + _TRACK * tracks)

    def _gap(self, at: int) -> float:
        tracks = self._plan.gaps.get(at, 0)
        if at == 0:
            stubbed = any(self._cells[i][0] == 0 for i in self._stubs)
            return _STUB + 1.5 if stubbed else 0.5
        return _GAP + _TRACK * tracks

    # --- places ---

    def _across(self, at: float) -> float:
        lane = int(at // 2)
        return self.lefts[lane] + self._frame.card / 2 * (at - 2 * lane)

    def _along(self, gutter: int, track: int) -> float:
        tracks = self._plan.gutters[gutter]
        return self._starts[gutter] + self._gutters[gutter] * (track + 1) / (tracks + 1)

    def _level(self, place: Place) -> float:
        gap, track = place
        return self._tops[gap] - self._gap(gap) + _ABOVE + _TRACK * (track + 0.5)

    def _top(self, i: int) -> float:
        return self._tops[self._cells[i][0]]

    def _side(self, i: int, gutter: int) -> float:
        lane = self._cells[i][1]
        return self.lefts[lane] + (0 if gutter == lane else self._frame.card)

    # --- what is drawn ---

    def drawn(self) -> Drawn:
        shapes = [*self._bonds(), *self._wires(), *self._loose()]
        for i, (row, lane) in self._cells.items():
            shapes += [moved(shape, self.lefts[lane], self._tops[row]) for shape in self._laid[i].shapes]
        return Drawn(self.width, self.height, self.lefts, shapes, len(self._plan.bonds))

    def _bonds(self) -> Iterator[Shape]:
        slots: dict[Place, int] = defaultdict(int)
        for bond in self._plan.bonds:
            yield from double(list(self._bond(bond, slots)))

    def _bond(self, bond: Bond, slots: dict[Place, int]) -> Iterator[Point]:
        levels = []
        for row in sorted({self._cells[bond.one][0], self._cells[bond.other][0]}):
            slot = slots[row, bond.gutter] % _SLOTS
            slots[row, bond.gutter] += 1
            levels.append(self._tops[row] + _FIRST_SLOT + _SLOT * slot)
        begin, end = self._side(bond.one, bond.gutter), self._side(bond.other, bond.gutter)
        first, last = levels[0], levels[-1]
        if self._cells[bond.one][0] > self._cells[bond.other][0]:
            first, last = last, first
        yield begin, first
        if bond.track is not None:
            across = self._along(bond.gutter, bond.track)
            yield across, first
            yield across, last
        yield end, last

    def _wires(self) -> Iterator[Shape]:
        """Lines that come in at one port join above it: each ends where the next one below comes in."""
        ports: dict[tuple[int, int], list[tuple[float, Route]]] = defaultdict(list)
        for route in self._plan.routes:
            came = route.last or route.first
            level = self._level(came) if came else -1.0
            ports[route.wire.target, route.wire.port].append((level, route))
        nets: dict[tuple[int, bool], list[list[Point]]] = defaultdict(list)
        dots: dict[Point, None] = {}
        for (target, _), arriving in ports.items():
            end = self._top(target)
            for level, route in sorted(arriving, key=lambda pair: -pair[0]):
                points = [*self._way(route), (self._across(route.enter), end)]
                nets[route.wire.source, route.wire.dashed].append(points)
                if end == self._top(target):
                    yield from arrow(points, route.wire.dashed)
                else:
                    dots[points[-1]] = None
                    yield _line(points, route.wire.dashed)
                end = level
        for ways in nets.values():
            dots.update(dict.fromkeys(_forks(ways)))
        for x, y in dots:
            yield Ring(x, y, _DOT, INK, "none")

    def _way(self, route: Route) -> Iterator[Point]:
        source = route.wire.source
        x, y = self._across(route.leave), self._top(source) + self._laid[source].height
        yield x, y
        if route.first:
            y = self._level(route.first)
            yield x, y
        if route.gutter:
            x = self._along(*route.gutter)
            yield x, y
        if route.last:
            y = self._level(route.last)
            yield x, y
        if y != self._top(source) + self._laid[source].height:
            yield self._across(route.enter), y

    def _loose(self) -> Iterator[Shape]:
        """Lines that come from another page: short, with an open end."""
        for i, ports in self._stubs.items():
            x, y = self._across(entry(self._cells[i][1], ports - 1, ports)), self._top(i)
            yield from stub(x, y)


def arrow(points: Sequence[Point], dashed: bool) -> Iterator[Shape]:
    """A line to a step, the last part downwards."""
    *way, (x, y) = points
    yield _line([*way, (x, y - _HEAD * 0.7)], dashed)
    yield Line(((x, y), (x - 0.85, y - _HEAD), (x + 0.85, y - _HEAD)), ink="none", fill=INK, closed=True)


def double(points: Sequence[Point]) -> Iterator[Shape]:
    """A double line."""
    yield Line(tuple(points), _BOND, INK)
    yield Line(tuple(points), _BOND - 0.7, PAPER)


def stub(x: float, y: float) -> Iterator[Shape]:
    """A line from elsewhere, down to a point."""
    yield from arrow([(x, y - _STUB), (x, y)], False)
    yield Ring(x, y - _STUB, 0.7, PAPER, INK, 0.35)


def _line(points: Sequence[Point], dashed: bool) -> Line:
    return Line(tuple(points), 0.35, INK, _DASH if dashed else 0.0)


def _forks(ways: Sequence[Sequence[Point]]) -> Iterator[Point]:
    """Where a line of one source turns off, and another goes straight on."""
    turns = {point for way in ways for point in way[1:-1]}
    for way in ways:
        for (x, y), (a, b) in pairwise(way):
            for p, q in turns:
                if (p == x == a and min(y, b) < q < max(y, b)) or (q == y == b and min(x, a) < p < max(x, a)):
                    yield p, q
