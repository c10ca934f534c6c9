"""What becomes of a text by its pages: changes, amendments, stances, soundings on brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import soundings, texts
from tests.web.kit_forms import do, fill, forms, press, problem, send, sure
from tests.web.kit_texts import ALL, Table, sitting
from tests.web.test_soundings import plain, plain_aside


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with sitting(tmp_path) as one:
        yield one


def said(table: Table) -> list[str]:
    item = table.item()
    return [item.said(one) for one in item.here]


@pytest.mark.parametrize(
    ("act", "number", "typed", "after"),
    [
        ("replace", 1, {"words": "A."}, ["A.", "Two.", "Three."]),
        ("insert", 1, {"words": "A.\n\nB."}, ["One.", "A.", "B.", "Two.", "Three."]),
        ("move", 1, {"behind": 3}, ["Two.", "Three.", "One."]),
        ("move", 3, {"behind": 0}, ["Three.", "One.", "Two."]),
        ("split", 2, {"words": "A.\n\nB."}, ["One.", "A.", "B.", "Three."]),
        ("merge", 1, {"words": ""}, ["One. Two.", "Three."]),
        ("merge", 1, {"words": "A."}, ["A.", "Three."]),
        ("delete", 2, {}, ["One.", "Three."]),
    ],
)
def test_the_pen_changes_and_others_propose(
    table: Table, act: str, number: int, typed: dict[str, object], after: list[str]
) -> None:
    place = table.open(["One.", "Two.", "Three."])
    page = do(table["ana"], f"{place}/paragraph/{number}", act, reason="Why <b>.", **typed)
    assert said(table) == ["One.", "Two.", "Three."]
    assert "yours" in page
    assert "Why &lt;b&gt;." in page
    assert "awaits the word of Sofia S." in page
    assert "Your decision is awaited" in table["sofia"].get(place)
    if act != "insert":  # which is about no paragraph
        assert "one amendment" in table["ana"].get(place)
    page = do(table["sofia"], f"{place}/amendments", "accept")
    assert ">accepted<" in page
    assert said(table) == after
    table.open(["One.", "Two.", "Three."])
    page = do(table["sofia"], f"{ALL}/{table.item().at.position}/paragraph/{number}", act, **typed)
    assert said(table) == after
    assert "You hold the pen" in page


def test_an_amendment_is_refused_with_a_reason_and_another_taken_back(table: Table) -> None:
    place = table.open(["One."])
    for words in ("A.", "B."):
        do(table["ana"], f"{place}/paragraph/1", "replace", words=words)
    page = do(table["sofia"], f"{place}/amendments", "refuse", reason="No <i>.")
    assert "No &lt;i&gt;." in page
    assert ">refused<" in page
    page = do(table["ana"], f"{place}/amendments", "withdraw")
    assert ">taken back<" in page
    assert said(table) == ["One."]
    assert not forms(page, "accept")


def test_an_amendment_that_no_longer_fits_says_so(table: Table) -> None:
    place = table.open(["One."])
    do(table["ana"], f"{place}/paragraph/1", "replace", words="A.")
    do(table["sofia"], f"{place}/paragraph/1", "replace", words="B.")
    page = table["sofia"].get(f"{place}/amendments")
    assert "no longer fits" in page
    assert ">overtaken<" in do(table["sofia"], f"{place}/amendments", "accept")
    assert said(table) == ["B."]


def test_amendments_show_what_comes_and_goes(table: Table) -> None:
    place = table.open(["They do not use force."])
    do(table["ana"], f"{place}/paragraph/1", "replace", words="They do not threaten force.")
    page = table["hernan"].get(f"{place}/amendments")
    assert "<del>use</del>" in page
    assert "<ins>threaten</ins>" in page
    assert not forms(page, "accept")
    assert not forms(page, "withdraw")


def test_many_amendments_are_shown_some_at_a_time(table: Table) -> None:
    place = table.open(["One."])
    for n in range(22):
        do(table["ana"], f"{place}/change", "insert", behind=0, words=f"Number {n}.")
    page = table["sofia"].get(f"{place}/amendments")
    assert page.count("Number") == 20
    assert table["sofia"].get(f"{place}/amendments?from=21").count("Number") == 2


def test_only_the_pen_decides(table: Table) -> None:
    place = table.open(["One."])
    do(table["ana"], f"{place}/paragraph/1", "replace", words="A.")
    number = table.item().proposed[0].at.position
    own = table["hernan"].hidden(f"{place}/amendments")
    for act, says in (("accept", "whoever holds the pen"), ("withdraw", "")):
        sent = [*own.items(), ("do", act), ("amendment", str(number))]
        answer = send(table["hernan"], f"{place}/amendments", sent)
        assert answer.status_code == 400
        assert says in answer.text
    assert table.item().proposed


def test_an_amendment_that_is_decided_or_never_was_is_told(table: Table) -> None:
    place = table.open(["One."])
    do(table["ana"], f"{place}/paragraph/1", "replace", words="A.")
    page = table["sofia"].get(f"{place}/amendments")
    do(table["sofia"], f"{place}/amendments", "accept")
    assert "is decided" in problem(table["sofia"], f"{place}/amendments", "refuse", page=page, _number="x" * 32)
    assert "no such amendment" in problem(table["sofia"], f"{place}/amendments", "refuse", page=page, amendment=1)


def test_what_one_has_not_seen_is_not_changed(table: Table) -> None:
    place = table.open(["One.", "Two."])
    before = table["ana"].get(f"{place}/paragraph/1")
    stand = table["ana"].get(f"{place}/stand")
    change = table["ana"].get(f"{place}/change")
    do(table["sofia"], f"{place}/paragraph/1", "replace", words="Other.")
    table.settle()
    for act, typed in (("replace", {"words": "My words."}), ("stand", {"stance": "agree"})):
        page = problem(table["ana"], f"{place}/paragraph/1", act, page=before, **typed)
        assert "has changed, or is gone" in page
    page = problem(table["ana"], f"{place}/paragraph/1", "replace", page=before, words="My words.")
    assert "My words." in page
    assert "has changed" in problem(table["ana"], f"{place}/stand", "stand", page=stand, which="clean", stance="agree")
    page = problem(table["ana"], f"{place}/change", "insert", page=change, behind=1, words="My words.")
    assert "may have other numbers now" in page
    assert "My words." in page
    assert not table.item().proposed


@pytest.mark.parametrize(
    ("act", "typed", "says"),
    [
        ("replace", {"words": "One ["}, "opens at character 5"),
        ("replace", {"words": "  "}, "are missing"),
        ("split", {"words": "One."}, "takes two parts"),
        ("move", {"behind": "9"}, "There is no paragraph 9"),
        ("move", {"behind": "x"}, "is no number"),
        ("move", {"behind": "1"}, "cannot be made"),
    ],
)
def test_a_change_that_cannot_be_is_told_and_what_was_typed_stays(
    table: Table, act: str, typed: dict[str, object], says: str
) -> None:
    place = table.open(["One.", "Two."])
    page = problem(table["ana"], f"{place}/paragraph/1", act, reason="My reason.", **typed)
    assert says in page
    assert "My reason." in page


def test_several_changes_go_together(table: Table) -> None:
    place = table.open(["One.", "Two."])
    both = "== replace 1\nA.\n\n== delete 2\n"
    do(table["ana"], f"{place}/change", "several", changes=both, reason="Both.")
    assert len(table.item().proposed[0].steps) == 2
    page = problem(table["ana"], f"{place}/change", "several", changes="== nonsense")
    assert "begins no change" in page
    assert "== nonsense" in page


def test_the_way_to_a_paragraph_by_its_number(table: Table) -> None:
    place = table.open(["One.", "Two."])
    answer = table["ana"].client.get(f"{place}/change?paragraph=2")
    assert answer.headers["location"] == f"{place}/paragraph/2"
    assert "New paragraphs" in table["ana"].get(f"{place}/change?paragraph=3")
    assert "There is no paragraph 3" in table["ana"].get(f"{place}/paragraph/3", 404)


def test_an_empty_text_is_begun(table: Table) -> None:
    place = table.open([])
    assert "There is nothing in it yet" in table["ana"].get(place)
    assert "There is nothing in it yet" in table["ana"].get(f"{place}/way")
    do(table["sofia"], f"{place}/change", "insert", behind=0, words="First.")
    assert said(table) == ["First."]


# --- where parties stand


def test_a_party_says_where_it_stands(table: Table) -> None:
    place = table.open(["One.", "Two."])
    page = do(table["ana"], f"{place}/paragraph/1", "stand", stance="reserve", reason="Not <b>.")
    assert ">reserved<" in page
    page = table["hernan"].get(f"{place}/paragraph/1")
    assert "Not &lt;b&gt;." in page
    assert ">reserves<" in page
    do(table["ana"], f"{place}/paragraph/1", "stand", stance="referendum", reason="left out")
    assert "agrees ad referendum" in table["hernan"].get(f"{place}/paragraph/1")
    do(table["ana"], f"{place}/paragraph/1", "stand", stance="open")
    assert not table.item().here[0].stances
    do(table["ana"], f"{place}/paragraph/1", "stand", stance="agree")
    page = table["hernan"].get(f"{place}/paragraph/1")
    assert ">agrees<" in page
    assert "nothing yet" in page


def test_a_party_says_it_of_several_at_once(table: Table) -> None:
    place = table.open()
    page = table["ana"].get(f"{place}/stand")
    assert not re.search(r'name="(which|seen)"[^>]* checked', page)
    assert page.count('name="which"') == len(re.findall(r'name="which"[^>]* required', page)) == 2
    seen = [value for name, value in forms(page, "stand")[0]["fields"] if name == "clean"]
    assert len(seen) == 1  # the others have brackets
    do(table["ana"], f"{place}/stand", "stand", which="clean", stance="agree")
    boxes = [one["seen"] for one in rows(table)]
    do(table["hernan"], f"{place}/stand", "stand", seen=boxes[1:], stance="reserve", reason="No.")
    assert [len(one.stances) for one in table.item().here] == [1, 1, 1]
    page = table["hernan"].get(f"{place}/stand")
    assert page.count(">reserve<") == 2
    assert "nothing yet" in page


def rows(table: Table) -> list[dict[str, str]]:
    return [{"seen": f"{one.id.hex()}.{one.revision}"} for one in table.item().here]


def test_who_agrees_to_brackets_or_to_nothing_is_told(table: Table) -> None:
    place = table.open()
    boxes = [one["seen"] for one in rows(table)]
    page = problem(table["ana"], f"{place}/stand", "stand", stance="reserve", reason="My reason.")
    assert "No paragraph is chosen" in page
    assert "My reason." in page
    assert "not chosen where your party stands" in problem(table["ana"], f"{place}/stand", "stand", seen=boxes[:1])
    page = problem(table["ana"], f"{place}/stand", "stand", seen=boxes[:2], stance="agree")
    assert "before its brackets are gone" in page
    assert all(f'value="{one}" checked' in page for one in boxes[:2])
    assert not table.item().here[0].stances


def test_who_speaks_for_no_party_says_nothing(table: Table) -> None:
    place = table.open()
    page = table["sofia"].get(f"{place}/stand")
    assert "Argentina and Chile" in page
    assert not forms(page, "stand")
    assert not forms(table["sofia"].get(f"{place}/paragraph/1"), "stand")
    _, fields = fill(table["ana"], f"{place}/paragraph/1", "stand", stance="agree")
    own = table["sofia"].hidden(place)
    answer = send(table["sofia"], f"{place}/paragraph/1", [(name, own.get(name, value)) for name, value in fields])
    assert answer.status_code == 400
    assert "for those who negotiate here" in answer.text


def test_of_an_adopted_text_only_the_capital_has_a_word(table: Table) -> None:
    place = table.open(["One."])
    do(table["ana"], f"{place}/stand", "stand", which="clean", stance="agree")
    do(table["hernan"], f"{place}/stand", "stand", which="clean", stance="referendum")
    do(table["sofia"], place, "issue")
    do(table["sofia"], place, "adopt")
    page = table["hernan"].get(f"{place}/paragraph/1")
    assert forms(page, "stand")
    assert 'value="open"' not in page
    assert not forms(page, "replace")
    assert not forms(table["ana"].get(f"{place}/paragraph/1"), "stand")
    do(table["hernan"], f"{place}/paragraph/1", "stand", stance="agree")
    assert table.item().here[0].stances[1].stance == "agree"
    assert "who stands where" in table["ana"].get(place)


def test_what_stands_in_the_way(table: Table) -> None:
    place = table.open()
    do(table["ana"], f"{place}/stand", "stand", which="clean", stance="agree")
    do(table["hernan"], f"{place}/stand", "stand", which="clean", stance="reserve", reason="x")
    do(table["ana"], f"{place}/paragraph/1", "replace", words="Other.")
    page = table["ana"].get(f"{place}/way")
    assert "2 and 3" in page
    assert "What a sounding could clear" in page
    assert "Without Chile, these would be agreed: 1" in page
    assert "one amendment" in page
    place = table.open(["One."])
    for name in ("ana", "hernan"):
        do(table[name], f"{place}/stand", "stand", which="clean", stance="referendum")
    assert "Nothing stands in the way" in table["ana"].get(f"{place}/way")


# --- brackets


def test_a_bracket_is_put_to_a_sounding(table: Table) -> None:
    place = table.open()
    asked = press(table["sofia"], f"{place}/paragraph/3", "sound", hours=12)
    page = plain(asked.text)
    assert "Take a sounding on paragraph 3?" in page
    assert "Ana P. and Hernán C. are asked, yes or no to each of these:" in page
    assert "A to F" in page
    assert "Only two answer" in page
    assert "Sofia S. takes part without answering" in page
    assert not table.channel("ana").items("sounding")
    answer = sure(table["sofia"], asked)
    (item,) = table.channel("ana").items("sounding")
    assert answer.headers["location"] == f"/c/1/soundings/{item.position}"
    assert item.value.terms.options == ("A to F", "A to E")
    assert item.value.terms.releaser == table.channel("sofia").me
    page = table["ana"].get(f"{place}/paragraph/3")
    assert "A sounding on it runs." in page
    assert not forms(page, "sound")  # one at a time
    assert "A sounding on it" not in table["ana"].get(f"{place}/paragraph/2")


def found(table: Table) -> str:
    """The sounding on paragraph 3, in which all could live with the second option."""
    position: int = table.channel("ana").items("sounding")[-1].position
    for name in ("ana", "hernan"):
        channel = table.channel(name)
        soundings.answer(channel, channel.sounding_at(position), [1])
    for _ in range(4):
        table.settle()
    return f"/c/1/soundings/{position}"


def test_whoever_holds_the_pen_is_told_what_a_sounding_has_found_and_puts_it_in(table: Table) -> None:
    place = table.open(pen="ana")
    do(table["hernan"], f"{place}/paragraph/3", "sound")
    result = found(table)
    for name, says in (("ana", "You hold the pen"), ("hernan", "Ana P., who holds the pen")):
        page = table[name].get(result)
        assert f"{says}" in plain(page)
        assert f'href="{place}/paragraph/3#bracket' in page
    for name, says in (("ana", "Put in what a sounding has found: Treaty"), ("sofia", "Ana P. puts in what")):
        page = table[name].get(place)
        assert says in plain_aside(page)
        assert "all could live with: A to E" in plain(page)
    assert "you hold the pen: put it in paragraph 3." in plain(table["ana"].get(place))
    page = table["ana"].get(f"{place}/paragraph/3")
    assert page.count("all could live with it") == 1
    assert page.index("A to E</span>") < page.index("all could live with it")
    assert "put it in." in plain(page)
    assert "you can propose it" in plain(table["hernan"].get(f"{place}/paragraph/3"))
    do(table["ana"], f"{place}/paragraph/3", "clear")  # what was found is chosen already
    assert said(table)[2] == "The line runs from A to E."
    for name in ("ana", "hernan"):
        assert "what a sounding has found" not in table[name].get(place)
        assert "puts it in" not in table[name].get(result)


@pytest.mark.parametrize(
    "other",
    [
        {"quorum": 1},
        {"voters": ("ana", "emil")},
        {"question": "Treaty, paragraph 3: which?\n\nThe line runs [A to F / A to E]."},
        {"question": "Other, paragraph 3: which?\n\nThe line runs from [A to F / A to E]."},
    ],
)
def test_what_only_looks_like_a_sounding_on_a_bracket_finds_nothing(tmp_path: Path, other: dict[str, Any]) -> None:
    question = "Treaty, paragraph 3: which?\n\nThe line runs from [A to F / A to E]."
    with sitting(tmp_path, names=("ana", "hernan", "sofia", "emil")) as table:
        place = table.open()
        for more, says in ((other, False), ({}, True)):
            asks = {"voters": ("ana", "hernan"), "question": question, **more}
            channel = table.channel("sofia")
            voters = [table.channel(name).me for name in asks.pop("voters")]
            soundings.ask(channel, asks.pop("question"), ["A to F", "A to E"], voters, releaser=channel.me, **asks)
            table.settle()
            item = channel.items("sounding")[-1].value
            for name in ("ana", "hernan", "emil"):
                if table.channel(name).me in item.terms.voters:
                    soundings.answer(table.channel(name), item, [1], again=True)
            for _ in range(4):
                table.settle()
            assert table.channel("sofia").items("sounding")[-1].value.results
            assert ("you hold the pen: put it in" in table["sofia"].get(place)) == says
            assert ("all could live with it" in table["sofia"].get(f"{place}/paragraph/3")) == says


def test_of_two_brackets_with_the_same_options_nothing_is_claimed(table: Table) -> None:
    place = table.open(["One.", "Two.", "They [A to F / A to E] and [A to F / A to E]."])
    do(table["sofia"], f"{place}/paragraph/3", "sound")
    found(table)
    assert "put it in" not in table["sofia"].get(place)
    assert "all could live with it" not in table["sofia"].get(f"{place}/paragraph/3")


def test_where_every_reader_votes_it_is_said_who_is_missing(table: Table) -> None:
    texts.open_(table.channel("ana"), "Two", ["[A / B]"], to=[table.channel("hernan").me])
    number = table.item().at.position
    page = table["ana"].get(f"{ALL}/{number}/paragraph/1")
    assert "here all who read it answer" in page
    assert not forms(page, "sound")
    assert forms(page, "clear")


def test_a_sounding_that_opened_nothing_says_so(table: Table) -> None:
    place = table.open()
    do(table["sofia"], f"{place}/paragraph/3", "sound")
    for name in ("ana", "hernan"):
        channel = table.channel(name)
        soundings.answer(channel, channel.items("sounding")[0].value, [name == "ana"])
    for _ in range(4):
        table.settle()
    assert "nothing was opened" in table["ana"].get(f"{place}/paragraph/3")


def test_who_votes_needs_another_to_take_part(table: Table) -> None:
    place = table.open(["Either [A / B]."])
    page = table["ana"].get(f"{place}/paragraph/1")
    assert 'name="releaser"' not in page  # there is one third party only
    assert "Sofia S. takes part without answering." in page
    do(table["ana"], f"{place}/paragraph/1", "sound", page=page)
    assert len(table.channel("ana").items("sounding")) == 1
    page = problem(table["ana"], f"{place}/paragraph/1", "sound", page=page, bracket=7, _number="x" * 32)
    assert "cannot be put to a sounding" in page


def test_a_bracket_is_cleared(table: Table) -> None:
    place = table.open()
    assert "clear this bracket" in table["ana"].get(place)
    page = plain(table["ana"].get(f"{place}/paragraph/3"))
    assert (
        "Sofia S., who holds the pen, is asked to put it in. All who read the text see that it comes from you." in page
    )
    assert "To hide what you would accept, take a sounding." in page
    assert page.index("The bracket: which of these?") < page.index("What you say for your party")
    own = plain(table["sofia"].get(f"{place}/paragraph/3"))
    assert "stands in the place of the bracket at once" in own
    assert "is asked to put it in" not in own
    assert "your desk releases the result by itself; keep it open" in own
    do(table["ana"], f"{place}/paragraph/3", "clear", option=2)
    assert not texts.in_the_way(table.channel("ana"), table.item()).stale
    do(table["sofia"], f"{place}/amendments", "accept")
    assert said(table)[2] == "The line runs from A to E."
    do(table["sofia"], f"{place}/paragraph/2", "clear", option=2)  # no words
    assert said(table)[1] == "They refrain from force ."


def test_an_option_that_is_none_is_told(table: Table) -> None:
    place = table.open()
    assert "The options are numbered from 1 to 2." in problem(table["sofia"], f"{place}/paragraph/3", "clear", option=9)
    assert "The options are numbered from 1 to 2." in problem(table["sofia"], f"{place}/paragraph/3", "clear", option=0)
