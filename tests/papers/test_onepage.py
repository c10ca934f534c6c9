"""The sheet is one page, from either side; what does not fit or has no letters is told."""

from __future__ import annotations

import re

import pytest

from backchannel.errors import Misuse
from backchannel.papers.onepage import RULE, Section, Sheet, write
from tests.papers.test_pdf import drawn, seen


def sheet(*lines: str, right: bool = False, numbered: bool = False) -> Sheet:
    return Sheet("One page", "for Ana P.", (Section("What to do", lines, numbered),), "Keep it.", right)


def pages(raw: bytes) -> int:
    return len(re.findall(rb"/Type /Page\n", raw))


def test_it_says_what_it_is_to_say() -> None:
    raw = write(sheet("Open the desk.", "Compare words.", numbered=True))
    text = seen(raw)
    for part in ("One page", "for Ana P.", "What to do", "1.", "Open the desk.", "2.", "Compare words.", "Keep it."):
        assert part in text
    assert pages(raw) == 1


def test_it_is_written_from_the_right() -> None:
    text = seen(write(sheet("افتح المكتب", f"بمن تتصل: {RULE}", right=True)))
    assert "•" in text
    assert RULE not in text


def test_a_line_to_write_on_is_drawn() -> None:
    assert drawn(write(sheet(f"Call: {RULE}"))).count(b" l S") == drawn(write(sheet("Call:"))).count(b" l S") + 1


def test_letters_get_smaller_until_it_is_one_page() -> None:
    long = tuple(f"Line {n} says something that somebody has to know before they begin." for n in range(60))
    assert pages(write(sheet(*long))) == 1
    with pytest.raises(Misuse, match="does not fit"):
        write(sheet(*long, *long, *long))


def test_letters_that_are_in_no_font_are_named() -> None:
    with pytest.raises(Misuse, match="U\\+4E2D"):
        write(sheet("中"))


def test_what_the_library_cannot_set_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr("backchannel.papers.onepage._Page.fill", fail)
    with pytest.raises(Misuse, match="cannot be set"):
        write(sheet("x"))


def test_markup_is_words() -> None:
    assert "**bold** [a](http://x)" in seen(write(sheet("**bold** [a](http://x)")))
