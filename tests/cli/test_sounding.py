"""`backchannel sounding`: what it answers to programs, what it refuses, and what it says to people."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from backchannel.desk.desk import Desk
from tests.cli.conftest import PHRASE, Person, Table
from tests.cli.test_commands import FORBIDDEN

WHO = ("sounding", "ask", "Who may mediate?", "--option", "The Pope", "--option", "The King")


def asked(table: Table, *options: str) -> str:
    """Sofia asks; both voters' desks are ready. Its number."""
    number = str(table.sofia.facts(*WHO, *options)["sounding"]["number"])
    for person in (table.ana, table.hernan):
        person.run("desk", "sync")
    return number


def round_and_round(table: Table, number: str) -> Any:
    """Sync until the sounding is over on all desks."""
    for _ in range(12):
        for person in table.all:
            person.run("desk", "sync")
        shown = [person.facts("sounding", "show", number)["sounding"] for person in table.all]
        if all(one["state"] == "closed" for one in shown):
            return shown[0]
    raise AssertionError([one["state"] for one in shown])


def test_from_asking_to_the_end_in_json(table: Table) -> None:
    told = table.sofia.facts(*WHO)
    assert told["fate"] == "sent"
    one = told["sounding"]
    assert [option["text"] for option in one["options"]] == ["The Pope", "The King"]
    assert {voter["name"] for voter in one["voters"]} == {"Ana P.", "Hernán C."}
    assert (one["asked_by"], one["releaser"], one["rule"], one["reveal"]) == ("Sofia S.", "Sofia S.", "all", "first")
    number = str(one["number"])
    for person in (table.ana, table.hernan):
        person.run("desk", "sync")
    assert table.ana.facts("sounding", "show", number)["sounding"]["mine"] is True
    cast = table.ana.facts("sounding", "answer", number, "--accept", "2", "--yes")
    assert (cast["fate"], cast["sounding"]["cast"], cast["sounding"]["mine"]) == ("sent", True, False)
    table.hernan.facts("sounding", "answer", number, "--accept", "1", "--accept", "2", "--yes")
    end = round_and_round(table, number)
    assert [option["met"] for option in end["options"]] == [False, True]
    assert end["awaits"] == []
    assert [one["number"] for one in table.ana.facts("sounding", "list")["soundings"]] == [int(number)]


def test_the_asker_sees_whose_part_is_missing_until_the_end(table: Table) -> None:
    number = asked(table, "--reveal", "all")
    table.ana.run("sounding", "answer", number, "--accept", "1", "--yes")
    table.hernan.run("sounding", "answer", number, "--accept", "1", "--yes")
    for _ in range(6):
        for person in table.all:
            person.run("desk", "sync")
            one = table.sofia.facts("sounding", "show", number)["sounding"]
            assert one["state"] == "closed" or one["awaits"], one["progress"]
    assert one["state"] == "closed"


def test_the_asker_is_told_the_result_once(table: Table) -> None:
    """Not only the voters: whoever asked waits for it too, and has nothing to do that would show it."""
    number = asked(table)
    for person in (table.ana, table.hernan):
        person.run("sounding", "answer", number, "--accept", "1", "--accept", "2", "--yes")
    told: list[Any] = []
    for _ in range(8):
        for person in table.all:
            came = person.facts("desk", "sync")["channels"][0]["new"]
            told += [one for one in came if person is table.sofia and one["kind"] == "sounding.show"]
    (result,) = told
    assert (result["what"], result["by"]) == (f"result of sounding {number}", None)
    assert result["sounding"]["state"] == "closed"
    assert sum(option["met"] for option in result["sounding"]["options"]) == 1


def test_a_quorum_in_words(table: Table) -> None:
    number = asked(table, "--rule", "1", "--require", "Chile", "--reveal", "all")
    assert "Acceptable if Hernán C. and 1 of the others could live with it." in " ".join(
        table.ana.run("sounding", "show", number).out.split()
    )
    table.ana.run("sounding", "answer", number, "--accept", "2", "--yes")
    table.hernan.run("sounding", "answer", number, "--accept", "1", "--accept", "2", "--yes")
    round_and_round(table, number)
    said = table.sofia.run("sounding", "show", number).out
    assert "2  The King  acceptable to 2 of 2" in said
    assert "The other 1 did not meet the rule." in " ".join(said.split())


