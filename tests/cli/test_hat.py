"""`backchannel hat`: rounds, what lies ready, and what is never said of whose it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.cli import hat, show
from backchannel.facts.hat import HOW
from tests.cli import conftest
from tests.cli.conftest import Person, Table, table_in
from tests.cli.test_commands import FORBIDDEN
from tests.cli.test_sounding import later  # noqa: F401 - a fixture

IDEA = "Sea of peace\nShare the waters.\n"


@pytest.fixture
def hatted(tmp_path: Path, relay: str, monkeypatch: pytest.MonkeyPatch) -> Table:
    """A channel whose charter has reactions from the hat, and a round every week."""
    monkeypatch.setattr(conftest, "TERMS", replace(conftest.TERMS, reactions="hat", objection="1", hat_days=7))
    return table_in(tmp_path, relay)


def until_over(table: Table) -> tuple[Any, list[Any]]:
    """Sync until all have read the end of the round; the round, and what was news to Hernán."""
    news: dict[str, list[Any]] = {}
    for _ in range(12):
        for person in table.all:
            news.setdefault(person.folder.name, []).extend(person.facts("desk", "sync")["channels"][0]["new"])
        if all("hat.close" in [one["kind"] for one in came] for came in news.values()):
            return table.hernan.facts("hat", "status")["round"], news["hernan"]
    raise AssertionError([person.facts("hat", "status")["round"]["state"] for person in table.all])


def test_an_idea_and_a_question_from_the_hat(table: Table) -> None:
    laid = table.ana.facts("nonpaper", "float", "--hat", typed=IDEA)
    assert (laid["fate"], laid["hat"]["slips"], laid["hat"]["next_round"]) == ("ready", 1, None)
    assert table.ana.facts("desk", "status")["channels"][0]["slips"] == 1
    assert "1 slip lies ready for the hat" in table.ana.run("desk", "status").out
    table.hernan.facts("hat", "ask", "Who?", "--option", "The Pope", "--option", "The King")
    assert table.hernan.facts("hat", "status") == {
        "alarms": [],
        "relay_trouble": None,
        "round": None,
        "others": [],
        "hat": {"slips": 1, "riding": None, "next_round": None},
    }
    called = table.sofia.facts("hat", "call")["round"]
    assert (called["state"], called["called_by"], called["awaits"]) == ("keys", "Sofia S.", ["Ana P.", "Hernán C."])
    assert "Hernán C.: opens the desk, for which round" in table.sofia.run("channel", "show").out
    assert table.sofia.facts("hat", "call", code=1)["error"] == "running"
    over, news = until_over(table)
    assert over["state"] == "closed"
    assert over["held"] == {"idea": 1, "reaction": 0, "question": 1, "spoiled": 0, "empty": 1}
    assert [one["kind"] for one in news].count("hat.close") == 1
    assert {one["kind"] for one in news} == {"hat.open", "hat.close", "nonpaper.float", "sounding.open"}
    (one,) = [one["nonpaper"] for one in news if one["kind"] == "nonpaper.float"]
    assert (one["title"], one["from"], one["route"], one["mine"]) == ("Sea of peace", None, "hat", False)
    assert [one["by"] for one in news if one["kind"] in ("nonpaper.float", "hat.close")] == [None, None]
    number = str(one["number"])
    pages = [person.run("nonpaper", "show", number).out for person in table.all]
    assert len(set(pages)) == 1  # its author's desk says what the others' say
    assert "Sea of peace; from the hat; nobody knows whose it is" in pages[0]
    assert table.ana.facts("nonpaper", "withdraw", number, "--yes", code=1)["error"] == "author"
    (asked,) = table.ana.facts("sounding", "list")["soundings"]
    assert asked["question"] == "From the hat: Who?"
    said = table.ana.run("sounding", "show", str(asked["number"])).out
    assert f"Sounding {asked['number']}, brought by the desk of Sofia S." in said
    assert table.ana.facts("hat", "status")["hat"] == {"slips": 0, "riding": None, "next_round": None}
    log = table.hernan.facts("channel", "log")["log"]
    assert {one["by"] for one in log if one["kind"] in ("nonpaper.float", "nonpaper.words")} == {None}


def test_reactions_from_the_hat(hatted: Table) -> None:
    told = hatted.ana.facts("nonpaper", "float", "T", "--file", "-", typed="No force.\n")
    number = str(told["nonpaper"]["number"])
    hatted.hernan.run("desk", "sync")
    assert "1 objection from the hat ends it." in hatted.hernan.run("nonpaper", "show", number).out
    said = hatted.hernan.run("nonpaper", "react", number, "question", "--file", "-", typed="Which?").out
    assert said.index("It goes in the next round of the hat") < said.index("Laid ready on this desk.")
    assert "By the charter, the next round is called from" in said
    assert hatted.hernan.facts("nonpaper", "show", number)["nonpaper"]["reactions"] == []
    hatted.ana.run("hat", "call")
    over, news = until_over(hatted)
    assert over["held"]["reaction"] == 1
    (came,) = [one for one in news if one["kind"] == "nonpaper.react"]
    assert (came["by"], came["reaction"]["by"], came["reaction"]["text"]) == (None, None, "Which?")
    assert "from the hat: question" in hatted.ana.run("nonpaper", "show", number).out
    hatted.sofia.facts("nonpaper", "react", number, "objection", "--hat")
    hatted.ana.run("hat", "call")
    until_over(hatted)
    assert hatted.sofia.facts("nonpaper", "show", number)["nonpaper"]["state"] == "objected"


def test_nothing_is_asked_of_the_relay_when_something_is_laid_ready(unreachable: Table) -> None:
    """That this desk was busy just then would be seen on the line."""
    for line in (("nonpaper", "float", "--hat"), ("hat", "ask"), ("hat", "take-back")):
        told = unreachable.ana.facts(*line, typed="Who?\nThe Pope\nThe King\n")
        assert told["relay_trouble"] is None
    said = unreachable.ana.run("nonpaper", "float", "--hat", typed=IDEA).out
    assert "Nothing was sent, and nobody was asked." in said


def test_what_lies_ready_can_be_destroyed(table: Table) -> None:
    table.ana.run("nonpaper", "float", "--hat", typed=IDEA)
    said = table.ana.run("hat", "ask", typed="Who?\nThe Pope\n").out
    assert "2 slips lie ready on this desk: one goes in each round." in said
    assert table.ana.facts("hat", "take-back")["destroyed"] == 2
    assert "Nothing lay ready." in table.ana.run("hat", "take-back").out
    table.ana.run("nonpaper", "float", "--hat", typed=IDEA)
    assert "1 slip destroyed." in table.ana.run("hat", "take-back").out
    table.sofia.run("hat", "call")
    over, _ = until_over(table)
    assert over["held"]["empty"] == 3


def test_what_rides_already_cannot_be_taken_back(table: Table) -> None:
    table.ana.run("nonpaper", "float", "--hat", typed=IDEA)
    number = table.sofia.facts("hat", "call")["round"]["number"]
    for person in (table.hernan, table.ana):
        person.run("desk", "sync")
    assert f"A slip of yours is in round {number}." in table.ana.run("hat", "status").out
    assert f"A slip of yours is in round {number} already" in table.ana.run("hat", "take-back").out
    assert table.ana.facts("hat", "status", str(number))["round"]["number"] == number
    assert table.ana.facts("hat", "status", "3", code=1)["error"] == "item"


@pytest.mark.parametrize(
    ("line", "error", "code"),
    [
        (("hat", "ask", "Who?"), "usage", 2),
        (("hat", "ask", "--option", "x"), "usage", 2),
        (("hat", "ask", "Who?", "--option", "x", "--file", "-"), "usage", 2),
        (("hat", "ask", "--file", "-"), "options", 1),
        (("hat", "call", "--hours", "169"), "hours", 1),
        (("hat", "call", "--hours", "0"), "usage", 2),
        (("sounding", "ask", "From the hat: who?", "--option", "x"), "question", 1),
    ],
)
def test_what_is_refused(table: Table, line: tuple[str, ...], error: str, code: int) -> None:
    assert table.ana.facts(*line, typed="Who?\n", code=code)["error"] == error


def test_two_are_too_few(tmp_path: Path, relay: str) -> None:
    conftest.open_channel(tmp_path, relay, seats=2)
    ana = Person(tmp_path / "ana")
    for line in (("hat", "call"), ("nonpaper", "float", "--hat")):
        assert ana.facts(*line, typed=IDEA, code=1)["error"] == "few"


def test_a_round_that_lapses_names_whom_it_waited_for(tmp_path: Path, later: Callable[[float], None]) -> None:  # noqa: F811
    host = conftest.serve(tmp_path / "relay.db")
    table = table_in(tmp_path, host.url)
    table.sofia.run("hat", "call", "--hours", "1")
    table.ana.run("desk", "sync")
    table.sofia.run("desk", "sync")
    assert host.stop() == 0
    later(1.2)
    said = " ".join(table.sofia.run("hat", "status").out.split())
    assert "Its hour passed, or somebody left" in said
    assert "Not heard from in time: the desk of Hernán C." in said
    assert "What a desk had in it lies ready there again" in said
    shown = table.sofia.run("channel", "show").out.split("Seat")[0]
    assert "Hernán" not in re.sub(r"Words not compared yet.*", "", shown, flags=re.S)


def test_a_cheat_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    one = {
        "number": 3,
        "called_by": "Ana",
        "ends_by": "2026-11-03T14:05:00Z",
        "seats": ["Ana", "Hernán"],
        "state": "blamed",
        "state_says": "somebody cheated; no slip was read",
        "over": True,
        "awaits": [],
        "held": None,
        "cheats": [{"name": "Hernán", "how": HOW["stage"]}],
    }
    show.tell({"round": one}, lambda page, told: hat.draw(page, told["round"]), as_json=False)
    said = " ".join(capsys.readouterr().out.split())
    assert "Hernán took slips out of the hat, or put others in. Every desk of the round has seen the proof." in said
    assert FORBIDDEN.search(said.lower()) is None


def test_no_engineers_word(hatted: Table) -> None:
    said = [hatted.ana.run("hat", verb, "--help").out for verb in ("call", "status", "ask", "take-back")]
    said += [hatted.ana.run("nonpaper", "float", "--hat", typed=IDEA).both]
    said += [hatted.sofia.run("hat", "call").out, hatted.ana.run("hat", "status").out]
    until_over(hatted)
    said += [hatted.ana.run("hat", "status").out, hatted.ana.run("nonpaper", "list").out]
    said += [hatted.ana.run("channel", "log").out]
    for page in said:
        assert FORBIDDEN.search(page.lower()) is None, page
