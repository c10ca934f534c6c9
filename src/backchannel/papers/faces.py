"""The letters of papers: the fonts that come with this program, how wide text is in them, and where a line breaks.

No font of the machine is asked for: a picture is the same on every desk, and tells nothing of the one that drew it.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import uharfbuzz as hb

from backchannel.errors import Misuse

# It tells the terminal of a table of hints that it leaves out of a PDF.
logging.getLogger("fontTools.subset").setLevel(logging.ERROR)

FACES = {"serif": "SourceSerifPro-Regular", "sans": "FiraGO_Regular", "bold": "FiraGO_Bold"}
"""What parties wrote is set in the serif; what the program says, in the others."""
FAMILIES = {"serif": "Source Serif Pro", "sans": "FiraGO", "bold": "FiraGO"}
FALLBACKS = ("NotoSans_Regular", "NotoSansSymbols2_Regular", "NotoSansMath_Regular")

CUT = "…"
_LONGEST = 1_200
"""More of one text never shows in a picture."""
_UNSEEN = {"Mn", "Me", "Cf"}
# A reader's browser may have another serif, and set it a little wider.
_SLACK = {"serif": 1.06, "sans": 1.02, "bold": 1.02}


def font(name: str) -> bytes:
    """The file of a font."""
    if name.startswith("SourceSerif"):
        return files("font_source_serif_pro").joinpath("files", f"{name}.ttf").read_bytes()
    found: bytes = import_module(f"pymupdf_fonts.{name}").fontbuffer
    return found


def file(folder: Path, name: str) -> Path:
    """A font as a file, for those who read nothing else."""
    path = folder / f"{name}.ttf"
    path.write_bytes(font(name))
    return path


@cache
def letters(name: str) -> frozenset[int]:
    """The characters that a font has."""
    return frozenset(_face(name).unicodes)


def chain(face: str) -> Iterator[str]:
    """The fonts that are asked for a letter, in order; the serif has Latin, Greek and Cyrillic only."""
    yield from dict.fromkeys((FACES[face], FACES["sans"], *FALLBACKS))


def needed(texts: Iterable[tuple[str, str]]) -> list[str]:
    """The fonts that (face, text) ask for; `Misuse` names letters that are in none of them."""
    asked = sorted({(face, char) for face, text in texts for char in text if unicodedata.category(char) != "Cf"})
    missing = sorted({char for face, char in asked if not _holder(face, char)})
    if missing:
        some = ", ".join(f"{char} (U+{ord(char):04X})" for char in missing[:5])
        what = f"{len(missing)} characters of this picture are in no font that comes with this program: {some}."
        raise Misuse("paper-letters", what, "Save it as .svg: a browser shows it with the fonts of its machine.")
    return sorted({_holder(face, char) for face, char in asked})


def width(text: str, face: str, size: float) -> float:
    """How wide a line is, in the unit of `size`. Letters stand alone here: joined, they are hardly ever wider."""
    return sum(_advance(char, face) for char in text) * size * _SLACK[face]


def wrap(text: str, face: str, size: float, room: float, most: int) -> list[str]:
    """A text as at most so many lines, the last with … if there was more."""
    cut = len(text) > _LONGEST
    lines, held = [], ""
    for word in _parts(text[:_LONGEST], face, size, room):
        longer = f"{held} {word}" if held else word
        if held and width(longer, face, size) > room:
            lines.append(held)
            if len(lines) == most:
                break
            held = word
        else:
            held = longer
    else:
        lines += [held] if held else []
        if not cut:
            return lines
    lines = lines or [""]
    while lines[-1] and width(lines[-1] + CUT, face, size) > room:
        lines[-1] = lines[-1][:-1]
    return [*lines[:-1], lines[-1].rstrip() + CUT]


def _parts(text: str, face: str, size: float, room: float) -> Iterator[str]:
    """Words; one that is wider than a line, in pieces, with the marks above its letters kept to them."""
    for word in text.split():
        held, at = "", 0.0
        for char in word:
            step = width(char, face, size)
            if held and step and at + step > room:
                yield held
                held, at = "", 0.0
            held, at = held + char, at + step
        yield held


@lru_cache(maxsize=20_000)
def _advance(char: str, face: str) -> float:
    if unicodedata.category(char) in _UNSEEN:
        return 0.0
    name = _holder(face, char)
    if not name:
        return 1.0
    found = _shaper(name)
    across: float = found.get_glyph_h_advance(found.get_nominal_glyph(ord(char)))
    return across / float(_face(name).upem)


def _holder(face: str, char: str) -> str:
    return next((name for name in chain(face) if ord(char) in letters(name)), "")


@cache
def _face(name: str) -> hb.Face:
    return hb.Face(font(name))


@cache
def _shaper(name: str) -> hb.Font:
    return hb.Font(_face(name))
