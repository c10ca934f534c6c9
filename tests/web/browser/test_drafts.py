"""Drafts in a real browser: typed, left, locked; back in their own form, and nowhere in the browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from backchannel.desk.drafts import Draft
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
    expect(form.locator("textarea")).to_have_value("Half a thought about the cape")
    assert [box.is_checked() for box in form.locator("input[name=to]").all()] == [False, True]
    assert form.locator("input[name=keep]").input_value() == "7"
    assert page.locator("[data-kept] .back").is_visible()
    assert not page.locator("[data-kept] .lone").is_visible()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    form.locator("button[value=send]").click()
    page.wait_for_load_state()
    assert page.locator("#drafts").count() == 0
    assert page.get_by_text("Half a thought about the cape").count() == 1


def test_the_lock_takes_along_what_was_typed_a_moment_ago(house: House) -> None:
    page = house.unlocked("ana")
    talk = f"http://{house.open['ana'].host}/c/1/talk"
    page.goto(talk)
    form = page.locator("form", has=page.locator("button[value=send]"))
    name = form.locator("label", has=page.locator("input[name=to]")).last
    name.locator("input").check()
    form.locator("textarea").fill("For one of them alone")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_selector("input[name=passphrase]")
    assert page.url == talk
    page.fill("input[name=passphrase]", "not this one at all")
    page.click("button[value=unlock]")
    page.wait_for_selector("#problem")
    unlock(page)
    page.wait_for_url(talk)
    expect(form.locator("textarea")).to_have_value("For one of them alone")
    assert [box.is_checked() for box in form.locator("input[name=to]").all()] == [False, True]
    assert form.locator("input[value=some]").is_checked()
    page.goto(talk.removesuffix("c/1/talk"))
    page.get_by_role("link", name="Beagle good offices: typed and not sent").click()
    expect(form.locator("textarea")).to_have_value("For one of them alone")
    page.locator("nav button[value=lock]").click()
    page.wait_for_selector("input[name=passphrase]")
    unlock(page)
    page.locator("button[value=discard]").click()
    page.wait_for_load_state()


@pytest.mark.parametrize(
    ("chosen", "offered"),
    [([["audience", "some"], ["to", "00"]], "to=00 to={0} to={1}"), ([["audience", "all"]], "to={0}")],
)
def test_nobody_is_chosen_where_the_table_is_another(house: House, chosen: list[list[str]], offered: str) -> None:
    with house.channel("hernan") as channel:
        seats = [seat.id.hex() for seat in channel.state.active if seat.id != channel.me]
    fields = (("text", "words"), *((k, v) for k, v in chosen), ("_offered", f"{offered.format(*seats)} read_back=yes"))
    with house.open["hernan"].keeper.desk() as desk:
        desk.drafts.keep(Draft("/c/1/talk", "/c/1/talk", ("send",), (), fields), 1)
    page = house.unlocked("hernan")
    page.goto(f"http://{house.open['hernan'].host}/c/1/talk")
    form = page.locator("form", has=page.locator("button[value=send]"))
    expect(form.locator("textarea")).to_have_value("words")
    assert not any(box.is_checked() for box in form.locator("input[name=to]").all())
    assert not form.locator("input[value=all]").is_checked()
    assert page.get_by_text("choose again who is to have it").is_visible()


def test_a_code_is_never_kept(house: House) -> None:
    page = house.unlocked("hernan")
    page.goto(f"http://{house.open['hernan'].host}/join")
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(asked.url))
    page.locator("textarea").press_sequentially("bc1-secret")
    page.wait_for_timeout(2_600)
    assert not [url for url in sent if url.endswith("/draft")]
