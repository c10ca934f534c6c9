"""A party's track record: groups, periods, reasons, and what is not told."""

from __future__ import annotations

from typing import Any

import pytest

from backchannel.channel.state import DAY
from backchannel.instruments.step.rules import STATES
from backchannel.instruments.step.track import GROUPS, Row, counts, track
from tests.instruments.step.kit import MORNING, Walk, promise, standing_in, word

EVER = (0, 1 << 62)


def rows(walk: Walk, party: str = "Arland", **options: Any) -> tuple[Row, ...]:
    first, last = options.pop("period", EVER)
    return track([walk.item], party, first, last, walk.unit, **options)


def day(row: Row) -> float:
    return (row.unit - MORNING) / DAY


def told(row: Row) -> list[tuple[str, float, str]]:
    return [(one.what, (one.unit - MORNING) / DAY, one.party) for one in row.reasons]


@pytest.mark.parametrize(
    ("which", "group"),
    [
        ("pledged", "open"),
        ("due", "open"),
        ("late", "late"),
        ("reported", "open"),
        ("verified", "verified"),
        ("disputed", "disputed"),
        ("excused", "excused"),
        ("broken", "broken"),
        ("found broken", "broken"),
    ],
)
def test_which_group_a_step_is_in(which: str, group: str) -> None:
    (row,) = rows(standing_in(which))
    assert (row.group, row.place, row.step.promise.what) == (group, 0, "Open the gate")


def test_what_was_never_promised_is_in_none() -> None:
    for which in ("proposed", "withdrawn"):
        assert rows(standing_in(which)) == ()


def test_a_promise_that_was_taken_back_says_why() -> None:
    walk = Walk([word(announced=True)], by="Ana")
    walk.day = 3
    walk.withdraw(reason="Snow.")
    (row,) = rows(walk)
    assert (row.group, told(row)[-1], row.reasons[-1].words) == ("withdrawn", ("withdrawn", 3, "Arland"), "Snow.")


def test_kept_on_its_own_word_is_not_kept_and_verified() -> None:
    walk = Walk([word(), promise()])
    walk.pledge(1, 2)
    walk.day = 11
    walk.report(1)
    walk.report(2)
    walk.find(number=2)
    assert [(row.group, row.late) for row in rows(walk)] == [("kept", True), ("verified", True)]
    assert counts(rows(walk)) == {**dict.fromkeys(GROUPS, 0), "kept": 1, "verified": 1}


@pytest.mark.parametrize(("day", "late"), [(9, False), (10, True)])
def test_what_was_late_when_it_was_excused_says_so(day: int, late: bool) -> None:
    walk = Walk([promise()])
    walk.pledge()
    walk.day = day
    walk.excuse()
    (row,) = rows(walk)
    assert (row.group, row.late) == ("excused", late)


def test_what_was_reported_in_time_is_not_late_when_it_is_excused() -> None:
    walk = Walk([promise()])
    walk.pledge()
    walk.report()
    walk.day = 11
    walk.excuse()
    (row,) = rows(walk)
    assert (row.group, row.late) == ("excused", False)


def test_reasons_are_told_in_order() -> None:
    walk = Walk([promise(visits=2)])
    walk.pledge()
    walk.day = 12
    walk.excuse(day=20)
    walk.day = 21
    walk.inspect()
    walk.report()
    walk.day = 22
    walk.find(verdict="doubted")
    walk.find(verdict="broken")
    (row,) = rows(walk)
    assert told(row) == [
        ("pledged", 0, "Arland"),
        ("another hour", 12, "Borland"),
        ("reported late", 21, "Arland"),
        ("inspected", 21, "Vigil"),
        ("doubted", 22, "Vigil"),
        ("broken", 22, "Vigil"),
    ]
    assert row.reasons[1].until == MORNING + 20 * DAY
    assert (row.group, row.late, day(row)) == ("broken", True, 20)


def test_who_found_what_need_not_be_told() -> None:
    """Under `chatham`: the party itself is named, for the record is its own; nobody else is."""
    walk = Walk([promise(visits=2)])
    walk.pledge()
    walk.inspect()
    walk.report()
    walk.find(verdict="doubted")
    walk.excuse()
    (row,) = rows(walk, named=False)
    assert [(one.what, one.party) for one in row.reasons] == [
        ("pledged", "Arland"), ("reported", "Arland"), ("inspected", ""), ("doubted", ""), ("excused", "")
    ]  # fmt: skip


def test_what_the_clock_did_is_a_reason_too() -> None:
    walk = Walk([promise(grace=5)])
    walk.pledge()
    walk.day = 10
    assert told(rows(walk)[0])[1:] == [("late", 10, "")]
    walk.day = 100
    assert told(rows(walk)[0])[1:] == [("late", 10, ""), ("broken", 15, "")]


def test_a_step_counts_where_its_hour_is_or_what_last_happened() -> None:
    walk = Walk([promise(days=30), word(days=0), promise(days=3), word(doer="Olan")])
    walk.pledge(1, 2, 3)
    walk.pledge(4, by="Ola")
    walk.day = 8
    walk.report(2)
    assert [(row.place, day(row)) for row in rows(walk)] == [(2, 3), (1, 8), (0, 30)]
    period = (MORNING + 3 * DAY, MORNING + 8 * DAY)
    assert [row.place for row in rows(walk, period=period)] == [2]
    assert [row.place for row in rows(walk, period=(MORNING + 8 * DAY, MORNING + 31 * DAY))] == [1, 0]
    assert [row.place for row in rows(walk, "Olan")] == [3]
    assert rows(walk, "Borland") == ()


def test_every_standing_has_its_group() -> None:
    assert set(STATES) - set(GROUPS) == {"proposed", "pledged", "due", "reported"}
    assert set(GROUPS) - set(STATES) == {"kept", "open"}
