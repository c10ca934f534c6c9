"""The beginning of the Beagle story, played by three browsers by clicks alone, with scripts and without.

A row: who, what is done, on what, with what. Whoever waits for another desk looks again, as people do.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.desk.world import PHRASE
from tests.web.browser.kit import SEATS, House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

ASKS = "Santiago asks whether the austral limit meant the meridian or the cape."
SAYS = "He asks what we meant by the limit; we meant the cape."

MADE = [
    ("link", "Make a desk"),
    ("fill", "New passphrase", PHRASE),
    ("fill", "Once more", PHRASE),
    ("press", "Make the desk"),
]
SIGNED = [("look", "link", "To the charter"), ("link", "To the charter"), ("press", "Sign it"), ("press", "Sign it")]

BACK = [("ana", "link", "All channels"), ("ana", "link", "Good offices, southern zone"), ("ana", "link", "Seats")]

STORY: list[tuple[str, ...]] = [
    *(("ana", *row) for row in MADE),
    ("ana", "link", "Found a channel"),
    ("ana", "fill", "The relay", "{url}"),
    ("ana", "fill", "Title", "Good offices, southern zone"),
    ("ana", "fill", "Purpose", "That nobody goes to war."),
    ("ana", "fill", "Your name", SEATS["ana"][0]),
    ("ana", "fill", "Your party", SEATS["ana"][1]),
    ("ana", "choose", "Your role", "envoy"),
    ("ana", "press", "Found it"),
    *(
        row
        for who in ("hernan", "sofia")
        for row in [
            *BACK,
            ("ana", "link", "Invite somebody"),
            ("ana", "fill", "Name", SEATS[who][0]),
            ("ana", "fill", "Party", SEATS[who][1]),
            ("ana", "choose", "Role", SEATS[who][2]),
            ("ana", "press", "Invite"),
            ("ana", "code"),
            *((who, *row) for row in MADE),
            (who, "link", "Join by a code"),
            (who, "fill", "The code", "{code}"),
            (who, "press", "Join"),
            (who, "see", "Good offices, southern zone"),
        ]
    ),
    *BACK,
    ("ana", "look", "text", SEATS["sofia"][0]),
    ("ana", "link", "Charter"),
    ("ana", "press", "Propose"),
    ("ana", "press", "Propose and sign"),
    *((who, *row) for who in ("hernan", "sofia") for row in [("link", "Seats"), *SIGNED]),
    ("sofia", "link", "Talk"),
    ("sofia", "look", "label", "What you want to say"),
    ("sofia", "fill", "What you want to say", ASKS),
    ("sofia", "check", "Only those chosen here:"),
    ("sofia", "check", SEATS["ana"][0]),
    ("sofia", "check", "Ask every reader"),
    ("sofia", "press", "Send"),
    ("ana", "link", "Talk"),
    ("ana", "look", "text", ASKS),
    ("ana", "fill", "You are asked to say", SAYS),
    ("ana", "press", "Read back"),
    ("sofia", "look", "text", SAYS),
    ("sofia", "press", "Confirm, or correct"),
    ("ana", "look", "text", "The author has confirmed"),
    ("hernan", "link", "Talk"),
    ("hernan", "look", "label", "What you want to say"),
    ("hernan", "not", ASKS),
]


class Player:
    """Three windows, and what is carried by hand between them."""

    def __init__(self, house: House, *, scripts: bool) -> None:
        self.pages: dict[str, Page] = {}
        for name in SEATS:
            house.serve(name)
            self.pages[name] = house.window(name, scripts=scripts)
        self.carried = {"url": house.url, "code": ""}

    def do(self, who: str, verb: str, *what: str) -> None:
        """One row."""
        getattr(self, f"_{verb}")(self.pages[who], *(one.format(**self.carried) for one in what))

    def _link(self, page: Page, name: str) -> None:
        main, nav = (page.locator(part).get_by_role("link", name=name, exact=True) for part in ("main", "nav"))
        main.or_(nav).first.click()

    def _press(self, page: Page, name: str) -> None:
        page.locator("main").get_by_role("button", name=name, exact=True).first.click()

    def _fill(self, page: Page, label: str, text: str) -> None:
        page.locator("main").get_by_label(label).first.fill(text)

    def _choose(self, page: Page, label: str, value: str) -> None:
        page.locator("main").get_by_label(label).first.select_option(value)

    def _check(self, page: Page, label: str) -> None:
        page.locator("main").get_by_label(label).first.check()

    def _code(self, page: Page) -> None:
        self.carried["code"] = page.locator("p.code").inner_text()

    def _see(self, page: Page, text: str) -> None:
        expect(page.locator("main").get_by_text(text).first).to_be_visible()

    def _not(self, page: Page, text: str) -> None:
        assert text not in page.content()

    def _look(self, page: Page, kind: str, what: str) -> None:
        """Look until it is there: by itself where scripts run, or by opening the page again."""
        found: dict[str, Callable[[], Locator]] = {
            "text": lambda: page.locator("main").get_by_text(what),
            "label": lambda: page.locator("main").get_by_label(what),
            "link": lambda: page.locator("main").get_by_role("link", name=what),
        }
        end = time.monotonic() + 15
        while not found[kind]().count():
            assert time.monotonic() < end, f"{what!r} does not come: {page.locator('main').inner_text()[:1500]}"
            page.wait_for_timeout(300)
            if not found[kind]().count():
                page.goto(page.url.partition("#")[0])


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_the_story_by_clicks_alone(site: House, scripts: bool) -> None:
    player = Player(site, scripts=scripts)
    for number, row in enumerate(STORY):
        try:
            player.do(*row)
        except Exception as problem:
            page = player.pages[row[0]]
            raise AssertionError(
                f"row {number} {row}: {problem}\n{page.url}\n{page.inner_text('main')[:1500]}"
            ) from None
