"""What stands around every page."""

from __future__ import annotations

from pathlib import Path

import pytest

from backchannel.desk import texts
from backchannel.desk.channel import Channel
from backchannel.facts import Facts, overview
from tests.desk.world import World, found, talks
from tests.web.kit import browsing


@pytest.mark.parametrize("place", ["/", "/c/1/talk", "/c/1/seats", "/c/1/text", "/settings"])
def test_what_comes_next_is_worked_out_once_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    asked: list[bytes] = []
    real = overview.steps

    def counted(channel: Channel) -> list[Facts]:
        asked.append(channel.id)
        return real(channel)

    with talks(tmp_path) as world, browsing(world, "ana") as ana:
        monkeypatch.setattr(overview, "steps", counted)
        ana.get(place)
        assert asked == [world["ana"].id]


def test_a_page_asks_no_more_of_a_text_that_is_over(tmp_path: Path) -> None:
    with talks(tmp_path) as world, browsing(world, "ana") as ana:
        sofia = world["sofia"]
        texts.open_(sofia, "Treaty", ["They remain friends."])
        world.settle()
        with ana.keeper.desk() as desk:
            desk.channel().sync()
        assert "Say where you stand on the text: Treaty" in ana.get("/c/1/talk")
        (held,) = sofia.session.book.items.unsettled("text")
        texts.close(sofia, held.value)
        world.settle()
        with ana.keeper.desk() as desk:
            desk.channel().sync()
            assert desk.channel().session.book.items.unsettled("text") == []
        assert "Say where you stand" not in ana.get("/c/1/talk")


def test_seats_whose_words_were_not_compared_are_named_with_what_is_awaited(tmp_path: Path) -> None:
    with talks(tmp_path) as world, browsing(world, "ana") as ana:
        for who, left in ((None, "Hernán C. and Sofia S."), ("hernan", "Sofia S."), ("sofia", "")):
            if who is not None:
                with ana.keeper.desk() as desk:
                    desk.channel().mark_verified(world[who].me)
            page = ana.get("/c/1/talk")
            aside = page[page.index('data-live="awaiting"') : page.index('data-live="seats"')]
            assert ("Words not compared yet" in aside) is bool(left)
            assert left in aside


def test_nobody_is_a_guest_while_a_channel_is_founded(tmp_path: Path) -> None:
    world = World(tmp_path)
    codes = found(world, "ana", "hernan")
    world.desk("hernan").join(codes["hernan"])
    world["ana"].sync()
    with browsing(world, "ana") as ana:
        page = ana.get("/c/1/seats")
        assert "Hernán C." in page
        assert "guest" not in page.replace("<li>guest</li>", "")  # it is one of the words to be compared, too
    world.close()
