"""What tests of files share: a ladder of one step that is promised, a file, and a report that names it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backchannel.desk import files, sending, steps
from backchannel.desk.channel import Channel
from backchannel.instruments.step.acts import File
from backchannel.instruments.step.values import Ladder
from tests.desk.world import World, talks

PLAN = b"""title = "T"
[[step]]
who = "Argentina"
what = "One."
owed_to = ["Chile"]
verified_by = ["Holy See"]
announced = true
"""


@contextmanager
def announced(folder: Path) -> Iterator[World]:
    """An open channel in which Argentina has promised one step."""
    with talks(folder) as world:
        steps.propose(world["ana"], steps.plan(world["ana"], PLAN))
        world.settle()
        yield world


def ladder(channel: Channel) -> Ladder:
    found: Ladder = channel.items("step")[-1].value
    return found


def made(folder: Path, size: int, name: str = "photo.jpg", seed: int = 1) -> Path:
    """A file; no two of its pieces are alike."""
    path = folder / name
    block = hashlib.shake_256(str(seed).encode()).digest((1 << 16) - 1)
    with path.open("wb") as out:
        left = size
        while left:
            out.write(block[: min(left, len(block))])
            left -= min(left, len(block))
    return path


def taken(channel: Channel, path: Path) -> files.Kept:
    return files.take(channel.session, ladder(channel).at.position, path)


def reported(world: World, *paths: Path, sends: bool = True) -> File:
    """Ana names these; the first. Unless she `sends` them, they leave her desk again before anything of them goes."""
    ana = world["ana"]
    kept = [taken(ana, path) for path in paths]
    steps.report(ana, ladder(ana), ladder(ana).steps[0], "Done.", [one.file for one in kept])
    for one in () if sends else kept:
        sending.drop(ana.session, one.k, named_too=True)
    world.settle()
    return kept[0].file
