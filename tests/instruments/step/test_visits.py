"""Visits: a quota in any 365 days, and of it each party's share."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.channel.state import DAY
from backchannel.errors import Rejected
from backchannel.instruments.step.acts import Inspect
from backchannel.instruments.step.standing import YEAR, Quota, quota
from tests.instruments.step.kit import MORNING, Walk, promise
from tests.seal.kit import refused

THREE = {"verifiers": ("Vigil", "Watch"), "visits": 3, "share": 2}


def left(walk: Walk, party: str = "Vigil") -> tuple[int, float | None]:
    """How many, and in how many days the next."""
    found = quota(walk.step(), party, walk.unit)
    return found.left, None if found.next is None else (found.next - walk.unit) / DAY


def pledged(**changes: Any) -> Walk:
    walk = Walk([promise(**changes)])
    walk.pledge()
    return walk


def test_a_visit_is_possible_within_the_quota() -> None:
    walk = pledged(**THREE)
    assert left(walk) == (2, 0)
    walk.inspect("Vic")
    walk.day = 10
    walk.inspect("Vic")
    assert (left(walk), left(walk, "Watch")) == ((0, 355), (1, 0))
    with refused("visits"):
        walk.inspect("Vic")
    walk.day = 20
    walk.inspect("Wim")
    assert (left(walk), left(walk, "Watch")) == ((0, 345), (0, 345))
    with pytest.raises(Rejected, match=f"in 345 days .arrival unit {MORNING + YEAR}."):
        walk.inspect("Wim")
    assert [(one.party, one.at.arrival) for one in walk.step().visits] == [
        ("Vigil", MORNING), ("Vigil", MORNING + 10 * DAY), ("Watch", MORNING + 20 * DAY)
    ]  # fmt: skip
    assert walk.at() == "late"


def test_a_change_of_year_frees_nothing() -> None:
    """Any 365 days: not two on the last of December and two on the first of January."""
    walk = pledged(visits=2, share=2)
    days = -(MORNING // DAY) % 365
    for walk.day in (days - 1, days - 0.5):
        walk.inspect()
    for walk.day in (days, days + 1, days + 363.9):
        with refused("visits"):
            walk.inspect()
    walk.day = days + 364
    walk.inspect()
    with refused("visits"):
        walk.inspect()
    walk.day = days + 364.5
    walk.inspect()


def test_who_takes_no_visits() -> None:
    walk = pledged(visits=0)
    assert left(walk) == (0, None)
    with refused("visits"):
        walk.inspect()


def test_words_of_a_visit_may_be_left_out() -> None:
    walk = pledged()
    walk.say("Vic", Inspect(walk.id, walk.key(1), ""))
    assert walk.step().visits[0].words == ""


@given(
    st.integers(0, 4).flatmap(lambda n: st.tuples(st.just(n), st.integers(min(n, 1), n))),
    st.lists(st.tuples(st.sampled_from(["Vic", "Wim"]), st.integers(0, 200)), max_size=25),
)
def test_no_365_days_have_more(terms: tuple[int, int], tries: list[tuple[str, int]]) -> None:
    """And when one is refused, the hour that is named is the first at which it would not be."""
    visits, share = terms
    walk = pledged(verifiers=("Vigil", "Watch"), visits=visits, share=share)
    party = {"Vic": "Vigil", "Wim": "Watch"}
    for by, days in tries:
        walk.day += days
        before = quota(walk.step(), party[by], walk.unit)
        try:
            walk.inspect(by)
        except Rejected:
            assert before.left == 0
            assert before.next is None or before.next > walk.unit
            if before.next is not None:
                assert quota(walk.step(), party[by], before.next - 1).left == 0
                assert quota(walk.step(), party[by], before.next).left == 1
        else:
            assert before == Quota(before.left, walk.unit)
            assert before.left > 0
    made = walk.step().visits
    for first in made:
        within = [one.party for one in made if 0 <= one.at.arrival - first.at.arrival < YEAR]
        assert len(within) <= visits
        assert max(map(within.count, within)) <= share