def test_options_from_a_file_and_from_stdin(table: Table, tmp_path: Any) -> None:
    (tmp_path / "options").write_text("One\n\nTwo\n")
    told = table.sofia.facts("sounding", "ask", "Which?", "--file", str(tmp_path / "options"))
    assert [option["text"] for option in told["sounding"]["options"]] == ["One", "Two"]
    told = table.sofia.facts("sounding", "ask", "Which then?", "--file", "-", typed="Three\nFour\n")
    assert [option["text"] for option in told["sounding"]["options"]] == ["Three", "Four"]


def test_a_grid(table: Table) -> None:
    told = table.sofia.facts(
        "sounding", "ask", "How far?", "--from", "1.5", "--to", "3", "--step", "0.5", "--unit", "km"
    )
    assert [option["text"] for option in told["sounding"]["options"]] == ["1.5 km", "2.0 km", "2.5 km", "3.0 km"]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ((), "options"),
        (("--option", "x", "--from", "1", "--to", "2"), "options"),
        (("--option", "x", "--file", "-"), "options"),
        (("--from", "1"), "options"),
        (("--to", "1"), "options"),
        (("--from", "one", "--to", "2"), "grid"),
        (("--from", "2", "--to", "1"), "grid"),
        (("--from", "1", "--to", "2", "--step", "0"), "grid"),
        (("--from", "1", "--to", "nan"), "grid"),
        (("--from", "0", "--to", "1001"), "grid"),
        (("--option", "x", "--option", "X"), "options"),
        (("--from", "0", "--to", "32"), "options"),
        (("--option", "x", "--rule", "most"), "rule"),
        (("--option", "x", "--rule", "0"), "rule"),
        (("--option", "x", "--rule", "3"), "rule"),
        (("--option", "x", "--voter", "Nobody"), "seat"),
        (("--option", "x", "--voter", "Ana"), "voters"),
        (("--option", "x", "--voter", "Sofia", "--voter", "Ana"), "voters"),
        (("--option", "x", "--reveal", "some"), "reveal"),
        (("--option", "x", "--closes", "3000"), "hours"),
    ],
)
def test_what_cannot_be_asked(table: Table, args: tuple[str, ...], error: str) -> None:
    assert table.sofia.facts("sounding", "ask", "Which?", *args, code=1)["error"] == error
    assert table.sofia.facts("sounding", "list")["soundings"] == []


def test_what_cannot_be_answered(table: Table) -> None:
    number = asked(table)
    ana = table.ana
    answer = ("sounding", "answer", number)
    assert ana.facts(*answer, "--accept", "3", "--yes", code=1)["error"] == "option"
    ana.run(*answer, "--accept", "0", "--yes", code=2)
    assert "--none goes without --accept" in ana.run(*answer, "--accept", "1", "--none", code=2).err
    assert ana.facts(*answer, code=1)["error"] == "ask"
    assert ana.facts(*answer, "--accept", "1", code=1)["error"] == "confirm"
    assert table.sofia.facts(*answer, "--none", "--yes", code=1)["error"] == "voter"
    assert ana.facts("sounding", "answer", "999", "--none", "--yes", code=1)["error"] == "item"
    assert not ana.facts("sounding", "show", number)["sounding"]["cast"]
    unfinished = ana.run(*answer, typed="y\n", code=1).both
    assert "The answer was not finished." in unfinished
    assert "Nothing was cast." in unfinished
    ana.run(*answer, "--accept", "1", "--yes")
    assert ana.facts(*answer, "--accept", "1", "--yes", code=1)["error"] == "answered"


def test_one_refusal_says_nothing_but_that(table: Table) -> None:
    """Who cannot answer is told so at once, not after the page, the warnings and the questions."""
    number = asked(table)
    said = table.sofia.run("sounding", "answer", number, "--none", code=1).both
    assert said.startswith("This seat does not vote in this sounding.")
    assert "could live with" not in said


