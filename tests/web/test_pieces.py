"""Long texts in pieces (spec/web.md, 3.5)."""

from __future__ import annotations

import html
import re

import pytest

from backchannel.web.pieces import MOST, in_pieces, pieces

BOMB = "مa" * 95_000
PIECE = re.compile(r'<span class="piece">(.*?)</span>', re.DOTALL)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "a" * 190_000,
        "a\n" * 95_000,
        "ab " * 63_000,
        "\n" * 5_000,
        "e\u0301" * 5_000,
        "a" + "\u0301" * 5_000,
        "<&>'\"" * 1_000,
        "&amp;" * 1_000,
        "x" * MOST + "y",
    ],
)
def test_no_piece_is_long_and_together_they_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text
    assert all(0 < len(one) <= MOST for one in pieces(text))
    page = in_pieces(f'<p class="said">{html.escape(text)}</p>')
    found = PIECE.findall(page)
    assert "".join(map(html.unescape, found)) == text
    assert PIECE.sub("", page) == '<p class="said"></p>'


def test_a_piece_ends_with_a_line_else_a_word_and_tears_no_letter() -> None:
    assert next(pieces("x" * 600 + "\n" + "y" * 300 + " " + "z" * 600)) == "x" * 600 + "\n"
    assert next(pieces("x" * 600 + " " + "z" * 600)) == "x" * 600 + " "
    assert next(pieces("x" * 999 + "e\u0301" + "z" * 600)) == "x" * 999
    assert next(pieces("x" * 998 + "क\u200dष" + "z" * 600)) == "x" * 998


def test_short_texts_attributes_and_fields_stay_as_they_are() -> None:
    for page in (
        f"<p>{'a' * MOST}</p>",
        f'<input value="{"a" * 5_000}"><p>b</p>',
        f'<textarea name="text" dir="auto">{"a " * 5_000}</textarea>',
        f"<select><option>{'a' * 5_000}</option></select>",
        f"<title>{'a' * 5_000}</title>",
    ):
        assert in_pieces(page) == page


def test_what_people_wrote_stays_text() -> None:
    hostile = "<script>alert(1)</script>" * 100
    assert "<script" not in in_pieces(f"<p>{html.escape(hostile)}</p>")
