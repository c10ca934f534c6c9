"""The PDF holds the words, as words; changes are lines, not colours; markup in words is words."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.errors import Misuse
from backchannel.papers import Comment, Document, Paragraph, Run, write


def paper(*texts: str, change: str = "") -> Document:
    return Document("A treaty", "Text 7", tuple(Paragraph(str(i), (Run(t, change),)) for i, t in enumerate(texts, 1)))


def drawn(data: bytes) -> bytes:
    """What is drawn on the pages."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", data, re.S)
    found = b""
    for stream in streams:
        try:
            found += zlib.decompress(stream)
        except zlib.error:
            continue
    return found


def seen(data: bytes) -> str:
    """The words as another program reads them from the file."""
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("no pdftotext on this machine")
    return subprocess.run([tool, "-layout", "-", "-"], input=data, capture_output=True, check=True).stdout.decode()


def test_another_program_reads_the_words() -> None:
    text = seen(
        write(
            paper(
                "The Parties shall cease.", "Стороны, τα μέρη", "[shall](http://x) **may** __x__ {nb} \\ --a-- ~~b~~"
            ),
            "pdf",
        )
    )
    for part in ("A treaty", "Text 7", "1.", "The Parties shall cease.", "Стороны, τα μέρη", "1/1"):
        assert part in text.replace(" / ", "/")
    assert "[shall](http://x) **may** __x__ {nb} \\ --a-- ~~b~~" in text


def test_no_word_becomes_a_link_or_an_action() -> None:
    data = write(paper("[x](http://y) <a href='z'>q</a>"), "pdf")
    assert not re.search(rb"/(Annots|URI|JavaScript|Launch|EmbeddedFile)", data)


def test_changes_are_drawn_as_lines_in_black() -> None:
    plain, lined = (drawn(write(paper("words", change=change), "pdf")) for change in ("", "added"))
    bars = re.compile(rb"re f|\bl S\b")
    assert len(bars.findall(lined)) > len(bars.findall(plain))
    assert not re.search(rb"[\d.]+ [\d.]+ [\d.]+ rg", lined)


def test_the_library_tells_nobody_of_tables_it_drops(caplog: pytest.LogCaptureFixture) -> None:
    assert write(paper("☎ ∮"), "pdf")
    assert not caplog.records


def test_letters_that_no_font_has_are_named() -> None:
    with pytest.raises(Misuse, match=r"2 characters .* 中 \(U\+4E2D\), 国"):
        write(paper("中国"), "pdf")


@pytest.mark.parametrize(
    "text", ["x" + " " * 19_000 + "y", "ي" + "." * 19_000, "½" * 5_000, "ي" * 19_000, "[" * 5_000 + "ي"]
)
def test_long_rows_are_drawn_soon(text: str) -> None:
    began = time.process_time()
    runs = tuple(Run(text[i : i + 100], ("added", "removed", "")[i // 100 % 3]) for i in range(0, len(text), 100))
    assert write(Document("", "", (Paragraph("Article XIV (bis)", runs),)), "pdf")
    assert time.process_time() - began < 10


@settings(max_examples=8)
@given(
    st.lists(
        st.text(st.sampled_from("ab [](){}*_~-\\\n\tйωيوقש1.,’\u202e\x00"), min_size=1, max_size=80),
        min_size=1,
        max_size=3,
    )
)
def test_any_words_are_drawn(texts: list[str]) -> None:
    runs = tuple(Run(text, change, "x") for text, change in zip(texts, ("", "added", "removed"), strict=False))
    document = Document("", "", (Paragraph("", runs, (Comment(texts[0], None, texts[0]),), texts[0]),))
    assert write(document, "pdf").startswith(b"%PDF")


def test_what_the_library_cannot_set_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr("backchannel.papers.pdf.Paper.clause", fail)
    with pytest.raises(Misuse, match="cannot be set"):
        write(paper("x"), "pdf")
