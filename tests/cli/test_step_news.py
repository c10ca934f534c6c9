"""What the log's clock brings: reminders that desks post by themselves, steps that are late; told once, to all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backchannel.cli import news, step_news
from backchannel.desk import steps, turns
from backchannel.desk.channel import Channel
from backchannel.facts.overview import steps as awaited
from tests.desk.world import World, talks

PLAN = b"""title = "T"
[[step]]
who = "Argentina"
what = "The fleet returns."
owed_to = ["Chile"]
verified_by = ["Holy See"]
within_days = 10
remind_days = [3]
broken_after_days = 30
announced = true
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as found:
        steps.propose(found["ana"], steps.plan(found["ana"], PLAN))
        found.settle()
        yield found


def told(channel: Channel) -> list[tuple[str, str | None, str]]:
    """News of a sync: what, by whom, about what."""
    before = turns.seen(channel)
    found = [*news.of_all(channel, channel.sync().events), *step_news.moved(channel, before)]
    return [(one["what"], one["by"], one.get("about", "")) for one in found]


def test_a_reminder_is_nobodys_and_what_is_late_is_told_once(world: World) -> None:
    ana, hernan, sofia = (world[name] for name in ("ana", "hernan", "sofia"))
    number = ana.items("step")[0].position
    world.clock.days(7.2)
    sofia.sync()  # a verifier's desk posts it first
    news_of_ana = told(ana)
    assert [(what, by) for what, by, _ in news_of_ana] == [(f"reminder of a step of ladder {number}", None)]
    assert news_of_ana[0][2] == "step 1, Argentina: is due within 3 days, “The fleet returns.”"
    hernan.sync()
    world.clock.days(4)
    (late,) = told(ana)
    assert late[0].startswith(f"step 1 of ladder {number}, Argentina, is late, by ")
    assert late[2] == f"backchannel step report {number} 1"
    assert told(ana) == []
    first = awaited(ana)[0]
    assert (first["who"], first["command"]) == ("you", f"backchannel step report {number} 1")
    assert first["what"].startswith(f"report step 1 of ladder {number}, by ")
    (late,) = told(hernan)
    assert late[2] == ""
    assert ("Argentina", f"backchannel step report {number} 1") in [(o["who"], o["command"]) for o in awaited(hernan)]
    world.clock.days(31)
    (broken,) = told(ana)
    assert " is broken" in broken[0]
    assert broken[2] == ""
