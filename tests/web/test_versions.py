"""Versions of a text by its pages: read, compared, saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backchannel import papers
from tests.web.kit_forms import do
from tests.web.kit_texts import NASTY, Table, sitting


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with sitting(tmp_path) as one:
        yield one


@pytest.fixture
def place(table: Table) -> str:
    """Text 1, then one word other, one paragraph gone, one new, one moved, not issued."""
    place = table.open(["They do not use force.", "Two.", "Three.", "Four."], title="Treaty <b>")
    do(table["sofia"], place, "issue")
    changes = (
        "== replace 1\nThey do not threaten force.\n\n== delete 2\n\n== move 4 after 1\n\n== insert after 4\nNew.\n"
    )
    do(table["sofia"], f"{place}/change", "several", changes=changes)
    return place


def test_a_version_stays_as_it_was(table: Table, place: str) -> None:
    page = table["ana"].get(f"{place}/version/1")
    assert "They do not use force." in page
    assert "New." not in page
    assert "no such version" in table["ana"].get(f"{place}/version/2", 404)
    assert "Text 1" in table["ana"].get(f"{place}/versions")


def test_the_redline_of_two(table: Table, place: str) -> None:
    page = table["ana"].get(f"{place}/redline")
    assert "text 1 → as it is now" in page
    assert "<del>use</del>" in page
    assert "<ins>threaten</ins>" in page
    assert "<del>Two.</del>" in page
    assert "<ins>New.</ins>" in page
    assert ">moved<" in page
    assert "one paragraph is as it was" in page
    do(table["sofia"], place, "issue")
    assert "text 1 → text 2" in table["ana"].get(f"{place}/redline?old=1&new=2")
    assert "text 1 → as it is now" in table["ana"].get(f"{place}/redline")
    assert "Nothing has changed" in table["ana"].get(f"{place}/redline?old=2")
    assert "nothing → text 1" in table["ana"].get(f"{place}/redline?old=0&new=1")
    assert "There is no version 9" in table["ana"].get(f"{place}/redline?old=9", 404)


def test_a_long_redline_is_shown_in_portions(table: Table) -> None:
    place = table.open([f"Paragraph {n}." for n in range(1, 81)])
    page = table["ana"].get(f"{place}/redline")
    assert page.count('class="para"') == 50
    assert table["ana"].get(f"{place}/redline?old=0&line=51").count('class="para"') == 30


@pytest.mark.parametrize("form", ["txt", "md", "docx", "pdf"])
def test_a_paper_is_saved_and_not_shown(table: Table, place: str, form: str) -> None:
    answer = table["ana"].client.get(f"{place}/paper/{form}?version=1")
    assert answer.headers["content-type"] == "application/octet-stream"
    number = place.rsplit("/", 1)[1]
    assert answer.headers["content-disposition"] == f'attachment; filename="text-{number}-1.{form}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    if form != "pdf":
        found = papers.words(papers.read(answer.content, f"x.{form}").document)
        assert "They do not use force." in found
    assert table["ana"].client.get(f"{place}/paper/{form}").status_code == 200
    assert (
        table["ana"]
        .client.get(f"{place}/paper/{form}?old=1")
        .headers["content-disposition"]
        .endswith(f'text-{number}-redline.{form}"')
    )


def test_a_redline_in_word_has_tracked_changes(table: Table, place: str) -> None:
    raw = table["ana"].client.get(f"{place}/paper/docx?old=1").content
    found = papers.words(papers.read(raw, "x.docx", "bracket").document)
    assert any("[" in words for words in found)


def test_a_form_that_is_none_is_told(table: Table, place: str) -> None:
    assert "not written as" in table["ana"].get(f"{place}/paper/exe", 404)
    assert "There is no version 7" in table["ana"].get(f"{place}/paper/txt?version=7", 404)


def test_hostile_words_of_versions_are_text(table: Table) -> None:
    place = table.open([NASTY])
    do(table["sofia"], place, "issue")
    do(table["sofia"], f"{place}/paragraph/1", "replace", words=f"Now {NASTY}")
    for page in ("/version/1", "/redline", "/versions"):
        assert "<script>alert" not in table["ana"].get(place + page)
