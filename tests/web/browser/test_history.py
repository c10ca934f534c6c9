"""What a browser keeps on its disk: nothing that was typed, in its history, in its saved session, anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.desk.world import PHRASE
from tests.web.browser.kit import House, unlock

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

WINDOWED = Path("/usr/bin/chromium")
"""The one of people: one without windows saves no session."""

NOTE, CODE, SOUGHT, SLIP = "GIRAFFE in a note", "bc1-ABCDEF-TAPIR-CODE", "WALRUS", "OKAPI in a slip"
LOCKED, ASKED, WRONG = "ORYX over a lock", "IBEX in a question", "LEMUR in a passphrase"
TYPED = (NOTE, CODE, SOUGHT, SLIP, LOCKED, ASKED, WRONG)


@contextmanager
def profile(chromium: Browser, folder: Path) -> Iterator[BrowserContext]:
    """A browser as people have it, whose files lie in `folder`."""
    if not WINDOWED.exists():
        pytest.skip("no Chromium with windows on this machine")
    context = chromium.browser_type.launch_persistent_context(
        folder,
        executable_path=WINDOWED,
        headless=False,
        args=["--headless=new", "--no-sandbox", "--disable-dev-shm-usage"],
        locale="en-GB",
    )
    context.set_default_timeout(10_000)
    try:
        yield context
    finally:
        context.close()


def held(folder: Path) -> list[str]:
    """What of all that was typed lies in a file."""
    raw = [file.read_bytes() for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]
    assert any(b"/c/1/talk" in one for one in raw), "it keeps nothing at all: the test looks at nothing"
    return [one for one in TYPED if any(one.encode(kind) in file for file in raw for kind in ("utf-8", "utf-16-le"))]


def test_nothing_that_was_typed_lies_on_the_disk(house: House, chromium: Browser, tmp_path: Path) -> None:
    folder, home = tmp_path / "profile", f"http://{house.open['ana'].host}"
    with profile(chromium, folder) as context:
        page = context.pages[0]
        page.goto(house.open["ana"].link())
        unlock(page)

        page.goto(f"{home}/search")
        page.fill("main input[name=words]", SOUGHT)
        page.click("main button[value=search]")
        page.wait_for_url("**/search?answer=*")

        page.goto(f"{home}/join")
        page.fill("main textarea[name=code]", CODE)
        page.click("main button[value=join]")
        page.wait_for_selector("#problem")

        page.goto(f"{home}/c/1/talk")
        writing = page.locator("form:has(button[value=send])")
        writing.evaluate("form => { form.noValidate = true; }")
        writing.locator("textarea[name=text]").fill(NOTE)  # and to whom is not chosen
        writing.locator("button[value=send]").click()
        page.wait_for_selector("#problem")
        assert NOTE in page.content()  # it is in its form again, and nowhere else

        page.goto(f"{home}/c/1/proposals")
        page.click("#float")
        form = page.locator("section[aria-labelledby=float]")
        form.locator("input[name=title]").fill(ASKED)
        form.locator("textarea[name=text]").fill(SLIP)
        form.locator("input[name=route][value=hat]").check()
        form.locator("button[value=float]").click()
        page.get_by_role("link", name="No, go back").click()
        page.wait_for_selector("section[aria-labelledby=float]")
        assert SLIP in page.content()

        page.goto(f"{home}/c/1/talk")
        page.fill("form:has(button[value=send]) textarea[name=text]", LOCKED)
        house.open["ana"].keeper.lock()
        page.wait_for_selector("input[name=passphrase]")
        page.fill("input[name=passphrase]", WRONG)
        page.click("button[value=unlock]")
        page.wait_for_selector("#problem")
        page.fill("input[name=passphrase]", PHRASE)
        page.click("button[value=unlock]")
        page.wait_for_selector("nav")
        page.wait_for_timeout(3_000)  # it saves its session a little later
        assert held(folder) == []
    assert held(folder) == []
