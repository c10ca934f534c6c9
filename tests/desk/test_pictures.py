"""What leaves the channel of a ladder: the hour of every step, of one that waits and was excused, too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from backchannel.desk import pictures, steps
from backchannel.desk.plans.reading import end_of
from backchannel.instruments.step.values import Ladder
from tests.desk.world import World, talks

PLAN = b"""title = "T"
[[step]]
key = "a"
who = "Argentina"
what = "First."
by = 2027-01-31
owed_to = ["Chile"]
[[step]]
who = "Argentina"
what = "Second."
after = ["a"]
by = 2027-02-28
within_days = 3
owed_to = ["Chile"]
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path, ("ana", "hernan")) as made:
        steps.propose(made["ana"], steps.plan(made["ana"], PLAN))
        made.settle()
        steps.pledge(made["ana"], ladder(made), ladder(made).steps)
        made.settle()
        yield made


def ladder(world: World, who: str = "ana") -> Ladder:
    item: Ladder = world[who].items("step")[-1].value
    return item


def excused(world: World) -> None:
    """The second, which waits for the first, has another hour."""
    item = ladder(world, "hernan")
    steps.excuse(world["hernan"], item, item.steps[1], end_of(date(2027, 4, 30)))
    world.settle()


def test_what_waits_has_its_day_and_an_excuse_gives_another(world: World) -> None:
    def check(day: str, stamp: str) -> None:
        assert f"{day} or 3 days after it is open" in pictures.write(world["ana"], ladder(world), "csv").decode()
        hours = pictures.calendar(world["ana"], world["ana"].session.vault, [ladder(world)]).decode()
        assert f"DTSTART:{stamp}" in hours

    check("28 February 2027", "20270228T235500Z")
    excused(world)
    check("30 April 2027", "20270430T235500Z")
    steps.report(world["ana"], ladder(world), ladder(world).steps[0], "Done.")
    world.settle()
    assert "30 April 2027" in pictures.write(world["ana"], ladder(world), "csv").decode()
    assert "or 3 days" not in pictures.write(world["ana"], ladder(world), "csv").decode()
