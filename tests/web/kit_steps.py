"""A ladder at a table of three browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backchannel.desk import steps
from backchannel.instruments.step.values import Ladder
from tests.desk.world import World
from tests.web.kit import Browser
from tests.web.kit_forms import fill
from tests.web.kit_texts import Table, sitting

STEPS = "/c/1/steps"
PLAN = b"""title = "Ceasefire <b>"
[[step]]
key = "a"
who = "Argentina"
what = "The guns <i>are</i> silent."
where = "the zone"
by = 2027-01-31
in_return_for = ["b"]
verified_by = ["Holy See"]
how = "Observers."
visits_a_year = 2
visits_from_one = 2
if_late = "A call."
broken_after_days = 9
remind_days = [7, 1]
[[step]]
key = "b"
who = "Chile"
what = "Theirs too."
within_days = 14
in_return_for = ["a"]
verified_by = ["Holy See"]
[[step]]
who = "Argentina"
what = "The lists are handed over."
after = ["a", "b"]
within_days = 3
owed_to = ["Chile", "Holy See"]
reversible = false
[[step]]
who = "Argentina"
what = "A gesture."
owed_to = ["Chile"]
announced = true
"""


class Steps(Table):
    """One ladder, its number known."""

    n: int

    @property
    def place(self) -> str:
        return f"{STEPS}/{self.n}"

    def ladder(self, name: str = "ana") -> Ladder:
        return steps.ladder_at(self.channel(name), self.n)

    def propose(self, raw: bytes, who: str = "ana") -> None:
        """Another ladder."""
        steps.propose(self.world[who], steps.plan(self.world[who], raw))
        self.settle()
        self.n = self.world[who].items("step")[-1].position

    def pledge(self, *places: int) -> None:
        """Each promised by its party."""
        for place in places:
            item = self.ladder()
            who = {"Argentina": "ana", "Chile": "hernan", "Holy See": "sofia"}[item.steps[place - 1].promise.doer]
            steps.pledge(self.channel(who), self.ladder(who), [item.steps[place - 1]])
            self.settle()

    def report(self, place: int = 1, words: str = "Done.") -> None:
        item = self.ladder()
        who = {"Argentina": "ana", "Chile": "hernan"}[item.steps[place - 1].promise.doer]
        steps.report(self.channel(who), self.ladder(who), item.steps[place - 1], words)
        self.settle()


def proposed(world: World) -> None:
    """A ladder that nobody has promised."""
    steps.propose(world["ana"], steps.plan(world["ana"], PLAN))


def promised(world: World) -> None:
    """One of which both have promised their first."""
    proposed(world)
    for name, place in (("ana", 0), ("hernan", 1)):
        world.settle()
        item = world[name].items("step")[-1].value
        steps.pledge(world[name], item, [item.steps[place]])


@contextmanager
def stepping(folder: Path, then: Callable[[World], None] = proposed, **terms: Any) -> Iterator[Steps]:
    """A table with a ladder."""
    with sitting(folder, then=then, **terms) as table:
        one = Steps(table.world, table.browsers)
        one.n = one.world["ana"].items("step")[-1].position
        yield one


def upload(browser: Browser, place: str, do: str, files: list[tuple[str, bytes]], *, at: str = "", **typed: Any) -> Any:
    """Send a form with files, fields first, as browsers do."""
    where, fields = fill(browser, place, do, **typed)
    data: dict[str, list[str]] = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    headers = {"origin": f"http://{browser.host}", "sec-fetch-site": "same-origin"}
    sent = [("file", (name, raw, "application/octet-stream")) for name, raw in files]
    return browser.client.post(at or where, data=data, files=sent, headers=headers)
