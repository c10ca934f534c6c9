"""Every page in a real browser: what a blind reader, a narrow window, a dark room and a hostile author make of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

from tests.web.browser.kit import House, named, places, shot

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HOSTILE = "[...document.querySelectorAll('*')].filter(e => e.matches('img, main script, [onerror], [style]')).length"


@pytest.fixture(scope="module")
def window(house: House) -> Page:
    page = house.unlocked("ana", viewport={"width": 1280, "height": 980})
    return page


@pytest.fixture(scope="module")
def addresses(house: House, window: Page) -> list[str]:
    with house.channel("ana") as channel:
        return [f"http://{house.open['ana'].host}{place}" for place in places(channel)]


def _each(window: Page, addresses: list[str]) -> Iterator[str]:
    for address in addresses:
        answer = window.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        yield address.split("/", 3)[3]


def test_every_page_is_sound(window: Page, addresses: list[str]) -> None:
    """No violation for axe-core; foreign text is text; nothing in titles, storage or the console; not too large."""
    told: list[str] = []
    window.on("console", lambda said: told.append(said.text) if said.type in ("error", "warning") else None)
    window.on("pageerror", lambda error: told.append(str(error)))
    axe, bad = Axe(), []
    for place in _each(window, addresses):
        found = axe.run(window)
        bad += [
            f"{place}: {one['id']}: {node['html'][:160]}"
            for one in found.response["violations"]
            for node in one["nodes"]
        ]
        assert window.evaluate(HOSTILE) == 0, place
        assert window.title().endswith("Backchannel"), place
        for word in ("owned", "Beagle", "Treaty", "Montevideo", "Carlos"):
            assert word not in window.title(), place
        assert window.evaluate("localStorage.length + sessionStorage.length") == 0
        shot(window, named(place))
    assert told == []
    assert bad == [], "\n".join(bad)


def test_narrow_windows_hold_every_page(window: Page, addresses: list[str]) -> None:
    window.set_viewport_size({"width": 400, "height": 800})
    wide = []
    for place in _each(window, addresses):
        if window.evaluate(WIDE) > 0:
            wide.append(place)
        shot(window, f"narrow_{named(place)}")
    window.set_viewport_size({"width": 1280, "height": 980})
    assert wide == []


@pytest.mark.soak
def test_large_letters_hold_every_page(window: Page, addresses: list[str]) -> None:
    wide = []
    for place in _each(window, addresses):
        window.evaluate("document.documentElement.style.fontSize = '200%'")
        if window.evaluate(WIDE) > 0:
            wide.append(place)
    assert wide == []


@pytest.mark.soak
def test_dark_rooms(house: House, window: Page, addresses: list[str]) -> None:
    """The contrast of dark colours, on every page."""
    window.emulate_media(color_scheme="dark")
    axe, bad = Axe(), []
    for place in _each(window, addresses):
        found = axe.run(window, options={"runOnly": ["color-contrast"]})
        bad += [f"{place}: {node['html'][:160]}" for one in found.response["violations"] for node in one["nodes"]]
    shot(window, "dark")
    window.emulate_media(color_scheme="light")
    assert bad == [], "\n".join(bad)


def test_forms_keep_nothing_in_the_browser(window: Page, addresses: list[str]) -> None:
    for place in _each(window, addresses):
        for form in window.locator("form[method=post]").all():
            assert form.get_attribute("autocomplete") == "off", place
        root = window.locator("html")
        assert root.get_attribute("spellcheck") == "false"
        assert root.get_attribute("translate") == "no"
