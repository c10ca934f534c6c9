"""What a person laid ready for the hat, and the keys of a round: on the desk while they must be, and no longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from backchannel.desk import hats, nonpapers
from backchannel.desk.channel import Channel
from backchannel.entry.codec import decode
from backchannel.instruments.hat.rounds import Pocket
from backchannel.instruments.hat.values import Hat
from tests.desk.world import World, talks


def round_(channel: Channel) -> Hat:
    found: Hat = channel.items("hat")[-1].value
    return found


def until(world: World, state: str) -> None:
    """All desks work until the round stands so at Ana's: she looks after each of the others, and misses no state."""
    for name in ("ana", "hernan", "ana", "sofia") * 20:
        world[name].sync()
        if round_(world["ana"]).state == state:
            return
    raise AssertionError(f"the round never came to {state}")


def called(world: World) -> Channel:
    """Ana has laid an idea ready, Hernán has called a round."""
    world.settle()
    ana = world["ana"]
    nonpapers.drop(ana, "Sea of peace", "Share the waters.")
    hats.call(world["hernan"])
    ana.sync()
    return ana


def test_a_slip_comes_back_when_its_round_lapses_and_goes_out_once(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        ana = called(world)
        while not hats.riding(ana, round_(ana)):
            for name in ("hernan", "sofia", "ana"):
                world[name].sync()
        assert hats.waiting(ana) == 0
        world.clock.days(1.2)
        ana.sync()
        assert round_(ana).state == "lapsed"
        assert hats.waiting(ana) == 1
        world.settle()
        hats.call(world["hernan"])
        world.settle()
        assert [len(world[name].items("nonpaper")) for name in ("ana", "hernan", "sofia")] == [1, 1, 1]
        assert hats.waiting(ana) == 0


def test_a_desk_that_was_away_while_the_others_opened_the_slips_does_not_drop_its_own_again(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        ana = called(world)
        until(world, "opening")
        ana.sync()
        for _ in range(4):
            world["hernan"].sync()
            world["sofia"].sync()
        assert round_(world["hernan"]).state == "closed"
        world.clock.days(3)
        world.settle()
        assert hats.waiting(ana) == 0
        hats.call(world["hernan"])
        world.settle()
        assert round_(ana).state == "closed"
        assert len(world["sofia"].items("nonpaper")) == 1


def test_a_desk_keeps_no_count_of_what_it_has_dropped(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        ana = called(world)
        world.settle()
        assert round_(ana).state == "closed"
        vault = ana.session.vault
        assert vault.query("SELECT * FROM sqlite_sequence WHERE name = 'tray'", ()) == []
        assert vault.query("SELECT * FROM tray", ()) == []


def test_the_other_key_is_in_no_file_before_the_one_is_posted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with talks(tmp_path) as world:
        ana = called(world)
        until(world, "votes")
        (pocket,) = [ana.session.book.items.pocket(item.position) for item in ana.session.book.items.pocketed()]
        outer = decode(pocket, Pocket).outer
        assert outer
        done: list[str] = []
        vault, client = ana.session.vault, ana._syncer.client
        settle, append = vault.settle, client.append

        def there() -> str:
            kept = [ana.session.book.items.pocket(item.position) for item in ana.session.book.items.pocketed()]
            return "there" if any(outer in one for one in kept) else "gone"

        def settled() -> bool:
            done.append(f"emptied, {there()}")
            return settle()

        def appended(*parts: object) -> object:
            done.append(f"posted, {there()}")
            return append(*parts)  # type: ignore[arg-type]

        monkeypatch.setattr(vault, "settle", settled)
        monkeypatch.setattr(client, "append", appended)
        world.settle()
        assert done.index("emptied, gone") < done.index("posted, gone")
