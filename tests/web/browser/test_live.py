"""News while somebody looks: hands on a keyboard keep their place, what belongs together changes together."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from backchannel.desk.desk import Desk
from tests.desk.conftest import CHEAP
from tests.desk.world import PHRASE
from tests.web.browser.kit import SEATS, TERMS, House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

TALK, CHARTER = "/c/1/talk", "/c/1/seats/charter"


def _at(house: House, name: str, place: str) -> str:
    return f"http://{house.open[name].host}{place}"


def _say(house: House, name: str, words: str) -> None:
    with house.channel(name) as channel:
        channel.send_note(words)
        channel.sync()


def _restated(house: House) -> int:
    """The mediator's note, read back."""
    with house.channel("ana") as ana:
        number: int = next(held.position for held in ana.items("note") if held.value.readback(ana.me) is not None)
        asked = ana.note_at(number).readback(ana.me)
        if asked is not None and asked.state == "asked":
            ana.restate(ana.note_at(number), "He asks what the limit meant.")
        ana.sync()
    with house.channel("sofia") as sofia:
        sofia.sync()
    return number


def _marked(page: Page) -> bool:
    return bool(page.evaluate("window.mark === 1"))


def test_a_button_keeps_the_focus_while_what_is_around_it_changes(house: House) -> None:
    _restated(house)
    page = house.unlocked("sofia")
    page.goto(_at(house, "sofia", TALK))
    page.locator("button[value=confirm]").focus()
    _say(house, "hernan", "while a finger is on the key")
    expect(page.get_by_text("while a finger is on the key")).to_be_visible()
    expect(page.locator("button[value=confirm]")).to_be_focused()
    page.locator("main summary", has_text="No, it was meant otherwise").focus()
    page.keyboard.press("Enter")
    _say(house, "hernan", "and once more")
    expect(page.get_by_text("and once more")).to_be_visible()
    expect(page.locator("main summary", has_text="No, it was meant otherwise")).to_be_focused()
    expect(page.get_by_label("How you meant it")).to_be_visible()


def test_what_was_typed_stays_on_a_page_that_answers_a_form(house: House) -> None:
    _restated(house)
    page = house.unlocked("sofia")
    page.goto(_at(house, "sofia", TALK))
    page.locator("main summary", has_text="No, it was meant otherwise").click()
    page.get_by_label("How you meant it").fill("the cape\u202e")  # which no text may hold
    page.locator("button[value=correct]").click()
    expect(page.locator("#problem")).to_be_visible()
    entries = page.locator("[data-live=record]").inner_text()
    _say(house, "hernan", "news behind it")
    expect(page.locator("[data-live=record]")).not_to_have_text(entries)
    assert page.get_by_label("How you meant it").input_value() == "the cape\u202e"


def test_what_is_not_there_any_more_goes_when_the_focus_does(house: House) -> None:
    number = _restated(house)
    page = house.unlocked("sofia")
    page.goto(_at(house, "sofia", TALK))
    awaits = page.locator("[data-live=awaiting] a", has_text="Say whether this was understood")
    awaits.first.focus()
    with house.channel("sofia") as sofia:
        item = sofia.note_at(number)
        sofia.confirm(item, item.readbacks[0].seat)
        sofia.sync()
    house.open["sofia"].keeper.changed()
    expect(page.get_by_text("confirmed that")).to_be_visible()
    expect(awaits.first).to_be_focused()
    page.keyboard.press("Tab")
    expect(awaits).to_have_count(0)


def test_a_charter_is_one_thing_while_it_is_read(site: House) -> None:
    made = {name: Desk.create(site.folder / name, PHRASE, cost=CHEAP) for name in ("ana", "hernan")}
    name, party, role = SEATS["ana"]
    ana = made["ana"].found(site.url, title="T", purpose="P", name=name, party=party, role=role)
    invite = ana.invite(*SEATS["hernan"])
    ana.sync()
    code = ana.code(invite)
    made["ana"].close()
    site.serve("ana").keeper.unlock(PHRASE)
    founder = site.unlocked("ana")
    founder.goto(_at(site, "ana", CHARTER))
    expect(founder.locator("main").get_by_text("Nobody but you has joined yet")).to_be_visible()
    founder.evaluate("window.mark = 1")
    made["hernan"].join(code).sync()
    made["hernan"].close()
    site.serve("hernan").keeper.unlock(PHRASE)
    expect(founder.locator("main").get_by_text("Here now: Carlos P. and Hernán C.")).to_be_visible()
    expect(founder.get_by_role("button", name="Propose", exact=True)).to_be_visible()

    page = site.unlocked("hernan")
    page.goto(_at(site, "hernan", CHARTER))
    expect(page.locator("main")).to_contain_text("No charter is proposed yet")
    page.evaluate("window.mark = 1")
    with site.channel("ana") as ana:
        ana.propose_charter(TERMS)
        ana.sync()
    expect(page.get_by_role("button", name="Sign it")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("No charter is proposed yet")
    expect(page.locator("main")).to_contain_text("not in force yet")
    with site.channel("hernan") as hernan:
        hernan.sign_charter(hernan.state.charter)
        hernan.sync()
    site.open["hernan"].keeper.changed()
    for window in (page, founder):
        expect(window.locator("main .tag", has_text="in force")).to_have_text("in force")
        expect(window.get_by_role("button", name="Sign it")).to_have_count(0)
        expect(window.get_by_role("button", name="Propose", exact=True)).to_have_count(0)
        expect(window.locator("[data-live=terms]")).to_contain_text("The speaker may be named outside.")
        expect(window.locator("main .head .tag").first).to_have_text("Envoy channel")
        assert _marked(window)
