"""The same talk, left half way: before the first seat is handed over, with the relay running, for people to go on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import NamedTuple, TextIO

from backchannel.demo import relay
from backchannel.demo.clock import DAY, Clock
from backchannel.demo.performance import DAYS_BEHIND, STORE, empty
from backchannel.demo.scenario import Scenario, Scene, load
from backchannel.demo.stage import Stage
from backchannel.demo.tell import Teller


class Left(NamedTuple):
    """A desk that was left, shut, and what opens it: no secret here."""

    name: str
    folder: Path
    passphrase: str


@contextmanager
def half_way(folder: Path | None, *, fast: bool, out: TextIO | None) -> Iterator[list[Left]]:
    """Play until then, telling it on `out`; the relay runs for as long as the block lasts."""
    scenario, folder = load(), empty(folder)
    teller = Teller(out or StringIO(), scenario, (lambda _: None) if fast else time.sleep)
    clock = Clock(DAYS_BEHIND * DAY)
    teller.opening()
    with relay.running(folder / STORE, clock=clock) as host:
        stage = Stage(folder, scenario, host.url, clock)
        try:
            stage.make_desks()
            teller.ready(host.port)
            for scene in until_handed_over(scenario):
                teller.scene(scene)
                for act in scene.act:
                    teller.act(act, stage.play(act))
                teller.scene_ends(scene)
            clock.put_right()
        finally:
            stage.close()
        yield [Left(seat.name, folder / seat.key, seat.passphrase) for seat in scenario.begin]


def until_handed_over(scenario: Scenario) -> list[Scene]:
    """The scenes before the one in which somebody leaves."""
    leaving = [any(act.do == "hand-over" for act in scene.act) for scene in scenario.scene]
    return list(scenario.scene[: leaving.index(True)])
