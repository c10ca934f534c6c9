"""Soundings in the browser: asked, answered once and for good, followed, known or not known."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import soundings
from tests.desk.world import World, offline, online, talks
from tests.web.kit import Browser, browsing

LIST = "/c/1/soundings"
OPTIONS = ["The Holy See", "The King of <Spain>", "The ICJ"]


def asked(world: World, options: list[str] | None = None, by: str = "sofia", **more: Any) -> str:
    """A sounding among ana and hernan; its page."""
    voters = [world["ana"].me, world["hernan"].me]
    soundings.ask(world[by], "Which <mediator>?", options or OPTIONS, voters, releaser=world["sofia"].me, **more)
    world.settle()
    return f"{LIST}/{world['ana'].items('sounding')[-1].position}"


def plain(page: str) -> str:
    """What a reader sees."""
    text = re.sub(r"<[^>]*>", " ", page.partition('<main id="content">')[2].partition("<aside")[0])
    return " ".join(text.replace("\u2068", "").replace("\u2069", "").split())


def plain_aside(page: str) -> str:
    """What a reader sees beside it."""
    return plain(f'<main id="content">{page.partition("<aside")[2]}')


def problem(browser: Browser, place: str, data: dict[str, Any], at: str = "") -> str:
    answer = browser.yes(browser.post(place, data, at=at))
    assert answer.status_code == 400, answer.text[:2000]
    return answer.text  # type: ignore[no-any-return]


def test_an_empty_channel_says_what_a_sounding_is(world: World) -> None:
    with browsing(world, "ana") as browser:
        page = plain(browser.get(LIST))
    assert "Nothing was asked here yet" in page
    assert "nobody has to show a hand first" in page
    assert "with only two voters, each can work it out" in page
    assert "Ask a sounding" in page


def test_what_is_awaited_from_me_comes_first_and_can_be_answered_there(world: World) -> None:
    place = asked(world)
    with browsing(world, "ana") as browser:
        page = browser.get(LIST)
        assert page.index("your answer is awaited") < page.index("Ask a sounding")
        assert "The King of &lt;Spain&gt;" in page
        assert "<Spain>" not in page
        assert "Only two answer: whoever says yes to an option that fails knows" in plain(page)
        assert "nobody learns who" not in plain(page)
        assert page.count('type="radio" class="yes"') == 3
        cast = {"do": "answer", "o1": "yes", "o2": "no", "o3": "no"}
        sure = browser.post(LIST, cast, at=place)
        said = plain(sure.text)
        assert "Cast your answer: “Which &lt;mediator&gt;?”" in said
        assert "Yes: The Holy See No: The King of &lt;Spain&gt; No: The ICJ" in said
        assert "cannot be changed" in said
        assert "You can prove your own answer" in said
        assert not world["ana"].sounding_at(int(place.rpartition("/")[2])).answered
        again = browser.post(LIST, {**cast, "_again": "yes"}, at=place)
        assert again.status_code == 200
        assert again.text.count("checked>") == 3
        answer = browser.yes(browser.post(LIST, cast, at=place))
        assert (answer.status_code, answer.headers["location"]) == (303, place)
        assert "You have answered." in plain(browser.get(place))
        assert "answers are awaited" in browser.get(LIST)


def test_nothing_is_answered_that_was_not_said(world: World) -> None:
    place = asked(world)
    with browsing(world, "ana") as browser:
        page = problem(browser, place, {"do": "answer", "o1": "yes", "o3": "perhaps"})
        assert "You have not said yes or no to: 2 and 3." in page
        assert 'value="yes" required checked' in page  # what was chosen stays
        answered = browser.do(place, "answer", o1="yes", o2="no", o3="no")
        assert "Your answer lies on this desk" in plain(answered) or "You have answered" in plain(answered)
        assert "answered already" in problem(browser, place, {"do": "answer", "o1": "no", "o2": "no", "o3": "no"})
    with browsing(world, "sofia") as other:
        assert "does not vote" in problem(other, place, {"do": "answer", "o1": "no", "o2": "no", "o3": "no"})
        assert "Could you live with it" not in other.get(place)


def test_what_met_the_rule_is_shown_and_nothing_else(world: World) -> None:
    place = asked(world)
    for name in ("ana", "hernan"):
        with browsing(world, name) as browser:
            browser.do(place, "answer", o1="yes", o2="no", o3="no")
    world.settle()
    with browsing(world, "sofia") as browser:
        page = plain(browser.get(place))
        assert "One option meets the rule: The Holy See (acceptable to all)" in page
        assert "not revealed" not in page
        assert "acceptable" in plain(browser.get(LIST))
    refused = asked(world, ["Lima"])
    for name, said in (("ana", "yes"), ("hernan", "no")):
        with browsing(world, name) as browser:
            browser.do(refused, "answer", o1=said)
    world.settle()
    with browsing(world, "ana") as browser:
        assert "not acceptable to all" in plain(browser.get(LIST))
        page = plain(browser.get(refused))
        assert "whoever accepted what failed knows that the other refused it" in page


def test_several_options_can_meet_a_quorum(world: World) -> None:
    place = asked(world, quorum=1, reveal="all")
    for name in ("ana", "hernan"):
        with browsing(world, name) as browser:
            assert "Acceptable if 1 of the voters could live with it." in plain(browser.get(place))
            browser.do(place, "answer", o1="yes", o2="yes" if name == "ana" else "no", o3="no")
    world.settle()
    with browsing(world, "ana") as browser:
        page = plain(browser.get(place))
        assert "The Holy See (acceptable to 2 of 2)" in page
        assert "The King of &lt;Spain&gt; (acceptable to 1 of 2)" in page
        assert "These options meet the rule:" in page


def test_how_far_it_is(world: World) -> None:
    place = asked(world)
    with browsing(world, "ana") as browser:
        browser.do(place, "answer", o1="yes", o2="no", o3="no")
        page = browser.get(LIST)
    shown = re.findall(r'<li class="([a-z ]+)"[^>]*>([^<]*)</li>', page.partition('class="rounds"')[2])
    assert shown[:5] == [
        ("done begun", "ready 3/3"),
        ("now begun", "answered 1/2"),
        ("later", "worked out 0/2"),
        ("later", "opened 0/2"),
        ("later", "result"),
    ]
    assert "Answers awaited from: Hernán C." in plain(page)


def test_a_lapsed_one_says_that_nothing_is_known(world: World) -> None:
    place = asked(world)
    world.clock.days(4)
    with browsing(world, "hernan") as browser:
        assert "lapsed" in browser.get(LIST)
        assert "Nothing is known, to anybody." in plain(browser.get(place))
        assert "no longer awaited" in problem(browser, place, {"do": "answer", "o1": "no", "o2": "no", "o3": "no"})


def test_it_is_taken_back_only_by_who_asked_and_before_an_answer(world: World) -> None:
    place = asked(world)
    with browsing(world, "hernan") as browser:
        assert "Take it back" not in browser.get(place)
        assert "Only Sofia S., who asked" in problem(browser, place, {"do": "withdraw"})
    with browsing(world, "sofia") as browser:
        sure = browser.post(place, {"do": "withdraw"})
        assert "Take back the question “Which &lt;mediator&gt;?”?" in plain(sure.text)
        assert "Taken back before anybody had answered." in plain(browser.do(place, "withdraw"))
        assert "taken back" in browser.get(LIST)


def test_what_was_asked_before_needs_consent(world: World) -> None:
    first = asked(world)
    with browsing(world, "ana") as browser:
        browser.do(first, "answer", o1="no", o2="no", o3="no")
        second = asked(world, ["The Holy See", "Lima"])
        page = browser.get(second)
        assert "These voters were asked before about:" in plain(page)
        refused = problem(browser, second, {"do": "answer", "o1": "no", "o2": "no"})
        assert "Agree to being asked again below" in refused
        answered = browser.do(second, "answer", o1="no", o2="no", consent="yes")
        assert "How far it is" in plain(answered)


def test_a_long_list_is_answered_by_numbers(world: World) -> None:
    place = asked(world, soundings.grid("1", "250", "1", "miles"), reveal="all")
    with browsing(world, "ana") as browser:
        page = browser.get(place)
        assert "Options after these" in page
        assert "Options before these" not in page
        assert "200 miles" in page
        assert "201 miles" not in page
        assert len(page.encode()) < 100_000
        more = browser.post(place, {"do": "answer", "_again": "yes", "yes": "1-3"}, at=f"{place}?from=201")
        assert more.status_code == 200
        assert "250 miles" in more.text
        assert 'value="1-3"' in more.text
        assert "Options before these" in more.text
        for wrong in ("0", "251", "3-", "a", "1-99999"):
            assert "numbered from 1 to 250" in problem(browser, place, {"do": "answer", "yes": wrong})
        assert "or choose none of them" in problem(browser, place, {"do": "answer", "yes": " , "})
        assert "or choose none of them" in problem(browser, place, {"do": "answer", "yes": "1", "none": "yes"})
        none = browser.post(place, {"do": "answer", "none": "yes"})
        assert "No to all 250." in plain(none.text)
        sure = browser.post(place, {"do": "answer", "yes": "1–3, 20"})
        assert "Yes to 4 of 250: 1 to 3 and 20. No to all others. Yes: 1 miles" in plain(sure.text)
        browser.do(place, "answer", yes="1-3, 20")
        assert "answered 1/2" in browser.get(LIST)
        assert "Options after these" in browser.get(place)
    with browsing(world, "hernan") as browser:
        assert f'href="{place}"' in browser.get(LIST)
        assert 'name="yes"' not in browser.get(LIST)


def test_a_page_of_long_options_stays_small(world: World) -> None:
    place = asked(world, [f"{k} {'ñ' * 490}" for k in range(100)], reveal="all")
    with browsing(world, "ana") as browser:
        assert len(browser.get(place).encode()) < 100_000
        assert "Options after these" in browser.get(place)


def test_asking(world: World) -> None:
    with browsing(world, "sofia") as browser:
        form = {
            "question": "Where <next>?",
            "options": "Lima\n\nMontevideo\n",
            "voter_who": "all",
            "releaser": world["sofia"].me.hex(),
            "hours": "12",
            "window": "24",
        }
        page = plain(browser.do(LIST, "ask", **form))
        assert "Where &lt;next&gt;?" in page
        assert "Acceptable only if all voters could live with it. Options are opened one by one, in an order" in page
        assert "How many failed before it is shown, and all who see the question can work out which" in page
        before = plain(browser.get(LIST))
        assert "Options are opened one by one, in an order that nobody chooses, until one meets this." in before
        assert "your desk releases the result by itself; keep it open" in before
        assert "and not the rest" not in before
        assert "Ana P." in page
        assert "Hernán C." in page
        number = {"question": "How many?", "low": "1", "high": "3", "step": "", "unit": "miles", "rule": "quorum",
                  "quorum": "1", "required": [world["ana"].me.hex()], "reveal": "all", "voter_who": "some",
                  "voter": [world["ana"].me.hex(), world["hernan"].me.hex()], "releaser": form["releaser"]}  # fmt: skip
        page = plain(browser.do(LIST, "ask", **number))
        assert "Acceptable if Ana P. and 1 of the others could live with it. Every option" in page
        assert "3 miles" in page
        assert "Earlier soundings" not in page


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"options": ""}, "Give one or the other."),
        ({"low": "1", "high": "3"}, "Give one or the other."),
        ({"options": "", "low": "x", "high": "3"}, "three numbers"),
        ({"rule": "quorum"}, "How many have to accept was not said."),
        ({"voter_who": "some"}, "Nobody is chosen."),
        ({"voter_who": "some", "voter": ["00"]}, "Nobody is chosen."),
        ({"releaser": "00"}, "This seat is no longer here."),
        ({"hours": "many"}, "no number"),
        ({"hours": "99999"}, "within 90 days"),
        ({"question": "From the hat: who?"}, "comes from there"),
    ],
)
def test_what_cannot_be_asked_is_kept_on_the_page(world: World, change: dict[str, Any], what: str) -> None:
    form = {"do": "ask", "question": "Where & when?", "options": "Lima\nRome", "voter_who": "all"}
    form["releaser"] = world["sofia"].me.hex()
    with browsing(world, "sofia") as browser:
        page = problem(browser, LIST, {**form, **change})
        assert what in page
        assert "<details open><summary>In your name" in page
        assert change.get("question", "Where &amp; when?") in page
        assert not world["sofia"].items("sounding")


def test_asked_while_the_relay_is_away_it_waits(world: World) -> None:
    with browsing(world, "sofia") as browser:
        form = {"question": "Where?", "options": "Lima\nRome", "voter_who": "all", "releaser": world["sofia"].me.hex()}
        with browser.keeper.desk() as desk:
            offline(desk.channel())
        page = browser.do(LIST, "ask", **form)
        assert "Nothing was asked here yet" in plain(page)
        assert "wait" in page
        with browser.keeper.desk() as desk:
            online(desk.channel())


def test_a_question_is_laid_ready_for_the_hat(world: World) -> None:
    with browsing(world, "ana") as browser:
        before = world["ana"].size
        page = plain(browser.do(LIST, "drop", hat_question="Who hosts?", hat_options="Lima\nRome"))
        assert "1 slip lies ready on this desk, for the next round. Nobody was told." in page
        world.settle()
        assert world["ana"].size == before
        kept = problem(browser, LIST, {"do": "drop", "hat_question": "Who hosts?", "hat_options": " "})
        assert "<details open><summary>Without a name, from the hat" in kept


def test_two_seats_have_no_hat(tmp_path: Path) -> None:
    with talks(tmp_path, ("ana", "hernan")) as world, browsing(world, "ana") as browser:
        assert "A hat goes round among 3 seats at least" in browser.get(LIST)


def test_an_observer_listens(tmp_path: Path) -> None:
    with talks(tmp_path, ("ana", "hernan", "dora")) as world, browsing(world, "dora") as browser:
        assert "Ask a sounding" not in browser.get(LIST)
        form = {"do": "ask", "question": "Who?", "options": "x\ny", "releaser": world["ana"].me.hex()}
        assert browser.post(LIST, form).status_code == 400


def test_a_number_that_is_no_sounding(world: World) -> None:
    with browsing(world, "ana") as browser:
        browser.get(f"{LIST}/1", 404)
        browser.get(f"{LIST}/999999", 404)


def test_older_ones_are_on_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backchannel.web.chosen.MOST", 2)
    places = [asked(world, by="sofia") for _ in range(3)]
    for place in places:
        item = world["sofia"].sounding_at(int(place.rpartition("/")[2]))
        soundings.withdraw(world["sofia"], item)
    world.settle()
    with browsing(world, "ana") as browser:
        page = browser.get(LIST)
        assert page.count("taken back") == 2
        before = re.search(r"\?before=(\d+)", page)
        assert before is not None
        assert places[0] in browser.get(f"{LIST}?before={before[1]}")
        assert page.count("taken back") == 2
        assert browser.get(f"{LIST}?before=x").count("taken back") == 2
