"""A ladder as PDF: the pages that were drawn, and the same words as another program reads them."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import unicodedata
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.errors import Misuse
from backchannel.papers.cards import Card
from backchannel.papers.ladder import Picture, pages, whole
from backchannel.papers.sheet import Sheet, Words
from backchannel.papers.sheetpdf import pdf
from tests.papers.ladders import ARABIC, BEAGLE, some


def seen(data: bytes) -> str:
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("no pdftotext on this machine")
    return subprocess.run([tool, "-", "-"], input=data, capture_output=True, check=True).stdout.decode()


def letters(text: str) -> list[str]:
    return sorted(c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c)[0] in "LNM")


def drawn(data: bytes) -> bytes:
    found = b""
    for stream in re.findall(rb"stream\n(.*?)\nendstream", data, re.S):
        try:
            found += zlib.decompress(stream)
        except zlib.error:
            continue
    return found


def test_another_program_reads_the_words_and_the_pages() -> None:
    sheets = pages(some(40, 3))
    data = pdf(sheets)
    assert seen(data).count("\f") == len(sheets)
    assert set(re.findall(rb"/MediaBox \[0 0 ([\d.]+ [\d.]+)\]", data)) == {b"595.28 841.89"}
    text = seen(pdf(pages(BEAGLE)))
    for part in (
        "Beagle good offices: withdrawal and return",
        "disputed",
        "3 and one of 4, 5",
        "Two observers go to the",
    ):
        assert part in text


def test_a_wide_page_lies() -> None:
    assert b"/MediaBox [0 0 841.89 595.28]" in pdf(pages(some(4, 4)))


def test_no_letter_becomes_another() -> None:
    """The library, left to itself, drew the points of Arabic sentences with the letters of another font."""
    (sheet,) = pages(ARABIC)
    words = "".join(shape.text for shape in sheet.shapes if isinstance(shape, Words))
    text = seen(pdf([sheet]))
    assert letters(text) == letters(words)
    assert text.count(".") == words.count(".")


def test_dashes_have_gaps() -> None:
    page = drawn(pdf(pages(BEAGLE)))
    assert page.rindex(b"0 J") > page.rindex(b"2 J")
    assert b"[1.559 1.247] 0.000 d" in page, "the sign of what is only proposed"


def test_each_text_sets_its_font() -> None:
    (sheet,) = pages(ARABIC)
    blocks = re.findall(rb"BT (.*?) ET", drawn(pdf([sheet])), re.S)
    texts = [shape for shape in sheet.shapes if isinstance(shape, Words)]
    assert sum(b"Tf" in block for block in blocks) >= len(texts)


def test_the_library_warns_nobody_of_tables_it_drops(caplog: pytest.LogCaptureFixture) -> None:
    pdf(pages(BEAGLE))
    assert not caplog.records


def test_markup_and_counts_of_pages_are_words() -> None:
    hostile = "{nb} **x** [a](http://b) <b>"
    card = Card(1, hostile, hostile, "due", hostile)
    data = pdf(pages(Picture(hostile, (), (card,), hostile)))
    assert seen(data).count("{nb}") >= 3
    assert not re.search(rb"/(Annots|URI|JavaScript|Launch|EmbeddedFile)", data)


def test_the_same_bytes_each_time() -> None:
    assert pdf(pages(BEAGLE)) == pdf(pages(BEAGLE))


def test_symbols_are_there_and_letters_that_no_font_has_are_named() -> None:
    assert "☎" in seen(pdf(pages(Picture("", (), (Card(1, "A", "☎ ∮ x", "due"),), ""))))
    with pytest.raises(Misuse, match=r"中 \(U\+4E2D\)"):
        pdf([whole(Picture("", (), (Card(1, "A", "中", "due"),), ""))])


def test_what_the_library_cannot_set_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("backchannel.papers.sheetpdf._Paper.sheet", fail)
    with pytest.raises(Misuse, match="cannot be set"):
        pdf([Sheet(10, 10, "", "", ())])
    assert pdf([]).startswith(b"%PDF")


@settings(max_examples=8, deadline=None)
@given(st.text(st.sampled_from("ab [](){}*_~-\\\n\tйωيوقש1.,’\u202e\x00☎"), max_size=80))
def test_any_words_are_drawn(text: str) -> None:
    card = Card(1, text, text, "due", text, text, (text,), 1, (), (), text)
    assert pdf(pages(Picture(text, (), (card,), text))).startswith(b"%PDF")


def test_two_hundred_steps_are_set_soon() -> None:
    began = time.process_time()
    assert pdf(pages(some(200, 4, 3)))
    assert time.process_time() - began < 10
