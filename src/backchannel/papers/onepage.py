"""A sheet of help on one page, to be printed: sections of short lines, from the left or from the right."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fpdf.enums import Align, XPos, YPos
from fpdf.errors import FPDFException

from backchannel.errors import Misuse
from backchannel.papers.model import Document, Paragraph, Run, line
from backchannel.papers.pdf import Paper

SIZES = (10.5, 10.0, 9.5, 9.0, 8.5, 8.0, 7.5, 7.0)
"""From large to small, until all is on one page."""
_LEADING, _TITLE, _HEADING = 0.50, 1.7, 1.15
_BULLET = 6.0
_GREY, _INK = 90, (31, 78, 95)
_APART = dict.fromkeys((0x2066, 0x2067, 0x2068, 0x2069))
"""Marks that keep directions apart; no font of ours has them."""
RULE = "____"
"""A line that ends so goes on to the margin, to be filled in by hand."""


class Section(NamedTuple):
    """A heading and what stands under it; `numbered`: to be done in this order."""

    heading: str
    lines: tuple[str, ...]
    numbered: bool = False


class Sheet(NamedTuple):
    """All that stands on it. `right`: it is written from right to left."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
    foot: str
    right: bool = False


def write(sheet: Sheet) -> bytes:
    """The sheet as PDF: one page. `Misuse` for letters in no font of ours, or if it can be set on no page."""
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            paper = _Page(sheet, Path(folder), size)
            try:
                paper.fill()
                if paper.page_no() == 1:
                    return bytes(paper.output())
            except (FPDFException, RecursionError) as error:
                raise Misuse("paper-letters", "This sheet cannot be set as a PDF.", "Leave the names out.") from error
            finally:
                paper.drop()
    raise Misuse("sheet", "This does not fit on one page.", "Leave the names out.")


class _Page(Paper):
    def __init__(self, sheet: Sheet, folder: Path, size: float) -> None:
        super().__init__(line(sheet.title), folder)
        self._sheet, self._size = sheet, size
        self.set_margins(20, 15, 20)
        self.set_auto_page_break(True, 17)

    def fill(self) -> None:
        """Put everything on it."""
        sheet = self._sheet
        texts = tuple(Paragraph(runs=(Run(text.translate(_APART)),)) for text in self._texts())
        self.hold(Document(sheet.title, sheet.subtitle.translate(_APART), texts))
        self._write(sheet.title, self._size * _TITLE, bold=True)
        self._write(sheet.subtitle, self._size, grey=True)
        for section in sheet.sections:
            self.ln(self._size * 0.28)
            self.set_text_color(*_INK)
            self._write(section.heading, self._size * _HEADING, bold=True)
            self.set_text_color(0)
            for n, text in enumerate(section.lines, 1):
                self._write(text, self._size, mark=f"{n}." if section.numbered else "•")

    def _texts(self) -> Iterator[str]:
        yield f"{self._sheet.foot}•.0123456789"
        for section in self._sheet.sections:
            yield from (section.heading, *section.lines)

    def footer(self) -> None:
        """What the sheet itself is, and how to keep it."""
        self.set_y(-15)
        self._write(self._sheet.foot, 7.5, grey=True)

    def _write(self, text: str, size: float, *, bold: bool = False, grey: bool = False, mark: str = "") -> None:
        right, height = self._sheet.right, size * _LEADING
        if grey:
            self.set_text_color(_GREY)
        self.set_font("text", "B" if bold else "", size)
        text, beside = line(text.translate(_APART)), _BULLET if mark else 0.0
        if mark:
            self._block(mark, height, _BULLET, self.w - self.r_margin - _BULLET if right else self.l_margin, YPos.TOP)
        self._block(text, height, self.epw - beside, self.l_margin + (0.0 if right else beside), YPos.NEXT)
        if text.endswith(RULE):
            self._rule(text, beside)
        self.set_text_color(0)

    def _block(self, text: str, height: float, width: float, at: float, then: YPos) -> None:
        right = self._sheet.right
        self.set_x(at)
        self.set_text_shaping(True, direction="rtl" if right else "ltr")
        text = text.removesuffix(RULE).rstrip()
        self.multi_cell(
            width, height, text, align=Align.R if right else Align.L, new_x=XPos.LMARGIN, new_y=then, padding=0
        )

    def _rule(self, text: str, beside: float) -> None:
        """A line to write on."""
        start = self.get_string_width(text.removesuffix(RULE)) + beside + 3
        y = self.get_y() - 0.9
        left, end = self.l_margin, self.w - self.r_margin
        self.set_draw_color(_GREY)
        self.set_line_width(0.2)
        self.line(*((left, y, end - start, y) if self._sheet.right else (left + start, y, end, y)))
