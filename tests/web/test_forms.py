"""Forms as they come in: files in them are let go of whatever became of them; small forms are of this session only."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.formparsers import MultiPartParser
from starlette.requests import Request

from backchannel.desk.vault.vault import Vault
from backchannel.web.guard import MOST_PAPER
from tests.desk.world import PHRASE
from tests.web.kit import OURS, Browser


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of requests that were closed."""
    found: list[str] = []
    real = Request.close

    async def close(self: Request) -> None:
        found.append(self.url.path)
        await real(self)

    monkeypatch.setattr(Request, "close", close)
    return found


def test_every_form_is_closed_at_the_door_and_within(browser: Browser, closed: list[str]) -> None:
    photo = {"f": ("a.jpg", b"x")}
    browser.post("/c/1/talk", {"do": "send", "text": "", "audience": "all"}, files=photo)
    browser.post("/settings", {"do": "none"}, files=photo)
    browser.keeper.lock()
    closed.clear()
    hidden = browser.hidden("/")
    browser.client.post("/unlock", data={**hidden, "do": "unlock", "passphrase": "wrong"}, files=photo, headers=OURS)
    assert closed[-1] == "/unlock"
    browser.client.post("/c/1/talk", data={**hidden, "do": "send", "text": "x"}, files=photo, headers=OURS)
    assert closed[-1] == "/c/1/talk"
    browser.keeper.unlock(PHRASE)


def test_it_is_closed_after_a_fault_too(
    browser: Browser, closed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = browser.hidden("/c/1/talk")

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Vault, "query", broken)
    closed.clear()
    answer = browser.client.post("/c/1/talk", data={**hidden, "do": "send"}, files={"f": ("a", b"x")}, headers=OURS)
    assert answer.status_code == 500
    assert closed == ["/c/1/talk"]
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["/touch", "/language", "/draft"])
def test_small_forms_take_no_files_and_are_of_this_session(browser: Browser, place: str) -> None:
    hidden = browser.hidden("/c/1/talk")
    answer = browser.client.post(place, data=hidden, files={"f": ("a.jpg", b"x")}, headers=OURS)
    assert answer.status_code == 400
    answer = browser.client.post(place, data={**hidden, "_form": "0" * 64}, headers=OURS)
    assert (answer.status_code, answer.text) == (403, "This form is not one of this session.")
    assert browser.keeper.state == "open"


def test_files_of_a_form_never_reach_the_disk() -> None:
    """What is larger than this would be written to a temporary file; the guard lets no more than this in."""
    assert MultiPartParser.spool_max_size == MOST_PAPER
