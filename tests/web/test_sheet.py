"""The sheet of a channel: with its names or without one, in every language, however many sit there."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from backchannel.desk import texts
from backchannel.web import sheet as module
from backchannel.web.sheet import sheet
from backchannel.web.words import LANGUAGES, words
from tests.desk.world import URL, World
from tests.papers.test_pdf import seen


def flat(raw: bytes) -> str:
    return " ".join(seen(raw).split())


def test_it_names_the_channel_and_who_sits_there(world: World) -> None:
    text = flat(sheet(world["ana"], words("en")))
    for part in ("Good offices", "Ana P., Argentina: envoy (you)", "Hernán C., Chile: envoy", "after 15 minutes"):
        assert part in text
    assert "names who talks" in text
    assert "Who convened the channel" not in text  # it was Ana: nobody calls themselves
    assert "Who convened the channel, Ana P.:" in flat(sheet(world["hernan"], words("en")))


def test_it_says_who_holds_the_pen_and_who_stands_between(world: World) -> None:
    texts.open_(world["sofia"], "Act of Lima", ["One."], pen=world["hernan"].me)
    world.settle()
    text = flat(sheet(world["ana"], words("en")))
    assert "The pen of “Act of Lima” is with: Hernán C." in text
    assert "soundings released, by: Sofia S." in text


def test_nobody_freezes_the_only_seat_of_a_party(world: World) -> None:
    for name, party, call in (("ana", "Argentina", "Hernán C."), ("hernan", "Chile", "Ana P.")):
        text = flat(sheet(world[name], words("en")))
        assert f"nobody can freeze your seat, for you are the only one of {party} here. Call {call}:" in text
        assert "“Somebody is to go, or you leave”" in text
        assert f"Who acts if your desk is lost, {call}:" in text


def test_a_second_seat_of_the_party_freezes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = world["ana"]
    mine = channel.state.seat(channel.me)
    assert mine is not None
    seats = [replace(one, party=mine.party) if one.name == "Hernán C." else one for one in channel.state.seats]
    monkeypatch.setattr(type(channel), "state", replace(channel.state, seats=tuple(seats)))
    text = flat(sheet(channel, words("en")))
    assert "call Hernán C., of your party, to freeze your seat, under Seats, at once." in text


def test_without_names_it_names_nobody(world: World) -> None:
    texts.open_(world["sofia"], "Act of Lima", ["One."], pen=world["hernan"].me)
    world.settle()
    text = flat(sheet(world["ana"], words("en"), names=False, minutes=1))
    for part in ("Ana", "Argentina", "Hernán", "Chile", "Good offices", "Sofia", "Holy See", "Act of Lima"):
        assert part not in text
    assert "This sheet names nobody." in text
    assert "after a minute" in text
    assert "another seat of your party can freeze yours" in text


def test_it_promises_no_more_than_the_pages(world: World) -> None:
    text = flat(sheet(world["ana"], words("en")))
    assert (
        "those opened before it failed. Who refused is not shown (with only two voters, each can work it out)" in text
    )
    assert "nobody learns" not in text
    assert "by when: begin" not in text  # what is awaited has no hour there
    for part in ("works once, within two minutes", "compare like with like", "promise yours first"):
        assert part in text


def test_every_button_that_it_names_is_on_a_page() -> None:
    templates = "".join(one.read_text() for one in Path(module.__file__).with_name("templates").glob("*.html"))
    assert len(module.BUTTONS) > 8
    for label in module.BUTTONS.values():
        assert f"_('{label}')" in templates, label


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_in_every_language(world: World, language: str) -> None:
    raw = sheet(world["sofia"], words(language))
    assert ("In danger" in seen(raw)) == (language == "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_can_be_read_on_paper(world: World, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the names of a channel, its letters are no smaller than those of a small newspaper."""
    monkeypatch.setattr("backchannel.papers.onepage.SIZES", (8.5,))
    texts.open_(world["sofia"], "Act of Lima", ["One."])
    world.settle()
    sheet(world["hernan"], words(language))


def test_more_seats_than_fit_are_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SEATS", 1)
    assert "2 seats more" in seen(sheet(world["ana"], words("en")))


def test_one_that_is_alone_has_nobody_to_call(tmp_path: Path) -> None:
    world = World(tmp_path)
    try:
        alone = world.desk("ana").found(URL, title="T", purpose="P", name="Ana", party="North", role="envoy")
        alone.sync()
        text = flat(sheet(alone, words("en")))
        assert "Call :" not in text
        assert ", :" not in text
        assert "call the other parties" in text
    finally:
        world.close()
