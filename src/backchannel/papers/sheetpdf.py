"""Drawings as one PDF, a page each: lines stay lines and words words, to be printed in any size and searched."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fpdf import FPDF
from fpdf.errors import FPDFException
from fpdf.fonts import TTFFont

from backchannel.errors import Misuse
from backchannel.papers.faces import FACES, file
from backchannel.papers.sheet import Box, Line, Ring, Sheet, Words, fonts, plainly

_DATE = datetime(1980, 1, 1, tzinfo=UTC)
_POINT = 25.4 / 72
_BASELINE = 0.3
"""Of the size of letters: from the middle of a cell down to the line they stand on."""


def pdf(sheets: Sequence[Sheet]) -> bytes:
    """The drawings as PDF; `Misuse` if they have letters that are in no font of ours."""
    others = sorted({name for sheet in sheets for name in fonts(sheet)} - set(FACES.values()))
    with tempfile.TemporaryDirectory() as folder:
        paper = _Paper(others, Path(folder))
        try:
            paper.set_title(sheets[0].title if sheets else "")
            for sheet in sheets:
                paper.sheet(sheet)
            return bytes(paper.output())
        except (FPDFException, RecursionError) as error:
            raise Misuse("paper-letters", "This picture cannot be set as a PDF.", "Save it as .svg.") from error
        finally:
            paper.drop()


class _Paper(FPDF):
    def __init__(self, others: Sequence[str], folder: Path) -> None:
        super().__init__()
        self.set_creation_date(_DATE)
        self.set_margin(0)
        self.set_auto_page_break(False)
        self.c_margin = 0
        self.alias_nb_pages("")  # "{nb}" in words is words
        names = {**FACES, **{name: name for name in others}}
        for family, name in names.items():
            self.add_font(family, "", file(folder, name))
        self.set_fallback_fonts(["sans", *others], exact_match=False)

    def drop(self) -> None:
        """Let go of the files of the fonts."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def sheet(self, sheet: Sheet) -> None:
        """A page of the drawing's own size."""
        self.add_page(format=(sheet.width, sheet.height))
        self._out("0 J")  # lines end where they end: square ends would close the gaps of a dashed one
        for shape in sheet.shapes:
            _DRAWN[type(shape)](self, shape)

    def box(self, shape: Box) -> None:
        """A rectangle."""
        style = self._pen(shape)
        self.rect(shape.x, shape.y, shape.width, shape.height, style, True, shape.radius)

    def way(self, shape: Line) -> None:
        """A line, or a shape."""
        self.polyline(shape.points, polygon=shape.closed, style=self._pen(shape))

    def ring(self, shape: Ring) -> None:
        """A circle."""
        self.circle(shape.x, shape.y, shape.radius, self._pen(shape))

    def words(self, shape: Words) -> None:
        """A line of text, on its baseline."""
        self.set_font(shape.face, "", shape.size / _POINT)
        self.set_text_color(shape.ink)
        self.set_text_shaping(True, direction="rtl" if shape.right else "ltr")
        text = plainly(shape.text)
        across = self.get_string_width(text)
        self.set_xy(shape.x - across if shape.end or shape.right else shape.x, shape.y - _BASELINE * shape.size)
        # The library takes a font for set that it has set inside `q .. Q`, and letters then come from another one.
        self.current_font_is_set_on_page = False
        self.cell(across, 0, text)

    def _pen(self, shape: Box | Line | Ring) -> str:
        if shape.fill != "none":
            self.set_fill_color(shape.fill)
        if shape.ink != "none":
            self.set_draw_color(shape.ink)
            self.set_line_width(getattr(shape, "weight", 0))
        self.set_dash_pattern(shape.dash, shape.dash * 0.8)
        return "D" * (shape.ink != "none") + "F" * (shape.fill != "none")


_DRAWN: dict[type, Callable[[_Paper, Any], None]] = {
    Box: _Paper.box,
    Line: _Paper.way,
    Ring: _Paper.ring,
    Words: _Paper.words,
}
