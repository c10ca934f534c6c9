"""Names and prose: unchanged or refused; the same on every desk (spec/channel.md, 1.2)."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.entry import repertoire
from backchannel.entry.text import PROSE_LIMIT, folded, line, prose, standard, tidy
from tests.seal.kit import refused

FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
JOINERS = "\u200c\u200d"
# Default-ignorable characters that are not of category Cf, fillers and the blank Braille pattern.
INVISIBLE = [0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2800, 0x3164, *range(0xFE00, 0xFE0E)]
INVISIBLE += [0xFFA0, *range(0xE0100, 0xE01F0)]


def ranges() -> list[tuple[int, int]]:
    pairs = (item.partition("-") for item in repertoire.RANGES.split())
    return [(int(a, 16), int(b or a, 16)) for a, _, b in pairs]


@pytest.mark.skipif(
    unicodedata.unidata_version != repertoire.UNICODE, reason="this Python knows another Unicode than the list is of"
)
def test_the_repertoire_is_made_by_rule() -> None:
    made: list[list[int]] = []
    for code in range(0x20, 0x110000):
        if code in INVISIBLE or (unicodedata.category(chr(code)) in FORBIDDEN and chr(code) not in JOINERS):
            continue
        if made and made[-1][1] == code - 1:
            made[-1][1] = code
        else:
            made.append([code, code])
    assert ranges() == [(a, b) for a, b in made]


def test_the_repertoire_is_in_order() -> None:
    flat = [end for pair in ranges() for end in pair]
    assert flat == sorted(flat)
    for first, last in ranges():
        assert not repertoire.outside(chr(first) + chr(last))
        assert repertoire.outside(chr(first - 1))
        assert repertoire.outside(chr(last + 1))


NAMES = ["Chile", "Ana María", "Åsa", "Иван", "李明", "محمد", "نمی‌دانم", "क्‍ष", "O'Neill (II)", "Đỗ", "a" * 80]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_the_world_pass(name: str) -> None:
    assert line(name) == name
    assert standard(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\u00a0",
        "\u3000",
        "a" * 81,
        " a",
        "a ",
        "a\u00a0",
        "a  b",
        "a\tb",
        "a\nb",
        "a\rb",
        "a\x00",
        "a\x1b[31m",
        "a\x7f",
        "a\x85b",
        "a\u2028b",
        "a\u202eb",
        "a\u2066b",
        "a\u200eb",
        "a\u200bb",
        "a\u00adb",
        "\ufeffa",
        "a\ufe0f",
        "a\ufe00",
        "a\u034fb",
        "\u3164",
        "\u2800",
        "\u115f",
        "\u200d",
        "\u200c\u200d",
        "a\ud800",
        "a\ue000",
        "a\U000e0041",
        "a\U000e0101",
        "a\u0378",
        "\U0001fae8",  # assigned in Unicode 15
        "\U0010ffff",
        "e\u0301",
        "\u212b",
        "\u1100\u1161",
    ],
    ids=ascii,
)
def test_names_that_deceive_are_refused(name: str) -> None:
    with refused("name"):
        line(name)


def test_the_limits_are_the_callers() -> None:
    assert line("a" * 200, "title", 200)
    with refused("name"):
        line("ab", "title", 1)


@pytest.mark.parametrize("text", ["a\n\n\tb", "❤️ and ☺︎", "  indented", "日本語\n", "1" * PROSE_LIMIT])
def test_prose_passes(text: str) -> None:
    assert prose(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "\u200d",
        "\ufe0f",
        "\u3000",
        "1" * (PROSE_LIMIT + 1),
        "a\r\nb",
        "a\x1b[0m",
        "a\u202eb",
        "e\u0301",
        "\ud83d",
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_prose_that_deceives_is_refused(text: str) -> None:
    with refused("prose"):
        prose(text)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Chile", "CHILE"),
        ("Chile", "\uff23\uff48\uff49\uff4c\uff45"),
        ("Ana Maria", "AnaMaria"),
        ("Ana Maria", "Ana\u00a0Maria"),
        ("Chile", "Chi\u200cle"),
        ("Chile", "Chi\u200dle"),
        ("Straße", "STRASSE"),
        ("Åsa", "A\u030asa"),
        ("ﬁn", "fin"),
        ("A\u00b4", "\u00c1"),
    ],
)
def test_names_that_count_as_the_same(one: str, two: str) -> None:
    assert folded(one) == folded(two)


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing(name: str) -> None:
    assert folded(folded(name)) == folded(name)


@given(st.text(max_size=60))
def test_what_was_typed_becomes_standard_or_is_refused(typed: str) -> None:
    text = tidy(typed)
    assert tidy(text) == text
    assert "\r" not in text
    assert unicodedata.is_normalized("NFC", text)


@given(st.text(max_size=30))
def test_a_name_that_passes_is_safe_anywhere(name: str) -> None:
    try:
        line(name)
    except Exception as error:
        assert re.fullmatch(r"A name .+|The name .+", error.what)  # type: ignore[attr-defined]  # noqa: PT017
        return
    assert standard(name)
    assert not {unicodedata.category(char) for char in name} & (FORBIDDEN - {"Cf"})
    assert not set(name) & set("\n\r\t\u202e\ufe0f\u2028")


def test_no_text_is_slow() -> None:
    """Normalising takes quadratic time on marks out of order; what others send never gets there at length."""
    hostile = "a" + "\u0315\u0316" * 100_000
    start = time.process_time()
    with refused("name"):
        line(hostile)
    with refused("prose"):
        prose(hostile)
    with refused("prose"):
        prose(hostile[:PROSE_LIMIT])
    assert not standard(hostile)
    assert time.process_time() - start < 2
