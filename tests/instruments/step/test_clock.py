"""When a step is due, late, broken by the clock; and when its clock stands. Days count from the proposal."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.channel.state import DAY
from backchannel.instruments.step import clock
from tests.instruments.step.kit import MORNING, Walk, promise, standing_in, word
from tests.seal.kit import refused

WAITS: dict[str, Any] = {"doer": "Borland", "toward": ("Arland",), "after": [[0]], "remind": ()}


def by(day: float) -> int:
    return MORNING + round(day * DAY)


def waiting(**changes: Any) -> Walk:
    """Step 2 waits for 1, which anybody may doubt."""
    walk = Walk([word(days=0), word(**{**WAITS, **changes})])
    walk.pledge(1)
    walk.pledge(2, by="Ben")
    return walk


def until(walk: Walk, number: int, *days: float) -> list[str]:
    """Where a step stands on these days."""
    found = []
    for walk.day in days:
        found.append(walk.at(number))
    return found


def test_a_step_is_late_from_its_hour_on() -> None:
    unit = 1 / DAY
    walk = Walk([promise(days=10, grace=5)])
    walk.day = 2
    walk.pledge()
    assert walk.hour() == 12
    assert until(walk, 1, 2, 12 - unit, 12, 17 - unit, 17, 1000) == ["due", "due", "late", "late", "broken", "broken"]
    walk = Walk([promise(by=by(12), days=0)])
    walk.pledge()
    assert until(walk, 1, 12 - unit, 12, 5000) == ["due", "late", "late"]  # without grace the clock breaks nothing
    walk = Walk([promise(days=0)])
    walk.pledge()
    assert (walk.hour(), until(walk, 1, 5000)) == (None, ["due"])


def test_of_a_day_and_days_the_later_counts() -> None:
    for day, days, hour in ((12, 0, 12), (12, 5, 12), (12, 30, 32), (1, 0, 3)):
        walk = Walk([promise(by=by(day), days=days, remind=())])
        walk.day = 2
        walk.pledge()
        assert walk.hour() == hour


def test_nobody_is_late_for_waiting() -> None:
    """Borland's day is the tenth, with no grace to speak of; what it waits for comes on the fortieth."""
    walk = waiting(by=by(10), days=0, grace=1)
    assert until(walk, 2, 9, 11, 40) == ["pledged"] * 3
    walk.report(1)
    assert (walk.at(2), walk.hour(2)) == ("due", 41)
    walk.report(2, by="Ben")
    assert not walk.step(2).late


def test_days_run_from_when_it_became_open() -> None:
    """Of each list the earliest; of all lists, the pledge, and the pledges of what it returns, the latest."""
    given = {"doer": "Olan", "days": 0}
    walk = Walk([*(word(**given) for _ in range(4)), word(**{**WAITS, "after": [[0, 1], [2]], "returns": (3,)})])
    walk.pledge(1, 2, 3, by="Ola")
    walk.day = 1
    walk.pledge(5, by="Ben")
    for day, number in ((2, 2), (3, 1), (4, 3)):
        walk.day = day
        walk.report(number, by="Ola")
        assert walk.at(5) == "pledged"
        assert (walk.now(5).opened, walk.now(5).hour) == (None, None)
    assert walk.now(5).waits == ()
    assert walk.now(5).owes == (3,)
    walk.day = 5
    walk.pledge(4, by="Ola")
    assert (walk.at(5), walk.hour(5), walk.now(5).opened) == ("due", 15, by(5))


def test_what_is_given_in_return_may_be_mutual() -> None:
    """No order follows from it; nobody is bound before both are."""
    walk = Walk([promise(returns=(1,)), promise(**{**WAITS, "after": (), "returns": (0,)})])
    walk.pledge(1)
    assert until(walk, 1, 1, 100) == ["pledged", "pledged"]
    walk.pledge(2, by="Ben")
    assert walk.states == ["due", "due"]
    walk.report(1)
    walk.find()
    assert walk.states == ["verified", "due"]


