"""All channels of a desk: which is which, what is awaited, what is wrong; a new one, and what fails on the way."""

from __future__ import annotations

import re

import pytest

from backchannel.errors import Unreachable
from backchannel.web.keeper import Keeper
from tests.desk.world import URL, World, wire
from tests.web.kit import Browser, synced

NEW = {"relay": URL, "title": "A <second> one", "purpose": "P", "name": "Ana P.", "party": "A & B", "role": "envoy"}


def sections(page: str) -> list[str]:
    """What each channel shows."""
    return [one.partition("</section>")[0] for one in page.split('<section class="sheet">')[1:]]


def test_every_channel_is_there_with_what_it_awaits(browser: Browser, world: World) -> None:
    assert len(sections(browser.get("/"))) == 1
    assert "nothing awaits you" in sections(browser.get("/"))[0]
    world["hernan"].send_note("Agreed?", read_back=True)
    synced(browser, world)
    where = browser.post("/found", {"do": "found", **NEW}).headers["location"]
    assert where == "/c/2/seats"
    first, second = sections(browser.get("/"))
    assert '<a href="/c/1/talk"><bdi>Good offices</bdi></a>' in first
    assert "one thing awaits you" in first
    assert "Say in your own words what you have understood: Agreed?" in first
    assert '<a href="/c/2/talk"><bdi>A &lt;second&gt; one</bdi></a>' in second
    assert '<a href="/c/2/seats">Invite whoever is to sit at the table</a>' in second
    assert "one seat" in second


def test_what_is_wrong_stands_before_what_is_awaited(browser: Browser, world: World) -> None:
    world["hernan"].send_note("Agreed?", read_back=True)
    channel = synced(browser, world)
    with channel.session.turn(), channel.session.vault.transaction():
        channel.session.book.alarm("fork", "The relay shows two pasts.", world.clock())
    (one,) = sections(browser.get("/"))
    assert re.search(r"<[^>]*bad[^>]*>\s*alarm", one)
    assert "Say in your own words" in one


def test_a_channel_that_is_new_is_followed(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[int] = []
    monkeypatch.setattr(Keeper, "follow", lambda self: followed.append(1))
    browser.keeper.follows = True  # type: ignore[attr-defined]
    version = browser.keeper.version
    browser.post("/found", {"do": "found", **NEW})
    assert followed == [1]
    assert browser.keeper.version > version


@pytest.mark.parametrize(
    ("place", "fields"),
    [
        ("/found", {**NEW, "do": "found", "title": ""}),
        ("/found", {**NEW, "do": "found", "role": "king"}),
        ("/join", {"do": "join", "code": "bc1-nonsense"}),
    ],
)
def test_what_cannot_be_leaves_nothing_and_keeps_what_was_typed(
    place: str, fields: dict[str, str], browser: Browser
) -> None:
    answer = browser.post(place, fields)
    assert answer.status_code == 400
    assert 'id="problem"' in answer.text
    typed = fields.get("title") or fields.get("code") or fields["purpose"]
    assert typed.replace("<", "&lt;").replace(">", "&gt;") in answer.text
    assert len(sections(browser.get("/"))) == 1


def test_a_relay_that_is_silent_founds_nothing(browser: Browser, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object, **__: object) -> bool:
        raise Unreachable("timeout", "The relay takes too long to answer.")

    monkeypatch.setattr(type(wire(world["ana"])), "found", lost)
    answer = browser.post("/found", {"do": "found", **NEW})
    assert answer.status_code == 400
    assert "The relay takes too long to answer." in answer.text
    assert 'value="A &lt;second&gt; one"' in answer.text
    assert len(sections(browser.get("/"))) == 1
