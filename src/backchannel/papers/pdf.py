"""PDF, for paper: numbers in the margin; what was added is underlined, what was removed struck through.

Text is laid out by fpdf2, with letters joined and both directions of writing by its shaping. Its own markup is switched
off by marks that no text can have, so words are never read as markup, links or counts of pages.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos
from fpdf.errors import FPDFException
from fpdf.fonts import TTFFont

from backchannel.errors import Misuse
from backchannel.papers.faces import file
from backchannel.papers.model import ADDED, REMOVED, Document, Paragraph, Run, label, line, notes, rtl, shown

# Invisible and without direction, and outside the repertoire: `shown` lets none of them through.
_BOLD, _ITALIC, _STRIKE, _LINE, _ESCAPE, _PAGES = (
    "\u2061\u2061",
    "\u2062\u2062",
    "\u2063\u2063",
    "\u2064\u2064",
    "\u2060",
    "\u200b\u200b",
)
_MARKS = {"": "", ADDED: _LINE, REMOVED: _STRIKE}
_DATE = datetime(1980, 1, 1, tzinfo=UTC)

# Family -> where its faces come from. FiraGO has Latin, Greek, Cyrillic, Arabic, Hebrew, Georgian, Thai, Devanagari.
_FACES = {"": "FiraGO_Regular", "B": "FiraGO_Bold"}
_FALLBACKS = {"notosans": "NotoSans_Regular", "symbols": "NotoSansSymbols2_Regular", "math": "NotoSansMath_Regular"}

_MARGIN, _NUMBER, _SIZE, _LEADING = 25, 12, 10.5, 5.6
_SMALL, _SMALL_LEADING = 8, 4.2
_GREY = 90
_WORD = "Write it as .docx, and print it from there."

# Latin, Greek, Cyrillic, Georgian, signs, and our marks: what needs no joining, marks above or second direction. To
# shape them takes ten times as long and gives the same lines.
_SIMPLE = re.compile(
    "[\t\n -\u02ff\u0370-\u0482\u048a-\u058f\u10a0-\u10ff\u1c90-\u1cbf"
    "\u1e00-\u200b\u2010-\u2027\u202f-\u2064\u2070-\u20cf\u2100-\u2bff]*"
)
_STRONG = {"L", "R", "AL", "AN", "EN"}
_LONGEST_ROW = 150


def write(document: Document) -> bytes:
    """The document as PDF; `Misuse` if its letters are not in the fonts that come with this program."""
    with tempfile.TemporaryDirectory() as folder:
        paper = Paper(line(document.title), Path(folder))
        try:
            paper.hold(document)
            paper.head(line(document.title), line(document.subtitle), document.redlined)
            for paragraph in document.paragraphs:
                paper.clause(paragraph)
            return bytes(paper.output())
        except (FPDFException, RecursionError) as error:
            raise Misuse("paper-letters", "This text cannot be set as a PDF.", _WORD) from error
        finally:
            paper.drop()


class Paper(FPDF):
    """A paper in the making, with the fonts that its letters need."""

    MARKDOWN_BOLD_MARKER = _BOLD
    MARKDOWN_ITALICS_MARKER = _ITALIC
    MARKDOWN_STRIKETHROUGH_MARKER = _STRIKE
    MARKDOWN_UNDERLINE_MARKER = _LINE
    MARKDOWN_MARKERS = (_BOLD, _ITALIC, _STRIKE, _LINE)
    MARKDOWN_ESCAPE_CHARACTER = _ESCAPE
    MARKDOWN_LINK_REGEX = re.compile(r"(?!)")

    def __init__(self, title: str, folder: Path) -> None:
        super().__init__(format="A4")
        self._title, self._folder = title, folder
        self.set_creation_date(_DATE)
        self.set_title(title)
        self.set_margins(_MARGIN, 22, _MARGIN)
        self.set_auto_page_break(True, 26)
        self.alias_nb_pages(_PAGES)

    def hold(self, document: Document) -> None:
        """Take the fonts that the document needs."""
        for style, face in _FACES.items():
            self.add_font("text", style, self._font(face))
        used = {char for text in _texts(document) for char in text} - set("\n\t")
        missing = used - self._letters("text")
        fallbacks = []
        for family, face in _FALLBACKS.items():
            if missing:
                self.add_font(family, "", self._font(face))
                fallbacks.append(family)
                missing -= self._letters(family)
        if missing:
            some = ", ".join(f"{char} (U+{ord(char):04X})" for char in sorted(missing)[:5])
            what = f"{len(missing)} characters of this text are in no font that comes with this program: {some}."
            raise Misuse("paper-letters", what, _WORD)
        self.set_fallback_fonts(fallbacks, exact_match=False)
        self.set_font("text", "", _SIZE)
        self.add_page()

    def drop(self) -> None:
        """Let go of the files of the fonts."""
        for font in self.fonts.values():
            if isinstance(font, TTFFont):
                font.ttfont.close()

    def _letters(self, family: str) -> set[str]:
        font = self.fonts[family]
        return {chr(code) for code in font.cmap} if isinstance(font, TTFFont) else set()

    def _font(self, face: str) -> Path:
        return file(self._folder, face)

    def footer(self) -> None:
        """Title, page, pages: on every page, so that none can be taken for another's."""
        self.set_y(-16)
        self._small()
        self.set_text_shaping(not _SIMPLE.fullmatch(self._title))
        self.cell(self.epw - 20, 5, self._title if len(self._title) < 80 else self._title[:78] + " …")
        self.cell(20, 5, f"{self.page_no()} / {_PAGES}", align=Align.R)
        self._normal()

    def head(self, title: str, subtitle: str, redlined: bool) -> None:
        """Title, which text it is, and how changes are shown."""
        if title:
            self.set_font("text", "B", 17)
            self._put(title, 8)
        self._normal()
        if subtitle:
            self.set_text_color(_GREY)
            self._put(subtitle, _LEADING)
        if redlined:
            self._small()
            self.ln(1)
            self._put(f"{_LINE}Underlined{_LINE}: added. {_STRIKE}Struck through{_STRIKE}: removed.", _SMALL_LEADING)
        self._normal()
        self.ln(5)

    def clause(self, paragraph: Paragraph) -> None:
        """A paragraph, its number beside it, and under it in small what stands beside it."""
        rows, number = _rows(paragraph.runs), label(line(paragraph.number))
        right = rtl(paragraph.text or "".join(rows))
        if self.will_page_break(2 * _LEADING):
            self.add_page()
        mark = _MARKS[paragraph.change]
        if self.get_string_width(number) > _NUMBER - 2:
            rows[0] = f"{mark}{number}{mark}  {rows[0]}"
        elif number:
            self._cell(f"{mark}{number}{mark}", _LEADING, _NUMBER, right, self.w - _MARGIN - _NUMBER, YPos.TOP)
        for row in rows:
            self._put(row, _LEADING, indent=True, right=right)
        self._small()
        for note in notes(paragraph):
            self.ln(0.6)
            self._put(note, _SMALL_LEADING, indent=True, right=right)
        self._normal()
        self.ln(3.2)

    def _put(self, text: str, height: float, indent: bool = False, right: bool | None = None) -> None:
        right = rtl(text) if right is None else right
        beside = _NUMBER if indent else 0
        if not right:
            self.set_x(_MARGIN + beside)
        self._cell(text, height, self.epw - beside, right, _MARGIN)

    def _cell(self, text: str, height: float, width: float, right: bool, at: float, then: YPos = YPos.NEXT) -> None:
        """A block of words; `at` is where it begins if it runs from right to left, else it begins where we are."""
        if right:
            self.set_x(at)
        self.set_text_shaping(not _SIMPLE.fullmatch(text))
        align = Align.R if right else Align.L
        self.multi_cell(width, height, text, markdown=True, align=align, new_x=XPos.LMARGIN, new_y=then)

    def _small(self) -> None:
        self.set_font("text", "", _SMALL)
        self.set_text_color(_GREY)

    def _normal(self) -> None:
        self.set_font("text", "", _SIZE)
        self.set_text_color(0)


def _rows(runs: Iterable[Run]) -> list[str]:
    """The lines of a paragraph, with marks where they change; a longer row of points or spaces is broken.

    The library looks for the next letter by recursion, from each of them.
    """
    rows, since = [""], 0
    for run in runs:
        mark, text = _MARKS[run.change], ""
        for char in shown(run.text):
            since = 0 if unicodedata.bidirectional(char) in _STRONG or char == "\n" else since + 1
            text += char
            if since == _LONGEST_ROW:
                text, since = text + "\n", 0
        first, *others = [f"{mark}{part}{mark}" if part else "" for part in text.split("\n")]
        rows[-1:] = [rows[-1] + first, *others]
    return rows


def _texts(document: Document) -> Iterable[str]:
    yield line(document.title) + line(document.subtitle)
    for paragraph in document.paragraphs:
        yield line(paragraph.number)
        yield from (shown(run.text) for run in paragraph.runs)
        yield from notes(paragraph)
