"""The numbers that Word counts by itself, as printed: "3.", "(a)", "Article IV"; and what its styles stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from backchannel.papers.draft import Draft
from backchannel.papers.package import Attributes, Package

# Names of styles that we write, or that mean the same in every Word -> what their words are.
_ROLES = {"title": "title", "subtitle": "subtitle", "paragraph number": "number", "paragraph status": "status"}
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_CHAIN = 20


def roman(number: int) -> str:
    """In small Roman numerals, below 4000."""
    out = ""
    for value, letters in _ROMAN:
        out += letters * (number // value)
        number %= value
    return out


def letters(number: int) -> str:
    """As Word letters lists: a to z, aa to zz."""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


_FORMS: dict[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda n: f"{n:02}",
    "lowerLetter": letters,
    "upperLetter": lambda n: letters(n).upper(),
    "lowerRoman": lambda n: roman(min(n, 3999)),
    "upperRoman": lambda n: roman(min(n, 3999)).upper(),
    "bullet": lambda n: "",
    "none": lambda n: "",
}


@dataclass
class Style:
    """A style: what it is called, what it rests on, and its list."""

    name: str = ""
    base: str = ""
    listed: tuple[str, int] | None = None


class Styles:
    """The styles of a document, by their id."""

    def __init__(self, package: Package, related: dict[str, str]) -> None:
        self._styles: dict[str, Style] = {}
        self._now = Style()
        if "styles" in related:
            package.walk(related["styles"], self._start)

    def _start(self, tag: str, attributes: Attributes) -> None:
        value = attributes.get("w:val", "")
        if tag == "w:style":
            self._now = self._styles[attributes.get("w:styleId", "")] = Style()
        elif tag == "w:name":
            self._now.name = value.casefold()
        elif tag == "w:basedOn":
            self._now.base = value
        elif tag == "w:numId":
            self._now.listed = (value, self._now.listed[1] if self._now.listed else 0)
        elif tag == "w:ilvl":
            self._now.listed = (self._now.listed[0] if self._now.listed else "", level(value))

    def role(self, style: str) -> str:
        """What words in a style are: `title`, `subtitle`, `number`, `status` or ""."""
        return _ROLES.get(self._styles[style].name, "") if style in self._styles else ""

    def listed(self, style: str) -> tuple[str, int] | None:
        """The list and level that a style stands for, its own or of what it rests on."""
        for _ in range(_CHAIN):
            if style not in self._styles:
                return None
            if self._styles[style].listed is not None:
                return self._styles[style].listed
            style = self._styles[style].base
        return None


@dataclass
class Level:
    """How one level of a list is counted."""

    start: int = 1
    form: str = "decimal"
    text: str = ""


@dataclass
class List:
    """A list: its levels, and where its counting stands."""

    levels: dict[int, Level] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)

    def label(self, depth: int) -> str:
        """Count on at a level; what is printed."""
        here = self.levels.get(depth, Level(text=f"%{depth + 1}."))
        self.counts[depth] = self.counts.get(depth, here.start - 1) + 1
        for deeper in [d for d in self.counts if d > depth]:
            del self.counts[deeper]
        if here.form == "bullet":
            return "•"
        text = here.text
        for d in range(depth + 1):
            above = self.levels.get(d, Level())
            count = self.counts.setdefault(d, above.start)
            text = text.replace(f"%{d + 1}", _FORMS.get(above.form, str)(count) if count > 0 else "0")
        return text.strip()


class Numbering:
    """The lists of a document."""

    def __init__(self, package: Package, related: dict[str, str]) -> None:
        self._lists: dict[str, List] = {}
        self._abstract: dict[str, List] = {}
        self._starts: dict[str, dict[int, int]] = {}
        self._list, self._level, self._depth, self._id = List(), Level(), 0, ""
        if "numbering" in related:
            package.walk(related["numbering"], self._start)

    def _start(self, tag: str, attributes: Attributes) -> None:
        value = attributes.get("w:val", "")
        if tag == "w:abstractNum":
            self._list = self._abstract[attributes.get("w:abstractNumId", "")] = List()
        elif tag == "w:lvl":
            self._depth = level(attributes.get("w:ilvl", ""))
            self._level = self._list.levels[self._depth] = Level()
        elif tag == "w:start":
            self._level.start = small(value, 1)
        elif tag == "w:numFmt":
            self._level.form = value
        elif tag == "w:lvlText":
            self._level.text = value[:40]
        elif tag == "w:num":
            self._id = attributes.get("w:numId", "")
            self._list = List()
        elif tag == "w:abstractNumId":
            self._list = self._lists[self._id] = self._abstract.get(value, List())
        elif tag == "w:lvlOverride":
            self._depth = level(attributes.get("w:ilvl", ""))
        elif tag == "w:startOverride":
            self._starts.setdefault(self._id, {})[self._depth] = small(value, 1)

    def number(self, drafts: list[Draft], styles: Styles) -> None:
        """Give each paragraph of a list its number; one that is written there stays."""
        for draft in drafts:
            key, depth = draft.listed or styles.listed(draft.style) or ("", 0)
            if not key and draft.listed:  # a level of its own in the list of its style
                key = (styles.listed(draft.style) or ("", 0))[0]
            if draft.number or key not in self._lists or not draft.text.strip():
                draft.number = draft.number.strip()
            else:
                held = self._lists[key]
                for at, start in self._starts.pop(key, {}).items():
                    held.counts[at] = start - 1
                draft.number = held.label(depth)
            if draft.number[:-1].isdigit() and draft.number.endswith("."):
                draft.number = draft.number[:-1]


def level(value: str) -> int:
    """A level of a list; Word has nine."""
    return min(small(value), 8)


def small(value: str, default: int = 0) -> int:
    """A number of a list or a level, where it is one."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 5 else default
