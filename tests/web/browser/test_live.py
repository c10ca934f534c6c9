"""News while somebody looks: hands on a keyboard keep their place, what belongs together changes together."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backchannel.desk import nonpapers, soundings, understandings
from backchannel.desk.channel import Channel
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


def _floated(house: House, title: str, text: str) -> int:
    """A non-paper of Chile's, that Argentina has."""
    with house.channel("hernan") as hernan, house.channel("ana") as ana:
        before = ana.size
        nonpapers.float_(hernan, title, text)
        for _ in range(50):
            hernan.sync()
            ana.sync()
            new = [held.position for held in ana.items("nonpaper") if held.position >= before]
            if new:
                return new[-1]
    raise AssertionError("it did not come")


def _item(channel: Channel, number: int) -> Any:
    held = channel.session.book.items.at(number)
    assert held is not None
    return held.value


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


def test_what_is_over_goes_also_while_the_focus_is_on_it(house: House) -> None:
    """Its name may be a title that has vanished; and nothing is there to be pressed that does nothing."""
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
    expect(awaits).to_have_count(0)


def test_words_that_are_destroyed_vanish_beside_what_is_typed(house: House) -> None:
    number = _floated(house, "A sea of two", "An unmistakable idea.")
    page = house.unlocked("ana")
    page.goto(_at(house, "ana", f"/c/1/proposals/{number}"))
    expect(page.get_by_text("An unmistakable idea.")).to_be_visible()
    words = page.get_by_label("A few words, if you like")
    words.fill("We could live with")
    page.evaluate("window.mark = 1")
    with house.channel("hernan") as hernan:
        nonpapers.withdraw(hernan, _item(hernan, number))
        hernan.sync()
    expect(page.get_by_text("Its words are destroyed here.")).to_be_visible()
    expect(page.get_by_text("An unmistakable idea.")).to_have_count(0)
    expect(page.get_by_text("A sea of two")).to_have_count(0)
    expect(page.get_by_text("What else you can do")).to_have_count(0)
    expect(words).to_have_value("We could live with")
    expect(page.get_by_text("This has changed while you wrote")).to_be_visible()
    assert _marked(page)


def test_a_question_loses_the_words_that_are_destroyed(house: House) -> None:
    number = _floated(house, "A sea of one", "Another unmistakable idea.")
    page = house.unlocked("ana")
    page.goto(_at(house, "ana", f"/c/1/proposals/{number}"))
    page.locator("summary", has_text="Take it up").click()
    for signer in page.locator("input[name=signatory]").all():
        signer.check()
    page.locator("button[value=take-up]").click()
    expect(page.locator(".about")).to_contain_text("Another unmistakable idea.")
    with house.channel("hernan") as hernan:
        nonpapers.withdraw(hernan, _item(hernan, number))
        hernan.sync()
    expect(page.get_by_text("Another unmistakable idea.")).to_have_count(0)
    expect(page.get_by_text("What this is about has changed, or is gone.")).to_be_visible()
    expect(page.get_by_text("Its words are destroyed here.")).to_be_visible()


def test_a_sounding_that_is_answered_is_not_taken_back(house: House) -> None:
    page = house.unlocked("sofia")
    with house.channel("sofia") as sofia:
        number = max(held.position for held in sofia.items("sounding"))
    page.goto(_at(house, "sofia", f"/c/1/soundings/{number}"))
    expect(page.get_by_role("button", name="Take it back")).to_be_visible()
    page.evaluate("window.mark = 1")
    with house.channel("sofia") as sofia:
        soundings.withdraw(sofia, _item(sofia, number))
        sofia.sync()
    house.open["sofia"].keeper.changed()
    expect(page.get_by_text("Taken back before anybody had answered.")).to_be_visible()
    expect(page.get_by_role("button", name="Take it back")).to_have_count(0)
    assert _marked(page)


def test_an_understanding_that_all_have_signed_has_its_record(house: House) -> None:
    with house.channel("ana") as ana:
        understandings.propose(ana, "Two words", "They agree.", [ana.me, ana.state.active[1].id])
        ana.sync()
        number = max(held.position for held in ana.items("understanding"))
    page = house.unlocked("ana")
    page.goto(_at(house, "ana", f"/c/1/understandings/{number}"))
    expect(page.get_by_role("link", name="Save the record")).to_have_count(0)
    page.evaluate("window.mark = 1")
    for act in (understandings.initial, understandings.sign):
        for name in ("ana", "hernan"):
            with house.channel(name) as channel:
                channel.sync()
                act(channel, _item(channel, number))
                channel.sync()
    for name in ("ana", "hernan"):
        with house.channel(name) as channel:
            channel.sync()
    house.open["ana"].keeper.changed()
    expect(page.get_by_role("link", name="Save the record")).to_be_visible()
    assert _marked(page)


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
