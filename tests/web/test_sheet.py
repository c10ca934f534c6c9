"""The sheet of a channel: with its names or without one, in every language, however many sit there."""

from __future__ import annotations

import pytest

from backchannel.web import sheet as module
from backchannel.web.sheet import sheet
from backchannel.web.words import LANGUAGES, words
from tests.desk.world import World
from tests.papers.test_pdf import seen


def test_it_names_the_channel_and_who_sits_there(world: World) -> None:
    text = seen(sheet(world["ana"], words("en")))
    for part in ("Good offices", "Ana P., Argentina: envoy (you)", "Hernán C., Chile: envoy", "convened", "15 minutes"):
        assert part in text
    assert "names who talks" in text


def test_without_names_it_names_nobody(world: World) -> None:
    text = seen(sheet(world["ana"], words("en"), names=False, minutes=1))
    for part in ("Ana", "Argentina", "Hernán", "Chile", "Good offices", "Sofia", "Holy See"):
        assert part not in text
    assert "This sheet names nobody." in text
    assert "for a minute" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_in_every_language(world: World, language: str) -> None:
    text = seen(sheet(world["sofia"], words(language)))
    assert ("In danger" in text) == (language == "en")


def test_more_seats_than_fit_are_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SEATS", 1)
    assert "2 seats more" in seen(sheet(world["ana"], words("en")))