def test_a_clock_stands_while_something_is_disputed() -> None:
    walk = waiting()
    walk.report(1)
    assert walk.hour(2) == 10
    walk.day = 8
    walk.find("Ola", verdict="doubted")
    assert walk.at(2) == "pledged"
    for day in (9, 20, 100):
        walk.day = day
        assert (walk.at(2), walk.hour(2)) == ("pledged", 10 + day - 8)  # two days are left, whenever it goes on
    walk.find("Ola")
    assert (walk.at(2), walk.hour(2), walk.now(2).opened) == ("due", 102, by(100))
    walk.day = 102
    assert walk.at(2) == "late"


def test_another_way_keeps_the_clock_running() -> None:
    walk = Walk([word(days=0), word(days=0), word(**{**WAITS, "after": [[0, 1]]})])
    walk.pledge(1, 2)
    walk.pledge(3, by="Ben")
    walk.report(1)
    walk.day = 1
    walk.report(2)
    walk.day = 5
    walk.find("Ola", 1, "doubted")
    assert (walk.at(3), walk.hour(3)) == ("due", 10)
    walk.day = 6
    walk.find("Ola", 2, "doubted")
    walk.day = 8
    walk.find("Ola", 1)
    assert (walk.at(3), walk.hour(3)) == ("due", 12)


def test_a_doubt_wins_no_more_than_a_pause() -> None:
    """Borland is late, or broken, and doubts what it waits for: that undoes nothing."""
    walk = waiting(grace=5)
    walk.report(1)
    walk.day = 13
    walk.find("Ben", 1, "doubted")
    walk.day = 30
    assert walk.at(2) == "pledged"
    walk.find("Ben", 1)
    assert (walk.at(2), walk.hour(2)) == ("late", 27)  # three days late, as before
    walk.day = 32
    assert walk.at(2) == "broken"
    walk.find("Ben", 1, "doubted")
    assert walk.at(2) == "broken"
    with refused("rule"):
        walk.report(2, by="Ben")


def test_a_report_while_the_clock_stands_is_as_late_as_the_step_was() -> None:
    for day, late in ((9, False), (13, True)):
        walk = waiting()
        walk.report(1)
        walk.day = day
        walk.find("Ben", 1, "doubted")
        walk.day = 50
        walk.report(2, by="Ben")
        assert walk.step(2).late is late


def test_who_gives_for_what_was_found_broken_is_not_bound() -> None:
    """Until that is excused, to another hour: the clock stands so long."""
    walk = Walk([promise(**{**WAITS, "after": (), "returns": (1,)}), promise(days=20)])
    walk.pledge(1, by="Ben")
    walk.pledge(2)
    walk.day = 4
    walk.find(number=2, verdict="broken")
    assert (walk.at(1), walk.now(1).owes, walk.now(1).held) == ("pledged", (1,), True)
    walk.day = 9
    walk.excuse(number=2, day=30)
    assert (walk.states, walk.hour(1), walk.hour(2)) == (["due", "due"], 15, 30)
    walk.day = 10
    walk.find(number=2, verdict="broken")
    walk.day = 12
    walk.find(number=2, verdict="doubted")
    assert (walk.states, walk.hour(1)) == (["due", "due"], 17)


# --- excuses


def test_an_excuse_of_all_gives_another_hour() -> None:
    walk = Walk([promise(toward=("Borland", "Olan"))])
    walk.pledge()
    walk.day = 12
    walk.excuse("Ben", day=20)
    assert (walk.at(), walk.hour()) == ("late", 10)  # one of two
    walk.excuse("Ola", day=21)
    assert (walk.at(), walk.hour()) == ("late", 10)  # not the same
    walk.excuse("Ben", day=21)
    assert (walk.at(), walk.hour()) == ("due", 21)
    assert [one.held for one in walk.step().excuses] == [False, False, True]
    walk.excuse("Ola", day=30)
    assert walk.hour() == 21  # earlier words on other hours have lapsed
    walk.excuse("Ben", day=30)
    assert walk.hour() == 30
    walk.day = 30
    assert walk.at() == "late"


