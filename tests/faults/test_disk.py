"""A disk that is full, or may not be written: reported, not suffered; the desk goes on as soon as the disk does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backchannel.desk import understandings
from backchannel.errors import VaultError
from tests.desk.world import NAMES, World, agree, offline, online, picture, remove, talks, texts, waiting, wire
from tests.faults.test_calls import _text_to_erase, trying

BIG = "these words take room " * 2_000
FULL = "PRAGMA max_page_count = {pages}"
READ_ONLY = "PRAGMA query_only = {on}"


def _full(world: World, on: bool) -> None:
    vault = world["ana"].session.vault
    pages = vault.query("PRAGMA page_count")[0][0]
    vault.query(FULL.format(pages=pages if on else 1 << 30))


def _read_only(world: World, on: bool) -> None:
    world["ana"].session.vault.query(READ_ONLY.format(on=int(on)))


TROUBLES: dict[str, tuple[Callable[[World, bool], None], str]] = {
    "full": (_full, "disk-full"),
    "read-only": (_read_only, "read-only"),
}


def _rotation(world: World) -> None:
    remove(world, "hernan", "ana", "sofia")


def _much_to_read(world: World) -> None:
    for n in range(3):
        world["hernan"].send_note(f"{n} {BIG}")
    world["hernan"].sync()


OPERATIONS: dict[str, tuple[Callable[[World], None], Callable[[World], object]]] = {
    "read": (_much_to_read, lambda world: world["ana"].sync()),
    "note": (lambda world: None, lambda world: world["ana"].send_note(BIG)),
    "propose": (
        lambda world: None,
        lambda world: understandings.propose(
            world["ana"], "Act", BIG.replace("room", "room\n\n"), [world["ana"].me, world["sofia"].me]
        ),
    ),
    "rotation": (_rotation, lambda world: world["ana"].sync()),
    "invite": (lambda world: None, lambda world: world["ana"].invite(*NAMES["dora"])),
    "lapse": (_text_to_erase, lambda world: world["ana"].sync()),
    "mark": (lambda world: None, lambda world: world["ana"].mark_verified(world["sofia"].me)),
    "renew": (lambda world: world.clock.days(8), lambda world: world["ana"].sync()),
}


STEPWISE = ("rotation", "renew", "lapse")
"""A sync of several steps: those that were done stay done."""


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_disk_that_fails_is_reported(tmp_path: Path, operation: str, trouble: str) -> None:
    prepare, do = OPERATIONS[operation]
    set_, expected = TROUBLES[trouble]
    with talks(tmp_path) as world:
        ana = world["ana"]
        ana.send_note("before")
        world.settle()
        prepare(world)
        before = picture(ana)
        set_(world, True)
        tight = trouble == "read-only" or operation in ("read", "note", "propose")
        raised = trying(lambda: do(world))
        assert raised in ({expected} if tight else {expected, None})
        if raised and operation not in STEPWISE:
            assert picture(ana) == before
        set_(world, False)
        if raised:
            do(world)
        here = ["ana", "sofia"] if operation == "rotation" else list(world.desks)
        world.settle(*here)
        agree(world, *here)
        ana.session.vault.verify()
        heard = texts(world["sofia"])
        assert len(heard) == len(set(heard))
        assert waiting(ana) == 0


def test_the_disk_fails_while_an_acknowledgement_is_noted(tmp_path: Path) -> None:
    """The relay has the note and the desk cannot write that down: it is posted again, and stands there once."""
    with talks(tmp_path) as world:
        ana = world["ana"]
        offline(ana)
        ana.send_note("once")
        online(ana)

        def fails(op: str, args: tuple[object, ...], result: object) -> object:
            if op == "append":
                _read_only(world, True)
            return result

        wire(ana).after = fails
        with pytest.raises(VaultError) as caught:
            ana.sync()
        assert caught.value.code == "read-only"
        _read_only(world, False)
        online(ana)
        assert waiting(ana) == 1
        world.settle()
        assert texts(world["hernan"]) == ["once"]
        agree(world)
