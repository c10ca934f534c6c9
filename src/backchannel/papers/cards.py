"""A step as a card: its number, standing as a sign and a word, what its doer promised, and what is to know about it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from backchannel.errors import Misuse
from backchannel.papers.faces import width, wrap
from backchannel.papers.model import line, rtl
from backchannel.papers.sheet import ACCENT, FAINT, INK, PAPER, WASH, Box, Line, Ring, Shape, Words, isolated, plainly


class Card(NamedTuple):
    """A step. `party` is its lane; `by` in words ("2 March 1979"); `after`: of each list one; numbers are cards'."""

    number: int
    party: str
    what: str
    standing: str
    where: str = ""
    by: str = ""
    verifiers: tuple[str, ...] = ()
    needed: int = 0
    after: tuple[tuple[int, ...], ...] = ()
    returns: tuple[int, ...] = ()
    note: str = ""
    """What the program adds, as "reported late"."""


class Laid(NamedTuple):
    """A card of a certain width: its height and what is drawn, with its corner at 0, 0."""

    height: float
    shapes: tuple[Shape, ...]


_NAMED = {"pledged": "promised", "due": "to do"}

# What a standing looks like, within one unit around 0, 0: a sign that reads without colour.
_CIRCLE = [(math.cos(a * math.pi / 12), math.sin(a * math.pi / 12)) for a in range(24)]
_RIGHT = tuple((x, y) for x, y in (*_CIRCLE[18:], *_CIRCLE[:7]))
SIGNS: dict[str, tuple[Shape, ...]] = {
    "proposed": (Ring(0, 0, 1, dash=0.55),),
    "pledged": (Ring(0, 0, 1),),
    "due": (Ring(0, 0, 1), Line(_RIGHT, ink="none", fill=INK, closed=True)),
    "late": (
        Line(((0, -1.1), (1.15, 0.95), (-1.15, 0.95)), fill=INK, closed=True),
        Line(((0, -0.35), (0, 0.3)), ink=PAPER, weight=0.35),
        Line(((0, 0.5), (0, 0.75)), ink=PAPER, weight=0.35),
    ),
    "reported": (Ring(0, 0, 1), Ring(0, 0, 0.42, fill=INK, ink="none")),
    "verified": (Ring(0, 0, 1, fill=INK), Line(((-0.5, 0), (-0.12, 0.42), (0.52, -0.42)), ink=PAPER, weight=0.35)),
    "disputed": (
        Line(((0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)), fill=PAPER, closed=True),
        Line(((0, -1.2), (0, 1.2), (-1.2, 0)), fill=INK, closed=True),
    ),
    "excused": (Ring(0, 0, 1), Line(((-1, 0), (1, 0)))),
    "broken": (Line(((-0.9, -0.9), (0.9, 0.9)), weight=0.6), Line(((-0.9, 0.9), (0.9, -0.9)), weight=0.6)),
    "withdrawn": (
        Line(((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)), closed=True),
        Line(((-0.9, 0.9), (0.9, -0.9))),
    ),
}
# Standing -> the weight of the card's edge, its dash, its ground: what is over steps back.
_EDGES: dict[str, tuple[float, float, str]] = {
    **dict.fromkeys(("late", "disputed", "broken"), (0.75, 0.0, PAPER)),
    **dict.fromkeys(("verified", "excused"), (0.25, 0.0, WASH)),
    "proposed": (0.25, 1.0, PAPER),
    "withdrawn": (0.25, 1.0, WASH),
}
_EDGE = (0.35, 0.0, PAPER)

SIGN = 1.25
_PAD, _NAMES = 2.2, 15.2
_WHAT, _WHAT_LEADING, _WHAT_MOST = 3.2, 4.1, 5
_FACT, _FACT_LEADING, _NAME = 2.55, 3.3, 2.25


