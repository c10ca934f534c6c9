"""The whole Beagle story, played by browsers by clicks alone, with scripts and without (the table: story.py).

Whoever waits for another desk sees what is new by itself where scripts run, or looks again, as people do.
"""

from __future__ import annotations

import re
import time
import zipfile
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Error, Locator, Page, expect
from playwright.sync_api import TimeoutError as TooLong

from tests.web.browser.kit import House, shot
from tests.web.browser.story import CHAPTERS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PATIENCE = 15.0
PARTS: tuple[Literal["region", "group", "radiogroup"], ...] = ("region", "group", "radiogroup")
FIELDS = "input, select, textarea"
CLICKED = "addEventListener('click', (event) => { window.clicked = event; }, true)"
EVERYWHERE = ("Talk", "Proposals", "Soundings", "Text", "Understandings", "Steps", "Seats", "Record")


class Player:
    """A window for everybody, and what is carried by hand between them."""

    def __init__(self, house: House, *, scripts: bool) -> None:
        self.house, self.scripts = house, scripts
        self.pages: dict[str, Page] = {}
        self.carried = {"url": house.url}
        self.saved = Path()

    def page(self, who: str) -> Page:
        """Somebody's window; it is opened when it is first needed."""
        if who not in self.pages:
            self.house.serve(who)
            self.pages[who] = self.house.window(who, scripts=self.scripts, viewport={"width": 1280, "height": 980})
            self.pages[who].add_init_script(CLICKED)
        return self.pages[who]

    def do(self, who: str, verb: str, *what: str) -> None:
        """One row."""
        getattr(self, f"_{verb.replace(' ', '_')}")(self.page(who), *(one.format(**self.carried) for one in what))

    # --- finding

    def _within(self, page: Page, path: str) -> tuple[Locator, str]:
        """The part of the page that is named before the last `>`, and the last name."""
        *parts, last = path.split(" > ")
        within = page.locator("main")
        for name in parts:
            first, *more = (within.get_by_role(role, name=name, exact=True) for role in PARTS)
            for other in more:
                first = first.or_(other)
            within = first.first
        return within, last

    def _label(self, page: Page, path: str) -> Locator:
        within, name = self._within(page, path)
        return within.get_by_label(name).and_(within.locator(FIELDS)).filter(visible=True).first

    def _button(self, page: Page, path: str) -> Locator:
        within, name = self._within(page, path)
        return within.get_by_role("button", name=_named(name), exact=True).filter(visible=True).first

    def _linked(self, page: Page, name: str) -> Locator:
        """A link of the page, of the list on its one side, or of what is awaited on the other."""
        main, nav, aside = (
            page.locator(part).get_by_role("link", name=_named(name), exact=True) for part in ("main", "nav", "aside")
        )
        return main.or_(nav).or_(aside).first

    def _text(self, page: Page, text: str) -> Locator:
        return page.locator("main").get_by_text(text).filter(visible=True).first

    # --- doing

    def _click(self, page: Page, target: Locator) -> None:
        """Click; where news had just come under the pointer the click meant nothing, and people click again."""
        target.click()
        while self.scripts and _in_vain(page):
            page.wait_for_timeout(100)
            target.click()

    def _link(self, page: Page, name: str) -> None:
        self._click(page, self._linked(page, name))

    def _press(self, page: Page, path: str) -> None:
        self._click(page, self._button(page, path))

    def _open(self, page: Page, summary: str) -> None:
        self._click(page, page.locator("main summary").filter(has_text=summary).filter(visible=True).first)

    def _fill(self, page: Page, path: str, text: str) -> None:
        self._label(page, path).fill(text)

    def _choose(self, page: Page, path: str, value: str) -> None:
        self._label(page, path).select_option(value)

    def _check(self, page: Page, path: str) -> None:
        self._set(page, self._label(page, path), True)

    def _uncheck(self, page: Page, path: str) -> None:
        self._set(page, self._label(page, path), False)

    def _set(self, page: Page, box: Locator, checked: bool) -> None:
        while box.is_checked() is not checked:
            self._click(page, box)

    def _upload(self, page: Page, path: str, name: str) -> None:
        """A file with every byte there is."""
        file = self.house.folder / name
        file.write_bytes(bytes(range(256)) * 300)
        self._label(page, path).set_input_files(file)

    def _save(self, page: Page, name: str) -> None:
        """Save what a link or a button gives."""
        with page.expect_download() as download:
            self._click(page, self._linked(page, name).or_(self._button(page, name)).first)
        self.saved = Path(download.value.path())

    def _code(self, page: Page) -> None:
        self.carried["code"] = page.locator("p.code").inner_text()

    # --- seeing

    def _see(self, page: Page, text: str) -> None:
        expect(self._text(page, text)).to_be_visible()

    def _once(self, page: Page, text: str, beside: str) -> None:
        """One place says it, and that is beside these words."""
        expect(page.locator("main li", has_text=text)).to_have_count(1)
        expect(page.locator("main li", has_text=text)).to_contain_text(beside)

    def _lacks(self, page: Page, text: str) -> None:
        """Now; or at another look, for a page can be made while news are being read."""
        end = time.monotonic() + PATIENCE
        while text in page.content():
            assert time.monotonic() < end, f"{text!r} stays"
            page.wait_for_timeout(200)
            if not self.scripts:
                page.goto(page.url.partition("#")[0])

    def _gone(self, page: Page, *words: str) -> None:
        """They stand on none of the channel's pages."""
        for name in EVERYWHERE:
            with page.expect_navigation():
                self._click(page, page.locator(".tabs").get_by_role("link", name=name, exact=True))
            expect(page.locator(".tabs [aria-current]")).to_have_text(name)
            assert not [one for one in words if one in page.content()], name

    def _words(self, page: Page) -> None:
        """What is read aloud over another line, up to an entry that everybody has by now."""
        size = self._label(page, "Number of entries")
        self.carried["size"] = str(int(size.input_value()) - 3)
        size.fill(self.carried["size"])
        with page.expect_navigation():
            self._press(page, "Show the words")
        self.carried["words"] = " ".join(page.locator("#compare ~ .words li").all_inner_texts())

    def _same(self, page: Page, name: str) -> None:
        assert self.saved.read_bytes() == (self.house.folder / name).read_bytes()

    def _holds(self, page: Page, text: str) -> None:
        assert text in self._said()

    def _holds_not(self, page: Page, text: str) -> None:
        assert text not in self._said()

    def _said(self) -> str:
        """What is in the file that was saved, or in all files of it."""
        if not zipfile.is_zipfile(self.saved):
            return self.saved.read_bytes().decode(errors="replace")
        with zipfile.ZipFile(self.saved) as packed:
            return "\n".join(packed.read(name).decode() for name in packed.namelist())

    def _lock(self, page: Page, text: str) -> None:
        """One key where scripts run, one button where not: what stood there is gone, and does not come again."""
        expect(self._text(page, text)).to_be_visible()
        place = page.url
        if self.scripts:
            page.keyboard.press("Escape")
            page.keyboard.press("Escape")
        else:
            page.get_by_role("button", name="Lock now").click()
        for again in (False, True):
            if again:
                page.goto(place)
            expect(page.get_by_label("Passphrase")).to_be_visible()
            expect(page.locator("body")).not_to_contain_text(text)

    def _look(self, page: Page, kind: str, what: str) -> None:
        """Look until it is there: it comes by itself where scripts run; where not, the page is opened again."""
        find = {"text": self._text, "label": self._label, "link": self._linked, "button": self._button}[kind]
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return find(page, what).wait_for(timeout=PATIENCE * 1000 if self.scripts else 100)
            except TooLong:
                assert time.monotonic() < end, f"{what!r} does not come"
                page.goto(page.url.partition("#")[0])


def _in_vain(page: Page) -> bool:
    try:
        return bool(page.evaluate("window.clicked?.defaultPrevented"))
    except Error:  # it is on its way to another page
        return False


def _named(name: str) -> str | re.Pattern[str]:
    return re.compile("^" + re.escape(name[:-1])) if name.endswith("…") else name


@pytest.mark.parametrize(
    "scripts",
    # Where scripts run each page is tested by itself, too: the whole of it takes its time, in make soak.
    [pytest.param(True, id="scripts", marks=pytest.mark.soak), pytest.param(False, id="no-scripts")],
)
def test_the_story_by_clicks_alone(site: House, scripts: bool) -> None:
    player = Player(site, scripts=scripts)
    for name, rows in CHAPTERS.items():
        for number, row in enumerate(rows):
            try:
                player.do(*row)
            except Exception as problem:
                page = player.pages[row[0]]
                seen = page.locator("main, body").last.inner_text()[:1500]
                raise AssertionError(f"{name}, row {number} {row}: {problem}\n{page.url}\n{seen}") from None
        if scripts:
            shot(player.pages[rows[-1][0]], f"story_{name}")
