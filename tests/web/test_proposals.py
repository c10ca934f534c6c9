"""Proposals in the browser: floated by every route after the promise, reacted to, ended, destroyed; the hat."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import nonpapers
from tests.desk.world import World, talks
from tests.web.kit import Browser, browsing
from tests.web.kit_forms import fill, send
from tests.web.test_soundings import plain, problem

LIST = "/c/1/proposals"
IDEA = {"title": "A <zone>", "text": "One & all.\n\nTwo.", "to_who": "all"}


def floated(world: World, by: str = "ana", **more: Any) -> str:
    """A non-paper; its page."""
    nonpapers.float_(world[by], IDEA["title"], IDEA["text"], **more)
    world.settle()
    return f"{LIST}/{world[by].items('nonpaper')[-1].position}"


def sure(browser: Browser, place: str, data: dict[str, Any]) -> str:
    """What is asked before it is done."""
    answer = browser.post(place, data)
    assert answer.status_code == 200, answer.text[:2000]
    assert 'name="_answer"' in answer.text
    return plain(answer.text)


def test_an_empty_channel_says_what_a_nonpaper_is(world: World) -> None:
    with browsing(world, "ana") as browser:
        page = plain(browser.get(LIST))
    assert "No proposals yet" in page
    assert "an idea that commits nobody" in page
    assert "Nothing lies ready on this desk." in page


# --- floating ---------------------------------------------------------------------------------------------------------


def test_floated_under_ones_name_after_the_promise(world: World) -> None:
    form = {**IDEA, "route": "party", "hours": "48"}
    with browsing(world, "ana") as browser:
        said = sure(browser, LIST, {"do": "float", **form})
        assert "Float “A &lt;zone&gt;” under your name?" in said
        assert (
            "Hernán C. and Sofia S. will read it, and see that it is yours. After 48 hours, or as soon as it is over"
            in said
        )
        assert "What vanishing cannot reach: a copy of a desk" in said
        assert "One &amp; all." in said
        assert not world["ana"].items("nonpaper")
        back = browser.post(LIST, {"do": "float", "_again": "yes", **form})
        assert 'value="A &lt;zone&gt;"' in back.text
        assert 'value="party" required checked' in back.text
        page = browser.do(LIST, "float", **form)
        assert "floated by you" in page
        assert "A &lt;zone&gt;" in page
        assert '<li dir="auto">Two.</li>' in page
    world.settle()
    with browsing(world, "hernan") as browser:
        page = plain(browser.get(LIST))
        assert "floated by Ana P." in page
        assert "You have not reacted. You need not." in page
        assert "can read it, until" in page


def test_floated_to_some(world: World) -> None:
    form = {**IDEA, "route": "party", "to_who": "some", "to": [world["sofia"].me.hex()]}
    with browsing(world, "ana") as browser:
        assert "Sofia S. will read it" in sure(browser, LIST, {"do": "float", **form})
        page = plain(browser.do(LIST, "float", **form))
        assert "each reader's desk asks yours for the words" in page.replace("&#39;", "'")
    world.settle()
    with browsing(world, "hernan") as browser:
        assert "No proposals yet" in browser.get(LIST)


def test_through_the_intermediary_and_put_to_the_others(world: World) -> None:
    form = {**IDEA, "route": "carry", "through": world["sofia"].me.hex()}
    with browsing(world, "ana") as browser:
        said = sure(browser, LIST, {"do": "float", **form})
        assert "Hand “A &lt;zone&gt;” to Sofia S.?" in said
        assert "Only Sofia S. will read it, and knows that it is yours." in said
        knows = "Hernán C. will know that it is yours: nobody else could have written it."
        assert f"If that is done: {knows}" in said
        assert knows in plain(browser.get(LIST))
        assert "alone knows" not in plain(browser.get(LIST))
        page = plain(browser.do(LIST, "float", **form))
        assert "handed to Sofia S. by you" in page
        assert "React" not in page
    world.settle()
    place = f"{LIST}/{world['sofia'].items('nonpaper')[-1].position}"
    with browsing(world, "sofia") as browser:
        assert "You are asked to put it to the others, or to leave it." in plain(browser.get(LIST))
        assert "What else you can do" not in browser.get(place)
        assert "lives 1 to 720 hours" in problem(browser, place, {"do": "carry", "hours": "9999", "to_who": "all"})
        some = {"to_who": "some", "to": [world["hernan"].me.hex()]}
        knows = "Hernán C. will know that it comes from Ana P.: nobody else could have written it."
        assert knows in plain(browser.get(place))
        said = sure(browser, place, {"do": "carry", **some})
        assert f"Hernán C. will read it as put forward by you for another seat. {knows} What was handed" in said
        page = plain(browser.do(place, "carry", to_who="all"))
        assert "put forward by you for another seat" in page
    world.settle()
    with browsing(world, "hernan") as browser:
        page = plain(browser.get(LIST))
        assert "put forward by Sofia S. for another seat" in page
        assert "only the two know" not in page
        browser.get(place, 404)
    with browsing(world, "ana") as browser:
        assert "put to the others by the intermediary" in browser.get(LIST)
        assert "Nobody has asked this seat" in problem(
            browser, f"{LIST}/{world['ana'].items('nonpaper')[-1].position}", {"do": "carry"}
        )


def test_of_more_parties_nobody_knows_whose_it_is(tmp_path: Path) -> None:
    with talks(tmp_path, ("ana", "hernan", "sofia", "emil")) as world:
        form = {**IDEA, "route": "carry", "through": world["sofia"].me.hex()}
        few = "Few could have: who knows them, or saw a desk send, may guess."
        with browsing(world, "ana") as browser:
            assert "who alone knows whose it is" in plain(browser.get(LIST))
            said = sure(browser, LIST, {"do": "float", **form})
            assert few in said
            assert "nobody else could have written it" not in said
            browser.do(LIST, "float", **form)
        world.settle()
        place = f"{LIST}/{world['sofia'].items('nonpaper')[-1].position}"
        with browsing(world, "sofia") as browser:
            assert few in sure(browser, place, {"do": "carry", "to_who": "all"})
            browser.do(place, "carry", to_who="all")
        world.settle()
        with browsing(world, "hernan") as browser:
            assert "for another seat; which, only the two know" in plain(browser.get(LIST))


def test_from_the_hat_nothing_is_sent(world: World) -> None:
    before = world["ana"].size
    with browsing(world, "ana") as browser:
        laid = browser.yes(browser.post(LIST, {"do": "float", **IDEA, "route": "hat"}))
        assert laid.headers["location"] == LIST  # the browser's history does not say that it was the hat
        browser.do(LIST, "take-back")
        said = sure(browser, LIST, {"do": "float", **IDEA, "route": "hat"})
        assert "nobody can tell whose it is" in said
        assert "14 days after that round" in said
        assert "What the hat does not hide" in said
        page = plain(browser.do(LIST, "float", **IDEA, route="hat"))
        assert "1 slip lies ready" in page
    world.settle()
    assert world["ana"].size == before


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"route": ""}, "How it is to go was not chosen."),
        ({"hours": "0"}, "lives 1 to 720 hours"),
        ({"hours": "two"}, "no number"),
        ({"to_who": "some"}, "Nobody is chosen."),
        ({"route": "carry", "through": "00"}, "This seat is no longer here."),
        ({"route": "hat", "text": "x" * 5000}, "Shorten it."),
        ({"title": " "}, "A title"),
    ],
)
def test_what_cannot_be_floated_is_kept_on_the_page(world: World, change: dict[str, Any], what: str) -> None:
    with browsing(world, "ana") as browser:
        page = problem(browser, LIST, {"do": "float", **IDEA, "route": "party", **change})
        assert what in page
        assert change.get("text", "One &amp; all.") in page
        assert "<details open><summary><h2" in page
    assert not world["ana"].items("nonpaper")


def test_an_alternative(world: World) -> None:
    place = floated(world)
    with browsing(world, "hernan") as browser:
        page = plain(browser.do(place, "counter", title="Another", text="Otherwise.", route="party", to_who="all"))
        assert f"An alternative to non-paper {place.rpartition('/')[2]}" in page
        assert "counter" not in world["ana"].items("nonpaper")[0].value.route
        assert "<details open><summary>Float an alternative" in problem(browser, place, {"do": "counter", "title": "x"})
    some = floated(world, to=[world["hernan"].me])
    with browsing(world, "hernan") as browser:
        hat = {"title": "Another", "text": "Otherwise.", "route": "hat"}
        assert "they would learn of it" in problem(browser, some, {"do": "counter", **hat})
    nonpapers.withdraw(world["ana"], nonpapers.at(world["ana"], int(place.rpartition("/")[2])))
    world.settle()
    with browsing(world, "hernan") as browser:
        late = problem(
            browser, place, {"do": "counter", "title": "Third", "text": "My words.", "route": "party", "to_who": "all"}
        )
        assert "is over" in late
        assert "What you had typed was not sent" in late
        assert "My words." in late


# --- reacting, revising, ending ---------------------------------------------------------------------------------------


def test_reacting_by_name(world: World) -> None:
    place = floated(world)
    with browsing(world, "hernan") as browser:
        page = plain(browser.do(place, "react", stance="interest", text="Go <on>."))
        assert "interest Hernán C. (you)" in page
        assert "Go &lt;on&gt;." in page
        page = plain(browser.do(place, "react", stance="objection", text=""))
        assert "objection Hernán C. (you)" in page
        assert "Go &lt;on&gt;." not in page
        assert "is no reaction" in problem(browser, place, {"do": "react", "stance": "love", "text": "kept words"})
        assert "kept words" in problem(browser, place, {"do": "react", "stance": "love", "text": "kept words"})
        assert "You have not reacted" not in browser.get(LIST)
        assert "1 objection" in plain(browser.get(LIST))
    with browsing(world, "ana") as browser:
        assert "React, under your name" not in browser.get(place)
        assert "your own" in problem(browser, place, {"do": "react", "stance": "interest"})


def test_an_objection_that_can_end_it_is_asked_about(tmp_path: Path) -> None:
    with talks(tmp_path, objection="1") as world:
        place = floated(world)
        with browsing(world, "hernan") as browser:
            assert "The objection of one party ends it." in plain(browser.get(place))
            said = sure(browser, place, {"do": "react", "stance": "objection"})
            assert "Object to non-paper" in said
            assert "Every desk destroys it, and says so" in said
            assert "ended by objections" in browser.do(place, "react", stance="objection")


def test_revised(world: World) -> None:
    place = floated(world)
    nonpapers.react(world["hernan"], nonpapers.at(world["hernan"], int(place.rpartition("/")[2])), "question", "Why?")
    world.settle()
    with browsing(world, "ana") as browser:
        page = browser.do(place, "revise", title="A smaller zone", text="Only one.")
        assert "Only one." in page
        assert "Version 2." in plain(page)
        assert "to version 1" in plain(page)
        old = plain(browser.get(f"{place}?version=1"))
        assert "Version 1, replaced" in old
        assert "One &amp; all." in old
        assert "Only one." in browser.get(f"{place}?version=7")
        assert "Kept title" in problem(browser, place, {"do": "revise", "title": "Kept title", "text": " "})
    with browsing(world, "hernan") as browser:
        page = problem(browser, place, {"do": "revise", "title": "Mine", "text": "No."})
        assert "Only the seat that floated it" in page
        assert "backchannel nonpaper" not in page


def test_withdrawn_it_is_over_and_each_desk_says_so(world: World) -> None:
    place = floated(world)
    with browsing(world, "hernan") as browser:
        assert "Withdraw it" not in browser.get(place)
        assert "Only the seat that floated it" in problem(browser, place, {"do": "withdraw"})
    with browsing(world, "ana") as browser:
        said = sure(browser, place, {"do": "withdraw"})
        assert "Withdraw non-paper" in said
        assert "“A &lt;zone&gt;”, for good?" in said
        page = browser.do(place, "withdraw")
        assert "is over" in page
        assert "One &amp; all." not in page
        assert "not confirmed" in page
    world.settle()
    world.settle()
    with browsing(world, "hernan") as browser:
        page = plain(browser.get(place))
        assert page.count("confirmed") == 3
        assert "not confirmed" not in page
        listed = plain(browser.get(LIST))
        assert "taken back by its author 3 of 3 desks" in listed


def test_who_has_not_confirmed_and_when_it_was_last_heard(world: World) -> None:
    place = floated(world)
    nonpapers.withdraw(world["ana"], nonpapers.at(world["ana"], int(place.rpartition("/")[2])))
    for _ in range(3):
        world.sync("ana", "hernan")
    with browsing(world, "ana") as browser:
        page = plain(browser.get(place))
        assert re.search(r"Sofia S\. not confirmed \d+ Nov", page)
        assert "A desk that is off still holds it" in page


def test_taken_up(world: World) -> None:
    place = floated(world)
    with browsing(world, "hernan") as browser:
        page = browser.get(place)
        assert page.count('name="signatory"') == 3
        assert not re.search(r'name="signatory"[^>]* checked', page)  # nobody is bound by a tick that was there
        assert "Nobody is chosen." in problem(browser, place, {"do": "take-up"})
        signers = [world["ana"].me.hex(), world["hernan"].me.hex()]
        said = sure(browser, place, {"do": "take-up", "signatory": signers})
        assert "Ana P. and Hernán C. are to sign it." in said
        assert "in your own name; that stays" in said
        answer = browser.yes(browser.post(place, {"do": "take-up", "signatory": signers}))
        assert re.fullmatch(r"/c/1/understandings/\d+", answer.headers["location"])
        world.settle()
        assert "What was taken up stands in an understanding." in browser.get(place)


def test_a_paragraph_is_sounded(world: World) -> None:
    place = floated(world)
    releaser = world["sofia"].me.hex()
    with browsing(world, "ana") as browser:
        page = plain(browser.do(place, "sound", paragraph="2", releaser=releaser, voter_who="all"))
        assert "paragraph 2?" in page
        assert "as it stands" in page
        assert "has 2 paragraphs" in problem(
            browser, place, {"do": "sound", "paragraph": "3", "releaser": releaser, "voter_who": "all"}
        )
        some = {"voter_who": "some", "voter": [world["hernan"].me.hex(), world["ana"].me.hex()], "paragraph": ""}
        assert "as it stands" in plain(browser.do(place, "sound", releaser=releaser, **some))


def test_words_that_are_not_here_yet(world: World) -> None:
    nonpapers.float_(world["ana"], IDEA["title"], IDEA["text"], to=[world["hernan"].me])
    world.sync("hernan")
    with browsing(world, "hernan") as browser:
        page = plain(browser.get(f"{LIST}/{world['hernan'].items('nonpaper')[-1].position}"))
        assert "Its words are not here yet" in page
        assert "It has asked for them" in page
        assert "React" not in page
        assert "Its words are not here yet" in browser.get(LIST)


def test_an_observer_reads_and_does_nothing(tmp_path: Path) -> None:
    with talks(tmp_path, ("ana", "hernan", "dora")) as world:
        place = floated(world)
        with browsing(world, "dora") as browser:
            page = browser.get(place)
            assert "One &amp; all." in page
            assert "What else you can do" not in page
            assert "Float an idea" not in browser.get(LIST)
            assert browser.post(place, {"do": "react", "stance": "interest"}).status_code == 400


def test_a_number_that_is_no_nonpaper(world: World) -> None:
    with browsing(world, "ana") as browser:
        browser.get(f"{LIST}/1", 404)
        browser.get("/c/7/proposals", 404)


def test_many_are_on_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.web.chosen.MOST", 2)
    for _ in range(3):
        place = floated(world)
        nonpapers.withdraw(world["ana"], nonpapers.at(world["ana"], int(place.rpartition("/")[2])))
        world.settle()
    with browsing(world, "ana") as browser:
        page = browser.get(LIST)
        assert page.count("taken back by its author") == 2
        before = re.search(r"\?before=(\d+)", page)
        assert before is not None
        assert browser.get(f"{LIST}?before={before[1]}").count("taken back by its author") == 1


# --- the hat ----------------------------------------------------------------------------------------------------------


def test_a_round_from_the_slip_to_the_nonpaper(tmp_path: Path) -> None:
    with talks(tmp_path, reactions="hat") as world:
        with browsing(world, "ana") as browser:
            browser.do(LIST, "float", **IDEA, route="hat")
        with browsing(world, "sofia") as browser:
            said = sure(browser, LIST, {"do": "call", "hat_hours": "12"})
            assert "Call a round of the hat?" in said
            assert "That you called it is seen" in said
            page = plain(browser.do(LIST, "call", hat_hours="12"))
            assert "called by Sofia S." in page
            assert "It waits for the desks of:" in page
            assert "It lapses if it is not done by" in page
            assert "Call a round" not in page
            assert "going round already" in problem(browser, LIST, {"do": "call"})
        for _ in range(3):  # until ana's desk has folded its slip
            world.sync("ana", "hernan", "sofia")
        with browsing(world, "ana") as browser:
            assert "A slip of yours is in the round that goes on" in plain(browser.get(LIST))
        world.settle()
        with browsing(world, "hernan") as browser:
            page = plain(browser.get(LIST))
            assert "from the hat; nobody knows whose it is" in page
            assert "In the hat: 1 idea and 2 empty slips." in page
            place = f"{LIST}/{world['hernan'].items('nonpaper')[-1].position}"
            assert "React from the hat" in browser.get(place)
            before = world["hernan"].size
            laid = plain(browser.do(place, "react", stance="question", text="Who?"))
            assert "1 slip lies ready" in laid
            assert "that nobody can" not in laid
            world.settle()
            assert world["hernan"].size == before
            assert "so that nobody can revise" in problem(browser, place, {"do": "withdraw"})


def test_a_nonpaper_of_others_gets_no_reaction_from_the_hat(tmp_path: Path) -> None:
    with talks(tmp_path, reactions="hat", objection="2") as world:
        place = floated(world, to=[world["hernan"].me])
        with browsing(world, "hernan") as browser:
            page = plain(browser.get(place))
            assert "it gets nothing from there" in page
            assert "2 objections from the hat end it." in page


def test_what_lies_ready_is_destroyed(world: World) -> None:
    with browsing(world, "ana") as browser:
        assert "Destroy what lies ready" not in browser.get(LIST)
        browser.do(LIST, "float", **IDEA, route="hat")
        browser.do(LIST, "float", **IDEA, route="hat")
        said = sure(browser, LIST, {"do": "take-back"})
        assert "2 slips are destroyed on this desk, for good." in said
        page = plain(browser.do(LIST, "take-back"))
        assert "Nothing lies ready on this desk." in page
        assert "Nothing lies ready" in plain(browser.do(LIST, "take-back"))  # a second time there is nothing to ask


def test_a_round_that_lapsed(world: World) -> None:
    with browsing(world, "ana") as browser:
        browser.do(LIST, "call", hat_hours="1")
        world.clock.days(1)
        page = plain(browser.get(LIST))
        assert "Not heard from in time, the desks of:" in page
        assert "lies ready there again" in page
        assert "Call a round" in page


def test_by_the_charter_rounds_are_called(tmp_path: Path) -> None:
    with talks(tmp_path, hat_days=7) as world, browsing(world, "ana") as browser:
        assert "By the charter, the next round is called from" in plain(browser.get(LIST))


def test_two_seats_have_no_hat(tmp_path: Path) -> None:
    with talks(tmp_path, ("ana", "hernan")) as world, browsing(world, "ana") as browser:
        page = browser.get(LIST)
        assert "A hat goes round among 3 seats at least" in page
        assert "Call a round" not in page
        assert 'value="hat" required disabled' in page
        assert 'value="carry"' not in page
        assert browser.post(LIST, {"do": "float", **IDEA, "route": "hat"}).status_code == 400
        assert browser.post(LIST, {"do": "call"}).status_code == 400


def test_a_reaction_is_to_the_words_that_were_read(world: World) -> None:
    place = floated(world)
    with browsing(world, "hernan") as browser:
        where, fields = fill(browser, place, "react", stance="interest")
        item = nonpapers.at(world["ana"], int(place.rpartition("/")[2]))
        nonpapers.revise(world["ana"], item, "Another", "Not that.")
        world.settle()
        with browser.keeper.desk() as desk:
            desk.channel().sync()
        late = send(browser, where, fields)
        assert late.status_code == 400
        assert "while you looked at it" in late.text
        assert not world["ana"].items("nonpaper")[-1].value.reactions
        assert send(browser, *fill(browser, place, "react", stance="interest")).status_code == 303
