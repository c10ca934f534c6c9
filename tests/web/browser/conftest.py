"""One Chromium for all tests of a process; a talk that all of a module's tests look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.web.browser.kit import CHROMIUM, House, empty, talking


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("no Chromium of Debian's on this machine (tools/debian chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def house(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with talking(chromium, tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def site(chromium: Browser, tmp_path: Path) -> Iterator[House]:
    with empty(chromium, tmp_path) as made:
        yield made
