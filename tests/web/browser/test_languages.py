"""Other languages in a real browser: nothing of the program's stays in English, the layout holds, mirrored too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from tests.web.browser.kit import House, named, places, shot
from tests.web.browser.test_pages import WIDE
from tools import make_catalogue

pytestmark = [pytest.mark.browser, pytest.mark.soak, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def window(house: House) -> Page:
    return house.unlocked("ana", viewport={"width": 1280, "height": 980})


@pytest.fixture(scope="module")
def addresses(house: House, window: Page) -> list[str]:
    with house.channel("ana") as channel:
        return [f"http://{house.open['ana'].host}{place}" for place in places(channel)]


def each(window: Page, addresses: list[str]) -> Iterator[str]:
    for address in addresses:
        window.goto(address)
        yield address.split("/", 3)[3]


def english() -> list[str]:
    """Sentences of four words or more, without parts: none of them can stand there by chance."""
    found = [one for _, one in make_catalogue.every() if isinstance(one, str)]
    return sorted({one for one in found if len(one.split()) > 3 and "{" not in one})


@pytest.mark.parametrize(("language", "direction"), [("es", "ltr"), ("ar", "rtl")])
def test_every_page_holds_in_every_language(
    house: House, window: Page, addresses: list[str], language: str, direction: str
) -> None:
    house.open["ana"].keeper.set_language(language)
    sentences, left, wide, bad, axe = english(), [], [], [], Axe()
    for place in each(window, addresses):
        root = window.locator("html")
        assert (root.get_attribute("lang"), root.get_attribute("dir")) == (language, direction), place
        text = " ".join(window.locator("body").inner_text().split())
        left += [f"{place}: {one}" for one in sentences if one in text]
        found = axe.run(window)
        bad += [
            f"{place}: {one['id']}: {node['html'][:160]}"
            for one in found.response["violations"]
            for node in one["nodes"]
        ]
        for width in (1280, 400):
            window.set_viewport_size({"width": width, "height": 980})
            if window.evaluate(WIDE) > 0:
                wide.append(f"{place} at {width}")
            shot(window, f"{language}_{width}_{named(place)}")
        window.set_viewport_size({"width": 1280, "height": 980})
    house.open["ana"].keeper.set_language("en")
    assert left == []
    assert wide == []
    assert bad == [], "\n".join(bad)
