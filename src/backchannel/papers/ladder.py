"""The picture of a ladder (spec/step.md): parties side by side, each step a card below everything it waits for.

`whole` is one picture, for a screen; `pages` are A4, for paper: a line that would leave a page becomes a short one with
an open end, and every card says in words what it waits for. Nothing is told by colour alone.

    svg(whole(picture))                      the picture, as SVG (sheet.py)
    [png(page) for page in pages(picture)]   its pages, as PNG (raster.py)
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from backchannel.errors import Misuse
from backchannel.papers.cards import Card, Laid, cleaned, lay, moved, told
from backchannel.papers.drawing import Drawn, Frame, draw
from backchannel.papers.lanes import Wire, places
from backchannel.papers.legend import MARGIN, head, legend
from backchannel.papers.model import line
from backchannel.papers.sheet import Sheet


class Picture(NamedTuple):
    """A ladder. `as_of`: the hour up to which the log was read, in words; parties in the order of their lanes."""

    title: str
    parties: tuple[str, ...]
    cards: tuple[Card, ...]
    as_of: str


_A4 = (210.0, 297.0)
_LANES, _GUTTER, _EDGE = 5, 8.0, 6.0
"""Of a page: the most lanes, and the gutters between and beside them."""
_UPRIGHT = 3
_MOST_LINES = 5_000
_CARD, _WIDEST, _NARROWEST = 58.0, 75.0, 120.0


class _Part(NamedTuple):
    """Some cards that are drawn together, and their lanes."""

    lanes: range
    cards: Sequence[int]
    card: float
    drawn: Drawn
    marks: set[str]


def whole(picture: Picture) -> Sheet:
    """The ladder as one picture; `Misuse` if it has more lines than can be told apart."""
    ladder = _Ladder(picture)
    if ladder.lines > _MOST_LINES:
        raise Misuse("paper-size", "This ladder has too many lines for one picture.", "Take its pages, or its table.")
    part = ladder.part(range(len(ladder.parties)), range(len(ladder.cards)), _CARD, 0.0)
    return ladder.sheet(part, max(part.drawn.width + 2 * MARGIN, _NARROWEST), 0.0, "")


def pages(picture: Picture) -> list[Sheet]:
    """The ladder on A4, upright if it has few parties; so many parties and rows on a page as can be read."""
    ladder = _Ladder(picture)
    count = len(ladder.parties)
    groups = -(-count // _LANES) or 1
    lanes = -(-count // groups) or 1
    across, down = _A4 if lanes <= _UPRIGHT else _A4[::-1]
    card = min((across - 2 * MARGIN - _GUTTER * (lanes - 1) - 2 * _EDGE) / lanes, _WIDEST)
    firsts = range(0, count or 1, lanes)
    parts = [p for at in firsts for p in ladder.parts(range(at, min(at + lanes, count)), card, across, down)]
    said = [f"page {at} of {len(parts)}" if len(parts) > 1 else "" for at in range(1, len(parts) + 1)]
    return [ladder.sheet(part, across, down, which) for part, which in zip(parts, said, strict=True)]


class _Ladder:
    """A picture, with the place of each card."""

    def __init__(self, picture: Picture) -> None:
        self.title, self.as_of = line(picture.title), line(picture.as_of)
        self.cards = [cleaned(card) for card in picture.cards]
        self.parties = list(dict.fromkeys((*map(line, picture.parties), *(card.party for card in self.cards))))
        at = {card.number: i for i, card in enumerate(self.cards)}
        self._after = [[[at[n] for n in some if n in at] for some in card.after] for card in self.cards]
        returns = [{at[n] for n in card.returns if n in at} - {i} for i, card in enumerate(self.cards)]
        self._beside = [set(some) for some in returns]
        for i, some in enumerate(returns):
            for j in some:
                self._beside[j].add(i)
        lane = {party: i for i, party in enumerate(self.parties)}
        waits = [{j for some in after for j in some} for after in self._after]
        self._places = places([lane[card.party] for card in self.cards], waits, self._beside)
        self.lines = sum(map(len, waits)) + sum(map(len, returns))
        self._laid: dict[tuple[int, float], Laid] = {}

    def parts(self, lanes: range, card: float, across: float, down: float) -> Iterator[_Part]:
        """The rows of some lanes, as many together as a page takes."""
        rows: dict[int, list[int]] = {}
        for i, (row, lane) in sorted(enumerate(self._places), key=lambda pair: pair[1]):
            if lane in lanes:
                rows.setdefault(row, []).append(i)
        part = self.part(lanes, (), card, _GUTTER)
        for some in rows.values():
            longer = self.part(lanes, [*part.cards, *some], card, _GUTTER)
            if part.cards and self.sheet(longer, across, 0.0, "page").height > down:
                yield part
                longer = self.part(lanes, some, card, _GUTTER)
            part = longer
        yield part

    def part(self, lanes: range, chosen: Sequence[int], card: float, gutter: float) -> _Part:
        """Some cards, drawn."""
        rank = {row: at for at, row in enumerate(sorted({self._places[i][0] for i in chosen}))}
        cells = {i: (rank[self._places[i][0]], self._places[i][1] - lanes.start) for i in chosen}
        laid = {i: self._lay(i, card) for i in chosen}
        wires: list[Wire] = []
        stubs: dict[int, int] = {}
        for i in chosen:
            own, loose = self._wires(i, cells)
            wires += own
            stubs |= loose
        pairs = [(i, j) for i in chosen for j in sorted(self._beside[i]) if i < j and j in cells]
        drawn = draw(Frame(len(lanes), card, gutter), cells, laid, wires, pairs, stubs)
        marks = {"one" if wire.dashed else "after" for wire in wires}
        marks |= {name for name, some in (("elsewhere", stubs), ("return", drawn.bonds)) if some}
        return _Part(lanes, chosen, card, drawn, marks)

    def _lay(self, i: int, card: float) -> Laid:
        if (i, card) not in self._laid:
            self._laid[i, card] = lay(self.cards[i], card)
        return self._laid[i, card]

    def _wires(self, i: int, here: Container[int]) -> tuple[list[Wire], dict[int, int]]:
        """The lines to a step: one port for all that must be, one for each list of which one will do."""
        alone = [some[0] for some in self._after[i] if len(some) == 1]
        lists = [(alone, False), *((some, True) for some in self._after[i] if len(some) > 1)]
        drawn = [(found, dashed) for some, dashed in lists if (found := [j for j in some if j in here])]
        loose = any(j not in here for some, _ in lists for j in some)
        ports = len(drawn) + loose
        wires = [
            Wire(j, i, port, ports, dashed) for port, (some, dashed) in enumerate(drawn) for j in dict.fromkeys(some)
        ]
        return wires, {i: ports} if loose else {}

    # --- sheets ---

    def sheet(self, part: _Part, across: float, down: float, which: str) -> Sheet:
        """A part with its head and its legend; `down` 0: as long as it is."""
        cards = [self.cards[i] for i in part.cards]
        left = (across - part.drawn.width) / 2
        columns = [(left + at, self.parties[lane]) for at, lane in zip(part.drawn.lefts, part.lanes, strict=True)]
        hour = f"As of {self.as_of}, by the log's clock" if self.as_of else ""
        said = ", ".join(filter(None, (hour, which))) if cards else "No steps yet."
        top = head(across, self.title, said, columns, part.card)
        foot = legend(across, {card.standing for card in cards}, part.marks)
        end = top.height + part.drawn.height + 5.0
        at = max(end, down - MARGIN - foot.height)
        shapes = [*top.shapes, *(moved(s, left, top.height) for s in part.drawn.shapes)]
        shapes += [moved(s, 0.0, at) for s in foot.shapes]
        facts = " ".join((said, *map(told, sorted(cards))))
        title = ", ".join(filter(None, (self.title, which)))
        return Sheet(across, max(down, at + foot.height + MARGIN), title, facts, shapes)