def lay(card: Card, across: float) -> Laid:
    """The card with so much room across."""
    if card.standing not in SIGNS:
        raise Misuse("paper-standing", f"No step stands as {card.standing!r}.")
    room = across - 2 * _PAD
    number, y = f"{card.number}", 5.2
    standing = named(card.standing)
    said = width(standing, "bold", _FACT)
    shapes: list[Shape] = [
        Words(_PAD, y, number, "bold", 3.4, ACCENT),
        Words(across - _PAD, y, standing, "bold", _FACT, end=True),
        *sign(card.standing, across - _PAD - said - 2.2, y - 0.9),
    ]
    y += 1.2
    for row in wrap(card.what, "serif", _WHAT, room, _WHAT_MOST):
        y += _WHAT_LEADING
        shapes.append(_written(row, rtl(card.what), across, _PAD, y, _WHAT))
    y += 1.6
    for name, face, value, most in facts(card):
        for i, row in enumerate(wrap(value, face, _FACT, room - _NAMES, most)):
            y += _FACT_LEADING
            shapes += [Words(_PAD, y, name, "sans", _NAME, FAINT)] if i == 0 else []
            shapes.append(_written(row, rtl(value), across, _PAD + _NAMES, y, _FACT, face))
    weight, dash, ground = _EDGES.get(card.standing, _EDGE)
    height = y + 2.2
    return Laid(height, (Box(0, 0, across, height, ground, INK, weight, dash), *shapes))


def named(standing: str) -> str:
    """A standing as people say it."""
    return _NAMED.get(standing, standing)


def sign(standing: str, x: float, y: float, size: float = SIGN) -> Iterator[Shape]:
    """The sign of a standing, around a point."""
    return (moved(shape, x, y, size) for shape in SIGNS[standing])


def facts(card: Card) -> Iterator[tuple[str, str, str, int]]:
    """What is to know about a step: (name, face, value, most lines), without what it has not."""
    most = f"{card.needed} of {len(card.verifiers)}: " if card.needed < len(card.verifiers) else ""
    found = (
        ("where", "serif", card.where, 2),
        ("by", "sans", card.by, 2),
        ("verified by", "sans", most + ", ".join(map(isolated, card.verifiers)), 3),
        ("after", "sans", waits(card.after), 3),
        ("in return for", "sans", ", ".join(map(str, card.returns)), 2),
        ("", "sans", card.note, 2),
    )
    return (fact for fact in found if fact[2])


def waits(after: Sequence[Sequence[int]]) -> str:
    """What a step waits for: "1, 2 and one of 4, 5"."""
    alone = ", ".join(str(one[0]) for one in after if len(one) == 1)
    return " and ".join(filter(None, (alone, *(f"one of {_listed(some)}" for some in after if len(some) > 1))))


def told(card: Card) -> str:
    """The card in one sentence, for who cannot see it."""
    parts = [f"{name} {plainly(value)}".strip() for name, _, value, _ in facts(card)]
    what = card.what if len(card.what) <= 200 else card.what[:200] + "…"
    return "; ".join((f"Step {card.number}, {card.party}, {named(card.standing)}: {what}", *parts)) + "."


def cleaned(card: Card) -> Card:
    """The card with every text on one line, and nothing in it that cannot be shown."""
    party, what, where, by, note = map(line, (card.party, card.what, card.where, card.by, card.note))
    names = tuple(map(line, card.verifiers))
    return card._replace(party=party, what=what, where=where, by=by, note=note, verifiers=names)


def moved(shape: Shape, x: float, y: float, size: float = 1.0) -> Shape:
    """A shape in its place, and in its size if it is a sign."""
    if isinstance(shape, Line):
        return shape._replace(points=tuple((x + a * size, y + b * size) for a, b in shape.points))
    if isinstance(shape, Ring):
        return shape._replace(x=x + shape.x * size, y=y + shape.y * size, radius=shape.radius * size)
    return shape._replace(x=x + shape.x, y=y + shape.y)


def _written(row: str, right: bool, across: float, left: float, y: float, size: float, face: str = "serif") -> Words:
    """A row of words, on the side where its writing begins."""
    return Words(across - _PAD if right else left, y, row, face, size, right=right)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
