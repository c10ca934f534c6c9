"""Windows at work: news that come by themselves, locks, hands on a keyboard, two tabs, no scripts, a desk that ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.desk.world import PHRASE
from tests.web.browser.kit import House, unlock, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

TALK = "/c/1/talk"
SAY = "What you want to say"


def _at(house: House, name: str, place: str) -> str:
    return f"http://{house.open[name].host}{place}"


def test_news_come_by_themselves_and_hands_are_left_alone(house: House) -> None:
    page = house.unlocked("ana")
    page.goto(_at(house, "ana", TALK))
    page.get_by_label(SAY).fill("half a sentence")
    with house.channel("hernan") as channel:
        channel.send_note("news from Santiago")
        channel.sync()
    expect(page.get_by_text("news from Santiago")).to_be_visible()
    assert page.get_by_label(SAY).input_value() == "half a sentence"


def test_where_no_scripts_run_a_strip_says_it(house: House) -> None:
    page = house.unlocked("ana", scripts=False)
    page.goto(_at(house, "ana", TALK))
    strip = page.frame_locator("iframe.strip")
    page.get_by_label(SAY).fill("without any script")
    page.get_by_label("Everybody in the channel").check()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("without any script")).to_be_visible()
    with house.channel("hernan") as channel:
        channel.send_note("more from Santiago")
        channel.sync()
    with house.channel("ana") as channel:
        until(lambda: "more from Santiago" in [held.value.text for held in channel.items("note")], page)
    inner = next(frame for frame in page.frames if "/strip" in frame.url)
    inner.goto(inner.url)  # it would itself, every ten seconds
    strip.get_by_role("link", name="Look").click()
    expect(page.get_by_text("more from Santiago")).to_be_visible()
    assert page.url.endswith(TALK)


def test_escape_twice_locks_every_tab_and_nothing_stays(house: House) -> None:
    page = house.unlocked("sofia")
    other = house.again(page.context, "sofia")
    for tab in (page, other):
        tab.goto(_at(house, "sofia", TALK))
        expect(tab.get_by_role("heading", name="Beagle")).to_be_visible()
    page.bring_to_front()
    page.keyboard.press("Escape")
    assert house.open["sofia"].keeper.state == "open"
    page.wait_for_timeout(900)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Passphrase")).to_be_visible()
    expect(other.get_by_label("Passphrase")).to_be_visible()
    assert house.open["sofia"].keeper.state == "locked"
    page.go_back()
    expect(page.get_by_text("Santiago asks")).to_have_count(0)
    page.goto(_at(house, "sofia", "/"))
    unlock(page)
    expect(page.get_by_role("heading", name="Channels", level=1)).to_be_visible()


def test_the_keyboard_alone(house: House) -> None:
    page = house.unlocked("hernan")
    page.goto(_at(house, "hernan", TALK))
    page.keyboard.press("Tab")
    expect(page.locator("a.skip").first).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate("[document.activeElement.name || '', document.activeElement.value || '']")
        outline = page.evaluate("(s => s.outlineStyle + s.boxShadow)(getComputedStyle(document.activeElement))")
        assert outline != "nonenone", page.evaluate("document.activeElement.outerHTML")
        if at[0] == "text":
            page.keyboard.type("typed without a mouse")
        if at == ["audience", "all"]:
            page.keyboard.press("Space")
        if at == ["do", "send"]:
            page.keyboard.press("Enter")
            break
    expect(page.locator(".said", has_text="typed without a mouse")).to_be_visible()


def test_two_clicks_and_back_send_once(house: House) -> None:
    page = house.unlocked("ana")
    page.goto(_at(house, "ana", TALK))
    page.get_by_label(SAY).fill("said once")
    page.get_by_label("Everybody in the channel").check()
    page.locator("button[value=send]").dblclick()
    expect(page.locator(".said", has_text="said once")).to_be_visible()
    page.go_back()
    page.go_forward()
    page.reload()
    with house.channel("ana") as channel:
        assert [held.value.text for held in channel.items("note")].count("said once") == 1


def test_a_form_sent_to_a_locked_desk_is_kept(house: House) -> None:
    page = house.unlocked("ana", scripts=False)
    page.goto(_at(house, "ana", TALK))
    page.get_by_label(SAY).fill("carried over the lock")
    page.get_by_label("Everybody in the channel").check()
    house.open["ana"].keeper.lock()
    page.locator("button[value=send]").click()
    expect(page.get_by_text("What you had typed is kept")).to_be_visible()
    page.fill("input[name=passphrase]", PHRASE)
    page.locator("button[value=unlock]").click()
    expect(page.get_by_label(SAY)).to_have_value("carried over the lock")
    page.locator("button[value=send]").click()
    expect(page.locator(".said", has_text="carried over the lock")).to_be_visible()


def test_no_password_store_and_no_field_history(house: House) -> None:
    house.open["hernan"].keeper.lock()
    page = house.window("hernan")
    assert page.locator("input[name=passphrase]").get_attribute("autocomplete") == "one-time-code"
    unlock(page)
    assert page.context.cookies()[0]["httpOnly"]
    assert page.context.cookies()[0]["sameSite"] == "Strict"


def test_a_frame_of_another_page_shows_nothing(house: House) -> None:
    """Clickjacking, and a page that reads another desk's with the user's cookie."""
    page = house.unlocked("ana")
    page.goto(_at(house, "hernan", "/outside"))
    said = page.evaluate(
        """async (other) => { try { await fetch(other, {credentials: "include"}); return "read"; }
           catch { return "refused"; } }""",
        _at(house, "ana", TALK),
    )
    assert said == "refused"


def test_a_killed_desk_says_so_and_nothing_typed_is_lost(house: House) -> None:
    bin_ = Path(sys.executable).with_name("backchannel")
    command = [str(part) for part in (bin_, "--desk", house.folder / "ana", "desk", "open", "--no-browser")]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        link = next(line.strip() for line in program.stdout if "/enter?t=" in line)
        page = house.chromium.new_page()
        page.goto(link)
        unlock(page)
        page.goto(link.partition("/enter")[0] + TALK)
        page.get_by_label(SAY).fill("still here")
        program.kill()
    expect(page.locator("#lost")).to_be_visible()
    assert page.get_by_label(SAY).input_value() == "still here"
    page.close()
