"""Drafts in a real browser: typed, left, locked; back in their own form, and nowhere in the browser."""

from __future__ import annotations

import pytest

from tests.web.browser.kit import House, unlock

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def test_what_was_typed_is_back_in_its_form_until_it_is_sent(house: House) -> None:
    page = house.unlocked("sofia")
    talk = f"http://{house.open['sofia'].host}/c/1/talk"
    page.goto(talk)
    form = page.locator("form", has=page.locator("button[value=send]"))
    form.locator("textarea").press_sequentially("Half a thought about the cape")
    form.locator("input[name=audience][value=some]").check()
    form.locator("input[name=to]").nth(1).check()
    with page.expect_response(lambda answer: answer.url.endswith("/draft")) as kept:
        form.locator("input[name=keep]").fill("7")
    assert kept.value.status == 204
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_selector("input[name=passphrase]")
    assert "cape" not in page.content()
    unlock(page)
    page.goto(talk)
    assert form.locator("textarea").input_value() == "Half a thought about the cape"
    assert [box.is_checked() for box in form.locator("input[name=to]").all()] == [False, True]
    assert form.locator("input[name=keep]").input_value() == "7"
    assert page.locator("[data-kept] .back").is_visible()
    assert not page.locator("[data-kept] .lone").is_visible()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    form.locator("button[value=send]").click()
    page.wait_for_load_state()
    assert page.locator("#drafts").count() == 0
    assert page.get_by_text("Half a thought about the cape").count() == 1


def test_a_code_is_never_kept(house: House) -> None:
    page = house.unlocked("hernan")
    page.goto(f"http://{house.open['hernan'].host}/join")
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.url))
    page.locator("textarea").press_sequentially("bc1-secret")
    page.wait_for_timeout(2_600)
    assert not [url for url in sent if url.endswith("/draft")]
