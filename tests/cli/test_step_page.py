"""A ladder as a page: the hour of a step, whatever has become of it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from backchannel.cli import step_one, step_page
from backchannel.cli.show import Page
from backchannel.desk import steps
from backchannel.desk.plans.reading import end_of
from backchannel.facts import step as facts
from backchannel.instruments.step.values import Ladder
from tests.desk.test_pictures import PLAN
from tests.desk.world import World, talks


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path, ("ana", "hernan")) as made:
        steps.propose(made["ana"], steps.plan(made["ana"], PLAN))
        made.settle()
        yield made


def ladder(world: World, who: str = "ana") -> Ladder:
    item: Ladder = world[who].items("step")[-1].value
    return item


def brief(world: World, number: int) -> str:
    out = io.StringIO()
    step_page.brief(Page(out), facts.facts(world["ana"], ladder(world))["steps"][number - 1])
    return out.getvalue()


def full(world: World, number: int) -> str:
    out, told = io.StringIO(), facts.facts(world["ana"], ladder(world))
    step_one.draw(Page(out), {"ladder": told, "step": told["steps"][number - 1]})
    return " ".join(out.getvalue().split())


def test_every_standing_has_its_hour(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    assert "proposed, by the end of 2027-02-28 (UTC)" in brief(world, 2)
    steps.pledge(ana, ladder(world), ladder(world).steps)
    world.settle()
    assert "pledged, by the end of 2027-02-28 (UTC)" in brief(world, 2)
    assert "the end of 2027-02-28 (UTC) or 3 days after" in full(world, 2)
    item = ladder(world, "hernan")
    steps.excuse(hernan, item, item.steps[1], end_of(date(2027, 4, 30)))
    world.settle()
    assert "pledged, by the end of 2027-04-30 (UTC)" in brief(world, 2)
    assert "the end of 2027-04-30 (UTC) or 3 days after" in full(world, 2)
    steps.report(ana, ladder(world), ladder(world).steps[0], "Done.")
    world.settle()
    assert "reported; its hour: the end of 2027-01-31 (UTC)" in brief(world, 1)
    assert "due, by the end of 2027-04-30 (UTC)" in brief(world, 2)


def test_what_was_taken_back_has_none(world: World) -> None:
    steps.withdraw(world["ana"], ladder(world), ladder(world).steps[1])
    world.settle()
    assert "2  Argentina: withdrawn\n" in brief(world, 2)
