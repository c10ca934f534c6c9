"""What a form was answered with: held for whom it was given, until the lock; a yes holds for what was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from backchannel.desk import carried, nonpapers
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.web.answers import MOST, Answer, Answers, Sure
from backchannel.web.sessions import Session
from tests.desk.world import PHRASE, World, remove
from tests.web.kit import ASKED, HOST, OURS, Browser, browsing
from tests.web.kit_forms import fill, forms, send, sure

LIST = "/c/1/proposals"
WORDS = "Both may fish there."
OTHERS = "They give up all claims east of the cape."


def _session() -> Session:
    return Session(b"s", "f")


def test_an_answer_is_for_whom_and_where_it_was_given() -> None:
    mine, answers = _session(), Answers()
    key = answers.put(Answer(mine, "/search", "1", [("words", "x")], {}))
    assert len(key) == 32
    assert answers.get(mine, "/search", key) is not None
    assert answers.get(_session(), "/search", key) is None
    assert answers.get(mine, "/join", key) is None
    assert answers.get(mine, "/search", "0" * 32) is None
    answers.clear()
    assert answers.get(mine, "/search", key) is None


def test_the_oldest_go_and_passphrases_never_stay() -> None:
    mine, answers = _session(), Answers()
    typed = [("passphrase", "p"), ("again", "p"), ("back", "/")]
    keys = [answers.put(Answer(mine, "/", str(n), typed, {})) for n in range(MOST + 1)]
    assert answers.get(mine, "/", keys[0]) is None
    last = answers.get(mine, "/", keys[-1])
    assert last is not None
    assert last.fields == [("back", "/")]


def test_a_question_is_the_same_to_the_letter() -> None:
    one = Sure("T?", ["a", "b"], "Yes", "words")
    assert one.same(Sure("T?", ["a", "b"], "Yes", "words"))
    for other in (("t?", ["a", "b"], "Yes", "words"), ("T?", ["a"], "Yes", "words"), ("T?", ["a", "b"], "Yes", "w")):
        assert not one.same(Sure(*other))


def _asked(world: World, browser: Browser) -> tuple[str, str]:
    """Hernán is asked whether to take up what Ana floated: where, and the number of the question."""
    nonpapers.float_(world["ana"], "A zone", WORDS)
    world.settle()
    place = f"{LIST}/{world['ana'].items('nonpaper')[-1].position}"
    signers = [world["ana"].me.hex(), world["hernan"].me.hex()]
    asked = send(browser, *fill(browser, place, "take-up", signatory=signers))
    assert WORDS in asked.text
    return place, ASKED.findall(asked.text)[0]


def test_a_yes_to_what_has_changed_since_does_nothing_and_asks_again(tmp_path: Path, world: World) -> None:
    with browsing(world, "hernan") as browser:
        place, number = _asked(world, browser)
        nonpapers.revise(world["ana"], world["ana"].items("nonpaper")[-1].value, "A zone", OTHERS)
        world.settle()
        with browser.keeper.desk() as desk:
            desk.channel().sync()
        again = browser.post(place, {"_answer": number})
        assert again.status_code == 200
        assert "has changed since you were asked, and nothing was done" in again.text
        assert OTHERS in again.text
        world.settle()
        assert not world["ana"].items("understanding")
        assert browser.yes(again).status_code == 303
        world.settle()
        assert world["ana"].items("understanding")[-1].value.terms.text == OTHERS


def test_a_question_is_over_with_the_lock_and_belongs_to_its_page(world: World) -> None:
    with browsing(world, "hernan") as browser:
        place, number = _asked(world, browser)
        elsewhere = browser.post("/c/1/talk", {"_answer": number})
        assert elsewhere.status_code == 403
        assert "This question is over" in elsewhere.text
        back = browser.get(f"{place}?answer={number}&again=1")
        assert WORDS in back
        assert 'name="_answer"' not in back
        browser.keeper.lock()
        browser.keeper.unlock("herring in the cellar")
        assert 'name="_answer"' not in browser.get(f"{place}?answer={number}")
        late = browser.post(place, {"_answer": number})
        assert late.status_code == 403
        world.settle()
        assert not world["ana"].items("understanding")


def test_two_questions_of_one_form_are_one_deed(world: World) -> None:
    with browsing(world, "hernan") as browser:
        signers = [world["ana"].me.hex(), world["hernan"].me.hex()]
        place, _ = _asked(world, browser)
        hidden = browser.hidden(place)
        sent = [browser.post(place, {**hidden, "do": "take-up", "signatory": signers}) for _ in range(2)]
        led = [browser.yes(one).headers["location"] for one in sent]
        assert led[0] == led[1]
        world.settle()
        assert len(world["ana"].items("understanding")) == 1


def test_an_answer_that_is_made_while_the_desk_is_locked_is_not_held(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locking(*_: object, **__: object) -> None:
        browser.keeper.lock()
        raise Misuse("x", "No.", "")

    monkeypatch.setattr(Channel, "send_note", locking)
    browser.post("/c/1/talk", {"do": "send", "text": "A word or two.", "audience": "all"})
    assert browser.keeper.state == "locked"
    assert not browser.keeper.answers._held


def test_what_was_meant_for_everybody_is_not_put_back_for_more(world: World, browser: Browser) -> None:
    """Over a lock, and after an error: who was there when it was typed goes with it."""
    place, fields = fill(browser, "/c/1/talk", "send", text="For you.", audience="all", keep="999")
    shown = send(browser, place, fields)
    assert shown.status_code == 400
    browser.keeper.lock()
    browser.client.request("POST", place, data=dict(fields), headers=OURS)
    remove(world, "sofia", "ana", "hernan")
    browser.keeper.unlock(PHRASE)
    with browser.keeper.desk() as desk:
        desk.channel().sync()
        (session,) = browser.sessions._open.values()
        form = carried.opened(desk, session.carried or b"")
    assert form is not None
    assert dict(form.fields)["_here"] == dict(fields)["_here"]
    late = send(
        browser,
        place,
        [(name, "5" if name == "keep" else value) for name, value in form.fields]
        + [(name, value) for name, value in browser.hidden("/c/1/talk").items()],
    )
    assert late.status_code == 400
    assert "Somebody has come or gone while you wrote" in late.text
    chosen = [one for one in forms(late.text, "send")[0]["fields"] if one[0] == "audience"]
    assert chosen == []
    assert not world["ana"].items("note")


def test_what_is_put_to_the_others_is_what_was_read(world: World) -> None:
    nonpapers.float_(world["ana"], "A zone", WORDS, through=world["sofia"].me)
    world.settle()
    with browsing(world, "sofia") as browser:
        place = f"{LIST}/{world['sofia'].items('nonpaper')[-1].position}"
        where, fields = fill(browser, place, "carry", to_who="all")
        asked = send(browser, where, fields)
        assert WORDS in asked.text
        nonpapers.revise(world["ana"], world["ana"].items("nonpaper")[-1].value, "A zone", OTHERS)
        world.settle()
        with browser.keeper.desk() as desk:
            desk.channel().sync()
        assert "What this is about has changed" in browser.get(str(asked.url).removeprefix(f"http://{HOST}"), 400)
        late = sure(browser, asked)
        assert late.status_code == 400
        assert OTHERS in late.text
        assert len(world["sofia"].items("nonpaper")) == 1


def test_a_question_about_what_is_gone_does_not_show_its_words(world: World) -> None:
    with browsing(world, "hernan") as browser:
        place, number = _asked(world, browser)
        nonpapers.withdraw(world["ana"], world["ana"].items("nonpaper")[-1].value)
        world.settle()
        with browser.keeper.desk() as desk:
            desk.channel().sync()
        page = browser.client.get(f"{place}?answer={number}").text
        assert WORDS not in page
        assert "What this is about has changed, or is gone" in page


def test_words_that_are_sought_are_sought_at_each_look(world: World, browser: Browser) -> None:
    browser.do("/c/1/talk", "send", text="A walrus.", audience="all", keep="1")
    found = browser.post("/search", {"do": "search", "words": "walrus"})
    assert found.text.count("A walrus.") == 1
    world.clock.days(3)
    with browser.keeper.desk() as desk:
        desk.channel().sync()
    assert "A walrus." not in browser.client.get(str(found.url)).text
