"""Who reads the end of a round late comes to the same as all others, though the rest is erased by then."""

from __future__ import annotations

from pathlib import Path

from backchannel.desk import hats, nonpapers
from tests.desk.world import talks


def test_whoever_closes_a_round_does_not_outrun_those_who_have_not_read_on(tmp_path: Path) -> None:
    """Whose turn to shake is last reveals last; as the caller it then reads, closes and erases at one go."""
    with talks(tmp_path) as world:
        world.settle()
        *others, caller = sorted(world.desks, key=lambda name: world[name].me)
        nonpapers.drop(world[others[0]], "Sea of peace", "Share the waters.")
        hats.call(world[caller])
        while not world[caller].items("nonpaper"):
            world.settle(*others)
            world.sync(caller)
        assert {world[name].items("hat")[-1].value.state for name in others} == {"opening"}
        world.settle()
        rounds = [world[name].items("hat")[-1].value for name in world.desks]
        papers = [world[name].items("nonpaper")[-1].value for name in world.desks]
        assert [item.state for item in rounds] == ["closed"] * 3
        assert papers[1:] == papers[:-1]
        assert papers[0].author is None