def test_an_excuse_for_good_fulfils() -> None:
    for which in ("pledged", "due", "late", "broken", "reported", "disputed", "found broken"):
        walk = standing_in(which)
        walk.add(word(**{**WAITS, "after": [[walk.key(1)]]}))
        walk.pledge(3, by="Ben")
        walk.excuse()
        assert (walk.at(1), walk.at(3)) == ("excused", "due")


@pytest.mark.parametrize(("which", "late"), [("pledged", False), ("due", False), ("late", True), ("broken", True)])
def test_what_was_late_when_it_was_let_go_says_so(which: str, late: bool) -> None:
    walk = standing_in(which)
    walk.excuse()
    assert (walk.at(), walk.step().late) == ("excused", late)
    walk = standing_in("reported")
    walk.day = 30
    walk.excuse()
    assert not walk.step().late


@pytest.mark.parametrize("which", ["disputed", "broken", "found broken"])
def test_another_hour_begins_anew(which: str) -> None:
    """What was found before, and what was reported, is history."""
    walk = standing_in(which)
    walk.excuse(day=40)
    assert (walk.at(), walk.hour(), walk.step().found, walk.step().stands) == ("due", 40, {}, False)
    walk.find("Ola", verdict="doubted")
    assert walk.at() == "due"
    walk.report()
    assert walk.at() == "reported"


def test_an_excuse_makes_nobody_late() -> None:
    walk = Walk([promise(days=10)])
    walk.pledge()
    for day in (0, 1, 10, 36_526):
        refused_until(walk, day)
    walk.excuse(day=20)
    for day in (15, 20):
        refused_until(walk, day)
    assert walk.hour() == 20
    walk.day = 30
    refused_until(walk, 29)
    walk.report()
    refused_until(walk, 50)  # it was reported: for good, or not at all
    walk = Walk([promise(days=0)])
    walk.pledge()
    refused_until(walk, 50)  # it never had an hour


def refused_until(walk: Walk, day: float) -> None:
    with refused("until"):
        walk.excuse(day=day)


def test_an_excuse_before_it_is_open_is_a_least() -> None:
    """Thirty days from the fifth are more than the twentieth; two are not."""
    for days, hour in ((30, 35), (2, 20)):
        walk = waiting(days=days)
        walk.excuse("Ana", 2, day=20)
        assert (walk.at(2), walk.hour(2)) == ("pledged", None)
        walk.day = 5
        walk.report(1)
        assert walk.hour(2) == hour


def test_the_clock_stands_for_an_excuse_too() -> None:
    """Only from the excuse on: the pause before it was known."""
    walk = waiting()
    walk.report(1)
    walk.day = 2
    walk.find("Ola", verdict="doubted")
    walk.day = 5
    walk.excuse("Ana", 2, day=20)
    walk.day = 7
    walk.find("Ola")
    assert walk.hour(2) == 22


# --- spells

SPELLS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


def units(some: clock.Spells) -> set[int]:
    return {unit for first, last in some for unit in range(first, last)}


@given(SPELLS, SPELLS)
def test_spells_are_sets_of_units(some: clock.Spells, others: clock.Spells) -> None:
    one, other = clock.join(some), clock.join(others)
    assert units(one) == units(some)
    assert units(clock.meet(one, other)) == units(one) & units(other)
    for found in (one, clock.meet(one, other)):
        assert all(first < last for first, last in found)
        assert all(before[1] < after[0] for before, after in pairwise(found))


@given(SPELLS.map(clock.join).filter(bool), st.integers(0, 40), st.integers(0, 40))
def test_the_clock_stands_between_spells(opened: clock.Spells, since: int, unit: int) -> None:
    here = range(opened[0][0], max(unit, opened[-1][0]))
    assert clock.stood(opened, since, unit) == len({n for n in here if n >= since} - units(opened))
