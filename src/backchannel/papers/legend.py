"""What stands around a drawn ladder: title, hour, the names of the parties above; below, what its signs mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from backchannel.papers.cards import SIGNS, moved, named, sign
from backchannel.papers.drawing import arrow, double, stub
from backchannel.papers.faces import width, wrap
from backchannel.papers.model import rtl
from backchannel.papers.sheet import FAINT, RULE, Line, Point, Shape, Words

MARGIN = 10.0
_TITLE, _SMALL, _PARTY = 5.0, 2.5, 3.1
_ROW = 4.6


class Framed(NamedTuple):
    """Some of a page, from 0, 0 on, and how high it is."""

    height: float
    shapes: list[Shape]


def _elbow(x: float, y: float) -> list[Point]:
    return [(x - 2.5, y - 1.3), (x + 1.6, y - 1.3), (x + 1.6, y + 1.7)]


# Mark -> its line of about 6 mm, and what it means.
MARKS: dict[str, tuple[Callable[[float, float], Iterator[Shape]], str]] = {
    "after": (lambda x, y: arrow(_elbow(x, y), False), "waits for all of these"),
    "one": (lambda x, y: arrow(_elbow(x, y), True), "one of these is enough"),
    "elsewhere": (lambda x, y: stub(x, y + 1.6), "waits for a step that is not on this page"),
    "return": (lambda x, y: double([(x - 2.5, y), (x + 2.5, y)]), "one is in return for the other"),
}


def head(across: float, title: str, said: str, columns: Sequence[tuple[float, str]], card: float) -> Framed:
    """The title, what is said about the whole, and over each lane its party."""
    room, y, shapes = across - 2 * MARGIN, MARGIN + 4.0, []
    for row in wrap(title, "serif", _TITLE, room, 2):
        right = rtl(title)
        shapes.append(Words(across - MARGIN if right else MARGIN, y, row, "serif", _TITLE, right=right))
        y += 6.2
    shapes.append(Words(MARGIN, y - 0.8, said, "sans", _SMALL, FAINT))
    y += 6.0
    names = [wrap(party, "bold", _PARTY, card, 2) for _, party in columns]
    for (x, party), rows in zip(columns, names, strict=True):
        right = rtl(party)
        for i, row in enumerate(rows):
            shapes.append(Words(x + card if right else x, y + 4.0 * i, row, "bold", _PARTY, right=right))
    y += 4.0 * max(map(len, names), default=0) - 2.4
    lines = [Line(((x, y), (x + card, y)), 0.3, RULE) for x, _ in columns]
    return Framed(y + 2.5, [*shapes, *lines])


def legend(across: float, standings: Collection[str], marks: Collection[str]) -> Framed:
    """What the signs and lines mean that are in use."""
    items = [(sign(name, 1.6, 0.0), named(name), 4.2) for name in SIGNS if name in standings]
    items += [(drawn(2.6, 0.0), said, 6.2) for name, (drawn, said) in MARKS.items() if name in marks]
    x, y, shapes = MARGIN, 4.0, []
    for drawn, said, beside in items:
        wide = beside + width(said, "sans", _SMALL) + 5.0
        if x + wide > across - MARGIN and x > MARGIN:
            x, y = MARGIN, y + _ROW
        shapes += [moved(shape, x, y - 0.9) for shape in drawn]
        shapes.append(Words(x + beside, y, said, "sans", _SMALL, FAINT))
        x += wide
    rule = Line(((MARGIN, 0.0), (across - MARGIN, 0.0)), 0.2, RULE)
    return Framed(y + 1.5, [rule, *shapes] if items else [])
