"""Tables: every fact of the picture, and no cell that a spreadsheet runs."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from backchannel.errors import Misuse
from backchannel.papers.cards import Card
from backchannel.papers.ladder import Picture
from backchannel.papers.table import Kept, Table, record, steps, write
from tests.papers.ladders import ARABIC, BEAGLE

FORMULAS = "=+-@\uff1d\uff0b\uff0d\uff20"


def cells(table: Table, delimiter: str = ",") -> list[list[str]]:
    text = write(table, "csv").decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_a_ladder_as_csv_has_every_fact() -> None:
    head, *rows = cells(steps(BEAGLE))
    assert head == [
        *("step", "party", "standing", "what", "where", "by"),
        *("verified by", "after", "in return for", "note"),
    ]
    assert rows[5] == [
        *("6", "Chile", "pledged", "Overflights are announced a day ahead.", "", ""),
        *("Argentina", "3 and one of 4, 5", "", ""),
    ]
    assert rows[3][-2:] == ["5", "3 days late"]
    assert [row[3] for row in cells(steps(ARABIC))[1:]] == [card.what for card in ARABIC.cards]
    assert "\u2068" not in write(steps(ARABIC), "csv").decode()


@pytest.mark.parametrize(
    "hostile",
    [
        "=1+1",
        "@SUM(A1)",
        "+1",
        "-1",
        "\t=1",
        " =1",
        'x";=cmd|A1',
        "a;=HYPERLINK(1)",
        "x,'=1",
        "\uff1d1",
        "a\t=1",
        "\n=1",
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_no_cell_is_a_formula_in_any_country(hostile: str, delimiter: str) -> None:
    card = Card(1, hostile, hostile, "due", hostile, hostile, (hostile,), 1, (), (), hostile)
    kept = Kept(hostile, hostile, hostile, 1, hostile, hostile, (hostile,))
    for table in (steps(Picture("", (), (card,), "")), record("", "", [kept])):
        for row in cells(table, delimiter):
            for cell in row:
                assert not cell.strip().strip("\"'").strip().startswith(tuple(FORMULAS)) or cell.strip()[0] == "'"


@given(st.text(st.sampled_from("=+-@;,|\"' \t\r\nab"), max_size=20), st.sampled_from(",;\t|"))
def test_no_words_become_a_formula(text: str, delimiter: str) -> None:
    for row in cells(steps(Picture("", (), (Card(1, "A", "x " + text, "due", text),), "")), delimiter):
        assert not any(cell.lstrip().startswith(tuple(FORMULAS)) for cell in row)


def test_words_that_are_no_formula_are_unchanged() -> None:
    text = 'Höhe 4-5, 54° S.; a+b = c; x@y "quoted" don\'t'
    assert cells(steps(Picture("", (), (Card(1, "A", text, "due"),), "")))[1][3] == text


def test_markdown_shows_words_as_they_are() -> None:
    hostile = "a | b <script>alert(1)</script> [x](http://y) **z**\n\n# h"
    text = write(steps(Picture(hostile, (), (Card(1, hostile, hostile, "due"),), "now")), "md").decode()
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert html.count("<tr>") == 2
    assert html.count("<td>") == 10
    assert not any(tag in html for tag in ("<script", "<a ", "<strong", "<h2"))
    assert html.count("[x](http://y) **z** # h") == 3


def test_plain_text_has_a_block_a_step() -> None:
    text = write(steps(BEAGLE), "txt").decode()
    assert text.startswith("Beagle good offices: withdrawal and return\nAs of 23 February 1979, 18:05 UTC, by")
    assert "step:          4\nparty:         Argentina\nstanding:      late\n" in text
    assert "where:" not in text.split("\n\n")[4]


def test_a_track_record_gives_reasons_and_no_number() -> None:
    kept = [
        Kept(
            "Argentina",
            "kept and verified",
            "Beagle",
            1,
            "The fleet returns.",
            "15 January 1979",
            ("reported 14 January", "kept"),
        ),
        Kept("Chile", "late", "Beagle", 4, "Crews are handed over.", "20 February 1979"),
    ]
    table = record("Argentina", "From 1 January to 1 March 1979.", kept)
    assert table.rows[0][-1] == "reported 14 January; kept"
    assert [row[1] for row in table.rows] == ["kept and verified", "late"]
    for form in ("txt", "md", "csv"):
        assert "The fleet returns." in write(table, form).decode("utf-8-sig")
    assert write(record("", "", []), "md").decode().startswith("| party | standing |")


def test_another_form_is_refused() -> None:
    with pytest.raises(Misuse, match="'xls'"):
        write(steps(BEAGLE), "xls")
