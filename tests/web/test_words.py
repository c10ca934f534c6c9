"""What is written in a reader's language: numbers choose their form, names keep their place, times are the reader's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from string import Formatter

import pytest
from babel import Locale

from backchannel.facts.saying import Said
from backchannel.web.hours import by, size
from backchannel.web.words import LANGUAGES, PLURALS, words
from tools import make_catalogue

STAMP = "2026-11-03T23:05:00Z"
ISOLATE, END = "\u2068", "\u2069"
HEBREW = "נועה"


def plain(text: str) -> str:
    return text.replace(ISOLATE, "").replace(END, "")


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A quarter to six hours ahead of UTC."""
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_finds_its_form(language: str) -> None:
    """Of every sentence with a number, for every number: the form that this language has for it."""
    said, rule = words(language), Locale.parse(language).plural_form
    counted = [one for one in make_catalogue.held_of(language) if isinstance(one.id, tuple)] if language != "en" else []
    assert counted or language == "en"
    for one in counted:
        forms = make_catalogue.forms(one.string)
        if not all(forms):  # test_catalogue tells of it
            continue
        for n in (*range(121), 1_000, 1_001, 1_002, 1_003, 1_011, 1_000_000):
            wanted = forms[PLURALS.index(rule(n))] if len(forms) == len(PLURALS) else forms[n != 1]
            fields = {name for form in (*one.id, *forms) for _, name, _, _ in Formatter().parse(form) if name} - {"n"}
            names = {name: f"«{name}»" for name in fields}
            expected = wanted.format(n=said.number(n), **names)
            assert plain(said.count(one.id[0], one.id[1], n, **names)) == plain(expected)


def test_arabic_has_six_forms_and_uses_them() -> None:
    found = {PLURALS[PLURALS.index(Locale.parse("ar").plural_form(n))] for n in range(101)}
    assert found == set(PLURALS)


def test_numbers_are_grouped_as_their_readers_do() -> None:
    assert [words(one).number(1_234_567) for one in ("en", "es")] == ["1,234,567", "1.234.567"]


# --- names and other parts --------------------------------------------------------------------------------------------

HOSTILE = ["{n}", "{0}", "{who.__class__}", "%s", "{", "}}", "<b>", "", "a\u202eb"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", HOSTILE)
def test_what_people_wrote_is_no_part_of_the_sentence(language: str, name: str) -> None:
    said = words(language)
    assert f"«{name}»" in plain(said.say("{who} is not here. «{title}»", who="x", title=name))
    assert name in plain(said.count("{title}: one", "{title}: {n}", 2, title=name))
    assert name in plain(said.told(Said("{a}", {"a": name})))
    assert name in plain(said.names([name, "Ana"]))


def test_a_name_in_the_other_direction_is_kept_apart() -> None:
    english, arabic = words("en"), words("ar")
    assert english.say("{who} has joined.", who=HEBREW).startswith(f"{ISOLATE}{HEBREW}{END} ")
    assert english.say("{who} has joined.", who="Ana") == "Ana has joined."
    assert english.names(["Ana", HEBREW]) == f"Ana and {ISOLATE}{HEBREW}{END}"
    for name in ("Ana", HEBREW):
        assert f"{ISOLATE}{name}{END}" in arabic.names([name, name])
    assert f"{ISOLATE}Ana{END}" in arabic.say("{who} has joined.", who="Ana")


def test_every_isolate_ends() -> None:
    for language in LANGUAGES:
        text = words(language).say("{a}, {b}, {c}", a=HEBREW, b="Ana", c=3)
        assert text.count(ISOLATE) == text.count(END)


# --- times ------------------------------------------------------------------------------------------------------------


def test_times_are_those_of_the_readers_clock(zone: None) -> None:
    english = words("en")
    assert english.when(STAMP) == "4 Nov 2026, 04:50"
    assert english.day(STAMP) == "4 Nov 2026"
    assert english.when("2026-11-03T23:05:00") == english.when(STAMP)  # what has no zone is UTC
    assert words("es").when(STAMP).endswith("4:50")
    assert "نوفمبر" in words("ar").when(STAMP)


def test_days_of_no_zone_stay_where_they_are(zone: None) -> None:
    assert words("en").date(date(2026, 11, 3)) == "3 November 2026"
    assert words("en").date(date(2026, 11, 3), whole=True) == "Tuesday, 3 November 2026"
    assert words("es").date(date(2026, 11, 3)) == "3 de noviembre de 2026"


def test_how_long_ago() -> None:
    now = datetime(2026, 11, 4, 1, 5, tzinfo=UTC)
    assert words("en").ago(STAMP, now) == "2 hours ago"
    assert words("es").ago(STAMP, now) == "hace 2 horas"
    assert words("en").ago("2026-11-06T01:05:00Z", now) == "in 2 days"


# --- hours by which something is to be done, sizes --------------------------------------------------------------------


def test_the_end_of_a_day_is_said_as_that_day(zone: None) -> None:
    """As it was promised, in UTC, whatever the reader's clock."""
    assert by(words("en"), "2026-11-04T00:00:00Z") == "the end of 3 November 2026 (UTC)"
    assert by(words("en"), "2026-11-04T00:00:00Z", whole=True) == "the end of Tuesday, 3 November 2026 (UTC)"
    assert by(words("en"), STAMP) == "4 Nov 2026, 04:50"
    noon = int(datetime(2026, 11, 3, 12, tzinfo=UTC).timestamp()) // 300
    assert by(words("en"), noon) == "3 Nov 2026, 17:45"
    assert by(words("en"), noon + 144) == "the end of 3 November 2026 (UTC)"


@pytest.mark.parametrize(
    ("many", "said"),
    [
        *((0, "0 bytes"), (1, "one byte"), (999, "999 bytes"), (1_000, "1 kB"), (1_549, "1.5 kB")),
        *((2_400_000, "2.4 MB"), (1_000_000_000, "1 GB"), (1 << 30, "1.1 GB")),
    ],
)
def test_sizes(many: int, said: str) -> None:
    assert size(words("en"), many) == said
    assert size(words("es"), 2_400_000) == "2,4 MB"
