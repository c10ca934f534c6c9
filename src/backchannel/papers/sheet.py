"""A drawing as a few plain shapes, in millimetres, and its SVG.

The tree is built, never pasted together, so that what people wrote is text and nothing else: no script, no style, no
reference to anything, no ids that could meet another picture's on one page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from backchannel.papers.faces import FAMILIES, needed, width

INK, FAINT, ACCENT, PAPER, WASH, RULE = "#1d1d1b", "#5d5b55", "#1f4e5f", "#ffffff", "#f6f4ee", "#cfcabe"

_MARKS = dict.fromkeys((0x2068, 0x2069))

Point = tuple[float, float]


class Box(NamedTuple):
    """A rectangle with round corners."""

    x: float
    y: float
    width: float
    height: float
    fill: str = PAPER
    ink: str = INK
    weight: float = 0.25
    dash: float = 0.0
    radius: float = 1.2


class Line(NamedTuple):
    """A line through points; closed and filled, a shape."""

    points: tuple[Point, ...]
    weight: float = 0.3
    ink: str = INK
    dash: float = 0.0
    fill: str = "none"
    closed: bool = False


class Ring(NamedTuple):
    """A circle."""

    x: float
    y: float
    radius: float
    fill: str = "none"
    ink: str = INK
    weight: float = 0.3
    dash: float = 0.0


class Words(NamedTuple):
    """One line of text; `x` is where it begins, or where it ends if it runs from right to left or `end` is set.

    Whether it does is for the whole text to say of which it is a line.
    """

    x: float
    y: float
    text: str
    face: str = "sans"
    size: float = 2.5
    ink: str = INK
    end: bool = False
    right: bool = False


Shape = Box | Line | Ring | Words


class Sheet(NamedTuple):
    """A page, or a picture: what it is called, the same facts in words for who cannot see it, and what is drawn."""

    width: float
    height: float
    title: str
    told: str
    shapes: Sequence[Shape]


def svg(sheet: Sheet, *, fitted: bool = False) -> str:
    """The drawing as SVG; the same bytes for the same drawing.

    `fitted`: for a reader that may lack our fonts; each line of words then takes the room that it was measured for.
    """
    size = {"width": f"{number(sheet.width)}mm", "height": f"{number(sheet.height)}mm"}
    box = f"0 0 {number(sheet.width)} {number(sheet.height)}"
    root = ET.Element(
        "svg", {"xmlns": "http://www.w3.org/2000/svg", **size, "viewBox": box, "role": "img", "direction": "ltr"}
    )
    ET.SubElement(root, "title").text = sheet.title
    ET.SubElement(root, "desc").text = sheet.told
    for shape in (Box(0, 0, sheet.width, sheet.height, ink="none", radius=0), *sheet.shapes):
        tag, attributes, text = _DRAWN[type(shape)](shape)
        if fitted and isinstance(shape, Words) and not shape.right:
            room = width(shape.text, shape.face, shape.size)
            attributes |= {"textLength": number(room), "lengthAdjust": "spacingAndGlyphs"} if room else {}
        ET.SubElement(root, tag, attributes).text = text
    return ET.tostring(root, encoding="unicode") + "\n"


def fonts(sheet: Sheet) -> list[str]:
    """The fonts that a drawing asks for; `Misuse` if it has letters that are in none of ours."""
    return needed((shape.face, shape.text) for shape in sheet.shapes if isinstance(shape, Words))


def isolated(text: str) -> str:
    """A name inside a sentence, so that neither changes the other's order."""
    return f"\u2068{text}\u2069"


def plainly(text: str) -> str:
    """A sentence without these marks."""
    return text.translate(_MARKS)


def number(value: float) -> str:
    """A length, to a hundredth of a millimetre."""
    return f"{round(value, 2) + 0.0:g}" if abs(value) < 1000 else f"{value:.2f}"


def _stroke(shape: Box | Line | Ring) -> dict[str, str]:
    if shape.ink == "none":
        return {"fill": shape.fill}
    dash = {"stroke-dasharray": f"{number(shape.dash)} {number(shape.dash * 0.8)}"} if shape.dash else {}
    return {"fill": shape.fill, "stroke": shape.ink, "stroke-width": number(shape.weight), **dash}


def _box(shape: Box) -> tuple[str, dict[str, str], str | None]:
    names = ("x", "y", "width", "height")
    return "rect", {n: number(getattr(shape, n)) for n in names} | {"rx": number(shape.radius)} | _stroke(shape), None


def _line(shape: Line) -> tuple[str, dict[str, str], str | None]:
    points = " ".join(f"{number(x)},{number(y)}" for x, y in shape.points)
    return "polygon" if shape.closed else "polyline", {"points": points, **_stroke(shape)}, None


def _ring(shape: Ring) -> tuple[str, dict[str, str], str | None]:
    place = {"cx": number(shape.x), "cy": number(shape.y), "r": number(shape.radius)}
    return "circle", place | _stroke(shape), None


def _words(shape: Words) -> tuple[str, dict[str, str], str | None]:
    generic = "serif" if shape.face == "serif" else "sans-serif"
    attributes = {"x": number(shape.x), "y": number(shape.y), "fill": shape.ink, "font-size": number(shape.size)}
    attributes["font-family"] = f"'{FAMILIES[shape.face]}', {generic}"
    if shape.face == "bold":
        attributes["font-weight"] = "bold"
    if shape.end or shape.right:
        attributes["text-anchor"] = "end"
    return "text", attributes, f"\u2067{shape.text}\u2069" if shape.right else shape.text


_DRAWN: dict[type, Callable[[Any], tuple[str, dict[str, str], str | None]]] = {
    Box: _box,
    Line: _line,
    Ring: _ring,
    Words: _words,
}
