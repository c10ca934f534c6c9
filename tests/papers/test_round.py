"""What goes out as a paper and comes back is the same words, whatever they are."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backchannel.entry.text import prose
from backchannel.errors import Misuse
from backchannel.papers import Comment, Document, Paragraph, Run, read, words, write

WHEN = datetime(1984, 5, 12, 14, 30, tzinfo=UTC)

# Whatever could mean something to a form: marks, tags, escapes, numbers, edges, both directions of writing.
PIECES = st.sampled_from(
    [
        *(
            "[",
            "]",
            "\\",
            "`",
            "*",
            "_",
            "**",
            "__",
            "{++",
            "++}",
            "{--",
            "--}",
            "{>>",
            "<<}",
            "~~",
            "|",
            "$",
            "!",
            "&",
        ),
        *("<", ">", "<b>", "</w:t>", "<!--", "]]>", "&amp;", "&#32;", "{nb}", "](http://x)", "[^1]:", "[a]: b", "://"),
        *("# ", "1. ", "2. ", "1) ", "- ", "+ ", "=== ", "---", "===", "> ", "\t", "\n", "  ", " ", "    x", "\u00a0"),
        *(
            "shall",
            "may",
            "(a)",
            "é",
            "шаг",
            "τις",
            "يوقف",
            "שלום",
            "12",
            "…",
            "—",
            "\u200c",
            "%PDF",
            "PK",
            "中",
            "\U0001d4b3",
        ),
        "Notes, not part of the text",
    ]
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Words that a text may have (spec/text.md, 1.1)."""
    text = unicodedata.normalize("NFC", "".join(draw(st.lists(PIECES, min_size=1, max_size=12))))
    rows = [row for row in text.strip().split("\n") if row.strip()]
    text = "\n".join(rows).strip()
    return text if text.strip("\u200c\u00a0 \n\t") else "x"


@pytest.mark.parametrize("form", ["txt", "md", "docx"])
@given(st.lists(texts(), min_size=1, max_size=4), texts(), texts())
@example(["1. x", "2. y\n3. z", "- a", "# b"], "Title", "Text 7")
@example(["{++x++}", "a\\\nb", "===\n===", "Notes, not part of the text\n---"], "a\n===", "*b*")
@example(["x"], "T", "Notes, not part of the text")
def test_any_words_come_back(form: str, said: list[str], title: str, subtitle: str) -> None:
    comment = Comment(title, WHEN, subtitle)
    paragraphs = (Paragraph(str(i), (Run(text),), (comment,), title) for i, text in enumerate(said, 1))
    back = read(write(Document(title, subtitle, tuple(paragraphs)), form), f"x.{form}")
    assert words(back.document) == said
    for text in words(back.document):
        prose(text)


@given(st.lists(st.tuples(texts(), st.sampled_from(["", "added", "removed"])), min_size=1, max_size=6))
@pytest.mark.parametrize("form", ["md", "docx"])
def test_changes_come_back(form: str, pieces: list[tuple[str, str]]) -> None:
    runs = (Run("+", "added"), *(Run(text, change, "Chile", WHEN) for text, change in pieces), Run("."))
    data = write(Document("", "", (Paragraph("1", runs),)), form)
    for changes, kept in (("accept", "added"), ("reject", "removed")):
        now = "".join(run.text for run in runs if run.change in ("", kept))
        while "\n\n" in (now := "\n".join(row.rstrip("\t\x20") if not row.strip() else row for row in now.split("\n"))):
            now = now.replace("\n\n", "\n")
        assert words(read(data, f"x.{form}", changes).document) == [now]


@given(st.text(max_size=60), st.text(max_size=20))
@example("\ud800\x00\x0b\u202e\uffff\ufffe{{}}", "\x1b[31m")
@pytest.mark.parametrize("form", ["txt", "md", "docx"])
def test_no_text_at_all_breaks_an_export(form: str, text: str, who: str) -> None:
    comment = Comment(who, WHEN, text)
    runs = (Run(text, "added", who, WHEN), Run(text, "removed", who), Run("x"))
    document = Document(text, who, (Paragraph(who, runs, (comment,), text),))
    data = write(document, form)
    if form == "docx":
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            for name in file.namelist():
                ElementTree.fromstring(file.read(name))  # noqa: S314
    else:
        assert not [c for c in data.decode() if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cs")]


def test_an_export_says_nothing_of_its_own() -> None:
    document = Document("T", "", (Paragraph("1", (Run("x"),)),))
    for form in ("txt", "md", "docx", "pdf"):
        assert write(document, form) == write(document, form)
    with zipfile.ZipFile(io.BytesIO(write(document, "docx"))) as file:
        assert {part.date_time for part in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert not [name for name in file.namelist() if "docProps" in name]


def test_a_hidden_character_is_shown_as_one() -> None:
    document = Document("", "", (Paragraph("1", (Run("pay \u202e001\u202c now"),)),))
    for form in ("txt", "md"):
        assert "pay \ufffd001\ufffd now" in write(document, form).decode()


def test_what_stands_beside_a_paragraph() -> None:
    runs = (Run("shall", "removed", "Chile", WHEN), Run("may", "added", "Chile", WHEN))
    document = Document("T", "Text 7", (Paragraph("1", runs, (Comment("Ana", None, "why?"),), "bracketed"),))
    assert write(document, "txt").decode().splitlines() == [
        *("T", "Text 7", "======", "", "({++added++}, {--removed--})", "", "1. {--shall--}{++may++}", ""),
        *("Notes, not part of the text", "-" * 27, ""),
        *("1. bracketed", "1. 12 May 1984, 14:30 UTC, changed by Chile", "1. Ana: why?"),
    ]
    assert "**1.** {--shall--}{++may++}" in write(document, "md").decode()


def test_an_unknown_form_is_a_misuse() -> None:
    with pytest.raises(Misuse):
        write(Document(), "odt")
    with pytest.raises(Misuse):
        read(b"x", changes="keep")