def test_asked_again(table: Table) -> None:
    first = asked(table)
    second = asked(table)
    table.ana.run("sounding", "answer", second, "--none", "--yes")
    told = table.ana.facts("sounding", "answer", first, "--none", "--yes", code=1)
    assert told["error"] == "again"
    assert f"The Pope (number {second})" in told["what"]
    table.ana.facts("sounding", "answer", first, "--none", "--yes", "--again")
    table.hernan.facts("sounding", "answer", first, "--none", "--yes")


def test_it_is_taken_back_by_its_asker_alone_and_in_time(table: Table) -> None:
    first, second = asked(table), asked(table)
    assert table.ana.facts("sounding", "withdraw", first, code=1)["error"] == "withdraw"
    assert table.sofia.facts("sounding", "withdraw", first)["sounding"]["state"] == "withdrawn"
    assert table.sofia.facts("sounding", "withdraw", first, code=1)["error"] == "withdraw"
    table.ana.run("desk", "sync")
    assert table.ana.facts("sounding", "answer", first, "--none", "--yes", code=1)["error"] == "over"
    table.ana.run("sounding", "answer", second, "--none", "--yes")
    table.sofia.run("desk", "sync")
    assert table.sofia.facts("sounding", "withdraw", second, code=1)["error"] == "withdraw"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let the desks' clock stand some hours ahead."""
    true = time.time

    def set_(hours: float) -> None:
        defaults = Desk.__init__.__kwdefaults__
        assert defaults is not None
        monkeypatch.setitem(defaults, "clock", lambda: true() + hours * 3600)

    return set_


def test_after_the_hour(table: Table, later: Callable[[float], None]) -> None:
    number = asked(table, "--closes", "1")
    later(0.5)
    assert table.ana.facts("sounding", "show", number)["sounding"]["mine"] is True
    later(1.2)
    assert table.ana.facts("sounding", "answer", number, "--none", "--yes", code=1)["error"] == "over"
    shown = table.ana.run("sounding", "show", number).out
    assert "Lapsed: its hour passed, or somebody left, before it was done. Nothing is known, to anybody." in " ".join(
        shown.split()
    )
    assert "awaited" not in shown


def test_a_restored_desk_abstains(table: Table, tmp_path: Any) -> None:
    number = asked(table)
    bak = str(tmp_path / "ana.bak")
    table.ana.run("desk", "backup", bak, BACKCHANNEL_BACKUP_PASSPHRASE=PHRASE)
    again = Person(tmp_path / "again")
    again.run("desk", "restore", bak, BACKCHANNEL_BACKUP_PASSPHRASE=PHRASE)
    again.run("desk", "sync")
    told = again.facts("sounding", "answer", number, "--none", "--yes", code=1)
    assert (told["error"], "restored" in told["what"]) == ("restored", True)


def test_names_end_with_one_stop_and_no_engineers_word_is_said(table: Table) -> None:
    number = asked(table)
    said = [
        table.ana.run("sounding", "answer", number, "--accept", "1", typed="y\n").both,
        table.ana.run("sounding", "show", number).out,
        table.hernan.run("sounding", "list").out,
    ]
    table.hernan.run("sounding", "answer", number, "--accept", "1", "--yes")
    round_and_round(table, number)
    said += [table.sofia.run("sounding", "show", number).out, table.sofia.run("sounding", "list").out]
    for text in said:
        assert ".." not in text
        assert "nobody" not in text.split("awaited:")[-1].split("\n")[0]
        assert not FORBIDDEN.search(text.lower())
    assert "Acceptable: The Pope." in said[-1]


def test_two_voters_are_warned(table: Table) -> None:
    number = asked(table)
    said = table.ana.run("sounding", "answer", number, "--none", "--yes").out
    assert "Only two answer: whoever says yes to an option that fails" in said
    assert said.index("Only two answer") < said.index("Cast.")
