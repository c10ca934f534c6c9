"""Hours for a calendar: nothing in them but what was meant, and no words unless asked for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from backchannel.errors import Misuse
from backchannel.papers.calendar import Due, calendar
from backchannel.papers.cards import SIGNS, Card

STAMP, HOUR = datetime(1979, 2, 23, 18, 5, tzinfo=UTC), datetime(1979, 3, 2, 12, tzinfo=UTC)
SECRET, OTHER = b"a" * 32, b"b" * 32
CARD = Card(3, "Chile", "The reserves; all of them, are stood down.", "due", "Punta Arenas", "", ("Holy See",), 1)
DUE = Due(b"\x01" * 8, 12, "Beagle", CARD, HOUR, (3, 14, 3))
INJECTED = "x\r\nATTENDEE:mailto:spy@example.org\nBEGIN:VALARM\rX-EVIL:1\u2028X:2\x85X:3\x0bX\x00\ud800,;:\\n\"^'"


def rows(data: bytes) -> list[tuple[str, str]]:
    """Name and value of each line, read by hand as RFC 5545, 3.1 and 3.3.11 have it; no word of the library."""
    assert data.endswith(b"\r\n")
    lines = data[:-2].split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    found = []
    for line in "\r\n".join(one.decode() for one in lines).replace("\r\n ", "").split("\r\n"):
        name, _, value = line.partition(":")
        assert re.fullmatch(r"[A-Z-]+", name), line
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]", value)
        found.append((name, re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)))
    return found


def values(data: bytes, name: str) -> list[str]:
    return [value for key, value in rows(data) if key == name]


def test_it_says_only_that_something_is_due() -> None:
    data = calendar([DUE], STAMP, SECRET)
    assert [row for row in rows(data) if row[0] != "UID"] == [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", "-//icalendar//NONSGML//EN"),
        ("BEGIN", "VEVENT"),
        ("SUMMARY", "Step 3 of ladder 12 is due"),
        ("DTSTART", "19790302T115500Z"),
        ("DTEND", "19790302T120000Z"),
        ("DTSTAMP", "19790223T180500Z"),
        ("CLASS", "PRIVATE"),
        ("STATUS", "CONFIRMED"),
        ("TRANSP", "TRANSPARENT"),
        *[
            row
            for lead in (14, 3)
            for row in (
                ("BEGIN", "VALARM"),
                ("ACTION", "DISPLAY"),
                ("DESCRIPTION", "Step 3 of ladder 12 is due"),
                ("TRIGGER", f"-P{lead}D"),
                ("END", "VALARM"),
            )
        ],
        ("END", "VEVENT"),
        ("END", "VCALENDAR"),
    ]


def test_what_is_to_be_done_by_the_end_of_a_day_stands_on_that_day() -> None:
    data = calendar([DUE._replace(hour=datetime(1979, 3, 3, tzinfo=UTC))], STAMP, SECRET)
    assert (values(data, "DTSTART"), values(data, "DTEND")) == (["19790302T235500Z"], ["19790303T000000Z"])
    assert values(data, "SUMMARY") == ["Step 3 of ladder 12 is due by the end of 2 March 1979 (UTC)"]
    over = DUE._replace(hour=datetime(1979, 3, 3, tzinfo=UTC), card=CARD._replace(standing="verified"))
    assert values(calendar([over], STAMP, SECRET), "SUMMARY") == ["Step 3 of ladder 12 is over"]


def test_it_names_neither_the_program_nor_anybody() -> None:
    data = calendar([DUE], STAMP, SECRET).lower()
    for word in (b"backchannel", b"chile", b"holy", b"beagle", b"reserves", b"punta", DUE.id.hex().encode()):
        assert word not in data


def test_an_event_is_found_again_by_the_same_desk_only() -> None:
    def uid(due: Due, secret: bytes) -> str:
        return values(calendar([due], STAMP, secret), "UID")[0]

    later = DUE._replace(hour=HOUR + timedelta(days=9), card=CARD._replace(standing="late"), ladder=1)
    assert uid(DUE, SECRET) == uid(later, SECRET)
    assert len({uid(DUE, SECRET), uid(DUE, OTHER), uid(DUE._replace(id=b"\x02" * 8), SECRET)}) == 3
    with pytest.raises(Misuse, match="16 bytes"):
        calendar([DUE], STAMP, b"short")


def test_with_words_it_says_what_was_promised() -> None:
    data = calendar([DUE], STAMP, SECRET, words=True)
    assert values(data, "SUMMARY") == ["3. The reserves; all of them, are stood down."]
    assert values(data, "LOCATION") == ["Punta Arenas"]
    assert values(data, "DESCRIPTION")[0] == "\n".join(
        ("Beagle", CARD.what, "Chile: due", "where Punta Arenas", "verified by Holy See")
    )
    assert not values(calendar([DUE._replace(card=CARD._replace(where=""))], STAMP, SECRET, words=True), "LOCATION")


@pytest.mark.parametrize("standing", SIGNS)
def test_what_is_over_reminds_nobody(standing: str) -> None:
    data = calendar([DUE._replace(card=CARD._replace(standing=standing))], STAMP, SECRET)
    over = standing in ("reported", "verified", "excused", "broken", "withdrawn")
    assert len(values(data, "TRIGGER")) == (0 if over else 2)
    assert values(data, "SUMMARY") == [f"Step 3 of ladder 12 is {'over' if over else 'due'}"]
    status = {"proposed": "TENTATIVE", "excused": "CANCELLED", "withdrawn": "CANCELLED"}.get(standing, "CONFIRMED")
    assert values(data, "STATUS") == [status]


def check(text: str) -> None:
    card = Card(3, text, text, "due", text, text, (text,), 1, (), (), text)
    data = calendar([DUE._replace(title=text, card=card)], STAMP, SECRET, words=True)
    plain = calendar([DUE], STAMP, SECRET, words=True)
    allowed = {name for name, _ in rows(plain)}
    assert {name for name, _ in rows(data)} <= allowed
    for name in ("BEGIN", "END", "UID", "DTSTART", "TRIGGER"):
        assert values(data, name) == values(plain, name)
    read = Calendar.from_ical(data)
    assert len(read.walk("VEVENT")) == 1
    assert len(read.walk("VALARM")) == 2
    assert not read.walk("VEVENT")[0].errors


def test_words_stay_in_their_line() -> None:
    check(INJECTED)
    check("ж" * 2_000)
    check("é🕊" * 50)


@given(st.text(max_size=120))
def test_any_words_stay_in_their_line(text: str) -> None:
    check(text)


def test_hours_are_in_utc_and_whole_seconds() -> None:
    zone = timezone(timedelta(hours=-3, minutes=-30))
    due = DUE._replace(hour=HOUR.astimezone(zone).replace(microsecond=5))
    assert calendar([due], STAMP.replace(tzinfo=None), SECRET) == calendar([DUE], STAMP, SECRET)
    assert b"TZID" not in calendar([due], STAMP, SECRET)


def test_no_hours_make_an_empty_calendar() -> None:
    assert [name for name, _ in rows(calendar([], STAMP, SECRET))] == ["BEGIN", "VERSION", "PRODID", "END"]
