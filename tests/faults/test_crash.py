"""A desk's program ends at every transaction of what a non-paper and a hat need: it goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backchannel.desk import hats
from backchannel.desk.channel import Channel
from tests.desk.world import World, agree, returned, talks, waiting
from tests.faults.test_calls import OPERATIONS, check_papers

SEATS = ("ana", "hernan", "sofia")


class Crash(BaseException):
    """The program is gone."""


def crash_at(channel: Channel, number: int, *, durable: bool) -> Callable[[], bool]:
    """End the program at its transaction `number`: when that is durable, or just before; whether it has."""
    vault, left = channel.session.vault, [number]
    whole = vault.transaction

    @contextmanager
    def transaction() -> Iterator[None]:
        left[0] -= 1
        if left[0] < 0:
            raise Crash  # nothing moves any more
        with whole():
            yield
            if left[0] == 0 and not durable:
                raise Crash
        if left[0] == 0:
            raise Crash

    vault.transaction = transaction  # type: ignore[method-assign]
    return lambda: left[0] <= 0


STEPS = {"float": 1, "react": 1, "withdraw": 1, "hat": 5}
"""Every transaction, or every fifth: a round has many."""


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("operation", STEPS)
def test_a_desk_that_ends_at_any_step_goes_on(tmp_path: Path, operation: str, durable: bool) -> None:
    prepare, do = OPERATIONS[operation]
    number, crashed = 1 + 2 * (durable and operation == "hat"), True
    while crashed:
        folder = tmp_path / str(number)
        folder.mkdir()
        with talks(folder) as world:
            prepare(world)
            done = crash_at(world["ana"], number, durable=durable)
            begun = _until_it_ends(world, do)
            crashed = done()
            world.open("ana")
            if not begun:  # what its person had not been told to be kept may be lost, and is done again
                _again(world, operation, do)
            world.settle()
            agree(world)
            for name in SEATS:
                assert (waiting(world[name]), returned(world[name])) == (0, [])
            check_papers(world, operation)
        number += STEPS[operation]
    assert number > 4


def _until_it_ends(world: World, do: Callable[[World], None]) -> bool:
    """Whether what the person asked for was kept."""
    begun = False
    try:
        do(world)
        begun = True
        world.settle()
    except Crash:
        pass
    return begun


def _again(world: World, operation: str, do: Callable[[World], None]) -> None:
    world["ana"].sync()
    items = [item.value for item in world["ana"].items("nonpaper")]
    there = {
        "float": bool(items),
        "react": bool(items and items[0].reactions),
        "withdraw": bool(items) and items[0].state == "withdrawn",
        "hat": any(hats.runs(world["ana"], item.value) for item in world["ana"].items("hat")) or bool(items),
    }[operation]
    if not there:
        do(world)
