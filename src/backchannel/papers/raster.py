"""A drawing as PNG, for where no SVG is shown: in a letter, on a slide. With our fonts, none of the machine's."""

from __future__ import annotations

import tempfile
from pathlib import Path

import resvg_py

from backchannel.errors import Misuse
from backchannel.papers.faces import FACES, FAMILIES, file
from backchannel.papers.sheet import Sheet, fonts, svg

_MOST = 16_000_000
"""Dots of one picture; it takes about two seconds."""
_FEWEST = 45
"""To the inch: with less nobody can read it."""
_INCH = 25.4


def png(sheet: Sheet, dots: int = 150) -> bytes:
    """The drawing with so many dots to the inch, or fewer if it is large; `Misuse` if it is too large for one picture,
    or has letters that are not in our fonts."""
    dots = min(dots, int((_MOST / (sheet.width * sheet.height)) ** 0.5 * _INCH))
    if dots < _FEWEST:
        raise Misuse("paper-size", "This picture is too large for one PNG.", "Take its pages, or the picture as .svg.")
    names = list(dict.fromkeys((*FACES.values(), *fonts(sheet))))
    with tempfile.TemporaryDirectory() as folder:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=svg(sheet),
                skip_system_fonts=True,
                font_files=[str(file(Path(folder), name)) for name in names],
                serif_family=FAMILIES["serif"],
                sans_serif_family=FAMILIES["sans"],
                dpi=float(dots),
            )
        )
