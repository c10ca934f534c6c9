"""All of a text of which other pages show the beginning."""

from __future__ import annotations

import html
import re

from backchannel.desk import nonpapers
from backchannel.web.portions import LEAST, ROOM, share
from tests.desk.world import World
from tests.web.kit import Browser, browsing
from tests.web.test_pieces import BOMB

TEXT = re.compile(r'<p class="said" dir="auto">(.*?)</p>', re.DOTALL)
NUMBERED = "".join(f"{n:06d} " for n in range(28_000))


def test_short_texts_are_shown_whole_and_long_ones_alike() -> None:
    assert share([]) == ROOM
    assert share([10, 20]) > 20
    assert share([10, ROOM * 2], ROOM) == ROOM - 10
    assert share([ROOM, ROOM, 2]) == (ROOM - 2) // 2
    assert share([ROOM] * 1_000) == LEAST


def test_a_page_of_long_notes_stays_small_and_all_of_each_can_be_read(world: World, browser: Browser) -> None:
    for _ in range(12):
        world["hernan"].send_note(BOMB)
    world["hernan"].send_note(NUMBERED, read_back=True)
    world.settle()
    world["ana"].restate(world["ana"].items("note")[-1].value, BOMB)
    world.settle()
    page = browser.get("/c/1/talk")
    assert len(page.encode()) < 160_000
    n = world["ana"].items("note")[-1].position
    place, read = f"/c/1/whole/{n}", ""
    for _ in range(20):
        page = browser.get(place)
        assert len(page.encode()) < 100_000
        read += "".join(html.unescape(re.sub(r"<[^>]*>", "", one)) for one in TEXT.findall(page))
        onward = re.search(r'href="(\?from=[0-9]+)"', page)
        if onward is None:
            break
        place = f"/c/1/whole/{n}{onward[1]}"
    assert read.startswith(NUMBERED.strip())
    assert read.endswith(BOMB)


def test_a_long_non_paper(world: World, browser: Browser) -> None:
    nonpapers.float_(world["hernan"], "A zone", NUMBERED)
    world.settle()
    item = world["ana"].items("nonpaper")[-1]
    nonpapers.react(world["ana"], item.value, "interest", "Tell me more.")
    world.settle()
    with browsing(world, "ana") as one:
        page = one.get(f"/c/1/proposals/{item.position}")
        assert len(page.encode()) < 100_000
        assert f'href="/c/1/whole/{item.position}"' in page
        assert "000000 000001" in one.get(f"/c/1/whole/{item.position}")


def test_what_is_gone_or_is_no_such_thing(world: World, browser: Browser) -> None:
    assert "no such page" in browser.get("/c/1/whole/0", 404)
    assert "no such page" in browser.get("/c/1/whole/99999", 404)
    world["hernan"].send_note("words")
    world.settle()
    world.clock.days(40)
    world.settle()
    n = world["ana"].items("note")[-1].position
    page = browser.get(f"/c/1/whole/{n}")
    assert "Its text is gone" in page
    assert "words" not in TEXT.findall(page)
