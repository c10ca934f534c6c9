"""`backchannel nonpaper`: what it answers to programs, what it refuses, and what it says to people before and after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.cli import conftest
from tests.cli.conftest import PHRASE, Person, Table, table_in
from tests.cli.test_commands import FORBIDDEN
from tests.cli.test_sounding import later  # noqa: F401 - a fixture

WORDS = "No force.\n\nWithdraw the units\nto the coast.\n"


def floated(table: Table, *options: str, by: str = "ana", title: str = "Three points") -> str:
    """Its number."""
    told = getattr(table, by).facts("nonpaper", "float", title, "--file", "-", *options, typed=WORDS)
    assert told["fate"] == "sent"
    return str(told["nonpaper"]["number"])


def around(table: Table, times: int = 2) -> None:
    for _ in range(times):
        for person in table.all:
            person.run("desk", "sync")


def shown(person: Person, number: str) -> Any:
    return person.facts("nonpaper", "show", number)["nonpaper"]


def test_float_react_revise_withdraw_in_json(table: Table) -> None:
    told = table.ana.facts("nonpaper", "float", "--hours", "48", typed=f"Three points\n{WORDS}")
    one = told["nonpaper"]
    number = str(one["number"])
    assert (one["title"], one["paragraphs"]) == ("Three points", ["No force.", "Withdraw the units\nto the coast."])
    assert (one["mine"], one["from"], one["route"], one["state"]) == (True, "Ana P.", "party", "floated")
    assert one["readers"] == ["Ana P.", "Hernán C.", "Sofia S."]
    assert any("photograph" in line for line in told["promise"])
    table.hernan.facts("nonpaper", "react", number, "interest")
    table.sofia.facts("nonpaper", "react", number, "objection", "-", typed="Too far.\n")
    said = shown(table.ana, number)["reactions"]
    assert [(r["by"], r["stance"], r["text"]) for r in said] == [
        ("Hernán C.", "interest", ""),
        ("Sofia S.", "objection", "Too far."),
    ]
    revised = table.ana.facts("nonpaper", "revise", number, "Two points", "--file", "-", typed="No force.\n")
    assert (revised["nonpaper"]["version"], revised["nonpaper"]["title"]) == (2, "Two points")
    table.hernan.facts("nonpaper", "react", number, "question", "--file", "-", typed="Which?")
    assert [(r["by"], r["version"]) for r in shown(table.ana, number)["reactions"]] == [
        ("Sofia S.", 1),
        ("Hernán C.", 2),
    ]
    gone = table.ana.facts("nonpaper", "withdraw", number, "--yes")["nonpaper"]
    assert (gone["state"], gone["text"], gone["from"], gone["reactions"], gone["versions"]) == (
        "withdrawn",
        None,
        None,
        [],
        [],
    )
    around(table)
    ended = shown(table.hernan, number)
    assert (ended["confirmed"], ended["unconfirmed"]) == (["Ana P.", "Hernán C.", "Sofia S."], [])
    assert [one["number"] for one in table.sofia.facts("nonpaper", "list")["nonpapers"]] == [int(number)]


def test_who_has_not_confirmed_is_named_with_when_it_was_last_heard(table: Table) -> None:
    number = floated(table)
    table.hernan.run("desk", "sync")
    table.ana.run("nonpaper", "withdraw", number, "--yes")
    left = shown(table.ana, number)["unconfirmed"]
    assert [one["name"] for one in left] == ["Hernán C.", "Sofia S."]
    assert all(one["heard"] for one in left)
    said = table.ana.run("nonpaper", "show", number).out
    assert "Destroyed, as their desks say: Ana P." in said
    assert "Not confirmed: Sofia S., last heard 20" in said
    assert "2 of 3" not in said
    assert "1 of 3 desks have confirmed that it is destroyed" in table.ana.run("nonpaper", "list").out


def test_what_was_promised_is_said_before_the_words_are_asked_for(table: Table) -> None:
    said = table.ana.run("nonpaper", "float", typed=f"Three points\n{WORDS}").both
    assert said.index("see that it is yours") < said.index("What vanishing cannot reach") < said.index("Floated.")
    through = table.ana.run("nonpaper", "float", "T", "--through", "Sofia", "--file", "-", typed="x").both
    assert "Only Sofia S. will read it, and knows that it is yours." in through
    knows = "If that is done: Hernán C. will know that it is yours: nobody else could have written it."
    assert knows in " ".join(through.split())
    assert through.index("Only Sofia S.") < through.index("Handed on.")


def test_paragraphs_are_numbered_and_sounded_by_number(table: Table) -> None:
    number = floated(table)
    said = table.hernan.run("nonpaper", "show", number).out
    assert "1 | No force.\n2 | Withdraw the units\n  | to the coast.\n" in said
    told = table.sofia.facts("nonpaper", "sound", number, "--paragraph", "2", "--closes", "5")["sounding"]
    assert told["question"] == f"Could you live with non-paper {number}, paragraph 2?"
    assert [one["text"] for one in told["options"]] == [f"Non-paper {number}, paragraph 2, as it stands"]
    assert "force" not in str(told)
    assert "coast" not in str(told)
    assert {one["name"] for one in told["voters"]} == {"Ana P.", "Hernán C."}
    assert table.sofia.facts("nonpaper", "sound", number, "--paragraph", "3", code=1)["error"] == "paragraph"
    around(table)
    # The next paragraph is another question: nobody is warned of having been asked before.
    second = table.ana.facts("nonpaper", "sound", number, "--releaser", "Sofia", "--voter", "Ana", "--voter", "Chile")
    around(table)
    table.hernan.facts("sounding", "answer", str(told["number"]), "--none", "--yes")
    table.hernan.facts("sounding", "answer", str(second["sounding"]["number"]), "--accept", "1", "--yes")
    page = table.hernan.run("nonpaper", "sound", number, "--releaser", "Sofia").out
    assert "They have none of its words" in " ".join(page.split())


def test_no_sounding_outlives_what_it_is_about(table: Table) -> None:
    number = floated(table, "--hours", "2")
    told = table.sofia.facts("nonpaper", "sound", number)["sounding"]
    assert told["answers_by"] <= shown(table.sofia, number)["until"]


def test_taken_up_it_stands_in_the_name_of_whoever_took_it_up(table: Table) -> None:
    number = floated(table)
    asked = table.hernan.run("nonpaper", "take-up", number, typed="n\n", code=1).both
    assert f"Take up non-paper {number}, “Three points”, for Ana P., Hernán C. and Sofia S. to sign?" in asked
    assert "You propose its words as an understanding, in your own name" in asked
    options = ("--signatory", "Ana", "--signatory", "Chile", "--yes")
    assert table.hernan.facts("nonpaper", "take-up", number, code=1)["error"] == "confirm"
    told = table.hernan.facts("nonpaper", "take-up", number, *options)
    assert told["nonpaper"]["state"] == "taken-up"
    formal = told["understanding"]
    assert (formal["proposed_by"], formal["title"]) == ("Hernán C.", "Three points")
    assert [party["name"] for party in formal["parties"]] == ["Ana P.", "Hernán C."]
    again = floated(table, by="hernan", title="More")
    said = table.ana.run("nonpaper", "take-up", again, "--yes").out
    assert "It stands as understanding" in " ".join(said.split())


def test_through_the_intermediary(table: Table) -> None:
    number = floated(table, "--through", "Sofia")
    news = table.sofia.facts("desk", "sync")["channels"][0]["new"]
    assert [(one["kind"], one["nonpaper"]["text"]) for one in news] == [("nonpaper.float", None)]
    assert table.sofia.facts("nonpaper", "carry", number, code=1)["error"] == "words"
    table.ana.run("desk", "sync")
    (came,) = table.sofia.facts("desk", "sync")["channels"][0]["new"]
    assert (came["kind"], came["nonpaper"]["title"]) == ("nonpaper.copy", "Three points")
    table.hernan.run("desk", "sync")
    assert table.hernan.facts("nonpaper", "list")["nonpapers"] == []
    assert "put non-paper" in table.sofia.run("channel", "show").out
    told = table.sofia.facts("nonpaper", "carry", number, "--hours", "24")
    carried = str(told["nonpaper"]["number"])
    assert told["nonpaper"]["route"] == "intermediary"
    table.hernan.run("desk", "sync")
    said = " ".join(table.hernan.run("nonpaper", "show", carried).out.split())
    assert "put forward by Sofia S. for another seat" in said
    assert "only the two know" not in said  # Hernán knows as well
    assert "Ana P.:" not in said
    assert shown(table.ana, number)["state"] == "carried"
    assert table.sofia.facts("nonpaper", "carry", carried, code=1)["error"] == "route"


def test_carried_on_the_page(table: Table) -> None:
    number = floated(table, "--through", "Sofia")
    table.sofia.run("desk", "sync")
    table.ana.run("desk", "sync")
    said = table.sofia.run("nonpaper", "carry", number, "--to", "Chile").out
    plain = " ".join(said.split())
    assert "Hernán C. will read it as put forward by you for another seat." in plain
    assert "Hernán C. will know that it comes from Ana P.: nobody else could have written it." in plain
    assert said.index("What vanishing") < said.index("Put forward.")
    assert "each reader's desk asks yours for the words" in " ".join(said.split())


def test_an_alternative(table: Table) -> None:
    number = floated(table)
    told = table.hernan.facts("nonpaper", "counter", number, "Another", "--file", "-", typed="The cape.")
    assert told["nonpaper"]["counters"] == int(number)
    said = table.hernan.run("nonpaper", "show", str(told["nonpaper"]["number"])).out
    assert f"an alternative to non-paper {number}" in said
    told = table.sofia.facts("nonpaper", "float", "Third", "--counter", number, "--file", "-", typed="x")
    assert told["nonpaper"]["counters"] == int(number)
    table.ana.run("nonpaper", "withdraw", number, "--yes")
    table.hernan.run("desk", "sync")
    assert table.hernan.facts("nonpaper", "counter", number, "T", "--file", "-", typed="x", code=1)["error"] == "over"


@pytest.mark.parametrize(
    ("options", "error", "code"),
    [
        (("--hat", "--through", "Sofia"), "usage", 2),
        (("--hat", "--to", "Sofia"), "usage", 2),
        (("--hat", "--hours", "5"), "usage", 2),
        (("--through", "Sofia", "--to", "Ana"), "usage", 2),
        (("--through", "Hernán"), "route", 1),
        (("--through", "Nobody"), "seat", 1),
        (("--hours", "99999"), "hours", 1),
        (("--hours", "0"), "usage", 2),
        (("--counter", "3"), "item", 1),
    ],
)
def test_what_cannot_be_floated(table: Table, options: tuple[str, ...], error: str, code: int) -> None:
    told = table.ana.facts("nonpaper", "float", "T", "--file", "-", *options, typed="x\n", code=code)
    assert told["error"] == error
    assert table.ana.facts("nonpaper", "list")["nonpapers"] == []


def test_who_may_do_what(table: Table) -> None:
    number = floated(table)
    table.hernan.run("desk", "sync")
    assert table.ana.facts("nonpaper", "react", number, "interest", code=1)["error"] == "own"
    assert table.hernan.facts("nonpaper", "react", number, "joy", code=1)["error"] == "stance"
    assert table.hernan.facts("nonpaper", "react", number, "interest", "--hat", code=1)["error"] == "named"
    assert table.hernan.facts("nonpaper", "withdraw", number, "--yes", code=1)["error"] == "author"
    assert table.hernan.facts("nonpaper", "revise", number, "x", "--file", "-", typed="x", code=1)["error"] == "author"
    assert table.hernan.facts("nonpaper", "carry", number, code=1)["error"] == "route"
    assert table.ana.facts("nonpaper", "show", "3", code=1)["error"] == "item"
    assert table.ana.facts("nonpaper", "withdraw", number, code=1)["error"] == "confirm"
    assert (
        f"Withdraw non-paper {number}, “Three points”"
        in table.ana.run("nonpaper", "withdraw", number, typed="n\n", code=1).both
    )


def test_what_is_new_and_what_is_awaited(table: Table) -> None:
    number = floated(table)
    (new,) = table.hernan.facts("desk", "sync")["channels"][0]["new"]
    assert (new["kind"], new["by"], new["nonpaper"]["title"]) == ("nonpaper.float", "Ana P.", "Three points")
    assert f"read non-paper {number}, and react to it or not" in table.hernan.run("channel", "show").out
    assert f"non-paper {number}" not in table.ana.run("channel", "show").out
    table.hernan.run("nonpaper", "react", number, "objection", "Too far.")
    assert f"non-paper {number}" not in table.hernan.run("channel", "show").out
    said = table.ana.run("desk", "sync").out
    assert f"reaction to non-paper {number} (Hernán C.)\n  Hernán C.: objection\n  | Too far.\n" in said
    table.ana.run("nonpaper", "revise", number, "Two", "--file", "-", typed="x")
    assert f"new version of non-paper {number} (Ana P.)" in table.sofia.run("desk", "sync").out
    table.ana.run("nonpaper", "withdraw", number, "--yes")
    table.hernan.run("desk", "sync")
    last = table.sofia.facts("desk", "sync")["channels"][0]["new"]
    assert [one["what"] for one in last] == [
        f"withdrawal of non-paper {number}",
        f"destroyed on every desk: non-paper {number}",
    ]
    log = table.hernan.facts("channel", "log")["log"]
    about = [one for one in log if one["kind"].startswith("nonpaper.") and one["kind"] != "nonpaper.destroyed"]
    assert {one["by"] for one in about} == {None}
    assert "Three" not in str(log)


def test_the_charters_objections_end_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, relay: str) -> None:
    monkeypatch.setattr(conftest, "TERMS", replace(conftest.TERMS, objection="1"))
    strict = table_in(tmp_path / "strict", relay)
    number = floated(strict)
    assert "The objection of one party ends it." in strict.hernan.run("nonpaper", "show", number).out
    over = strict.hernan.facts("nonpaper", "react", number, "objection")["nonpaper"]
    assert (over["state"], over["text"]) == ("objected", None)


def test_after_its_hour(tmp_path: Path, later: Callable[[float], None]) -> None:  # noqa: F811
    """By the desk's own clock, with a relay that has fallen silent."""
    host = conftest.serve(tmp_path / "relay.db")
    table = table_in(tmp_path, host.url)
    number = floated(table, "--hours", "1")
    table.hernan.run("desk", "sync")
    assert host.stop() == 0
    later(1.2)
    said = table.hernan.run("nonpaper", "show", number).out
    assert "a non-paper that is over (its hour has passed)" in said
    assert "force" not in said
    assert table.hernan.facts("nonpaper", "react", number, "interest", code=1)["error"] == "over"


def test_a_restored_desk_asks_for_the_words(table: Table, tmp_path: Path) -> None:
    number = floated(table)
    around(table, 1)
    bak = str(tmp_path / "hernan.bak")
    table.hernan.run("desk", "backup", bak, BACKCHANNEL_BACKUP_PASSPHRASE=PHRASE)
    again = Person(tmp_path / "again")
    again.run("desk", "restore", bak, BACKCHANNEL_BACKUP_PASSPHRASE=PHRASE)
    again.run("desk", "sync")
    one = shown(again, number)
    assert (one["title"], one["text"], one["can"]) == (None, None, [])
    assert "Its words are not on this desk yet." in again.run("nonpaper", "show", number).out
    assert again.facts("nonpaper", "take-up", number, "--yes", code=1)["error"] == "words"
    table.ana.run("desk", "sync")
    assert shown(again, number)["title"] == "Three points"


def test_it_waits_where_the_relay_is_silent(unreachable: Table) -> None:
    told = unreachable.ana.facts("nonpaper", "float", "T", "--file", "-", typed="x")
    assert (told["fate"], told["nonpaper"]) == ("waits", None)
    assert (
        "Written. It waits on this desk." in unreachable.ana.run("nonpaper", "float", "T", "--file", "-", typed="x").out
    )
    (first, _) = unreachable.ana.facts("desk", "status")["channels"][0]["outbox"]
    assert first["what"] == "non-paper"


def test_no_engineers_word_and_no_double_stop(table: Table) -> None:
    number = floated(table)
    around(table)
    said = [table.ana.run("nonpaper", verb, "--help").out for verb in ("float", "take-up", "sound", "carry")]
    said += [table.hernan.run("nonpaper", "react", number, "interest").out, table.ana.run("nonpaper", "list").out]
    said += [
        table.ana.run("nonpaper", "withdraw", number, "--yes").both,
        table.sofia.run("nonpaper", "show", number).out,
    ]
    for page in said:
        assert FORBIDDEN.search(page.lower()) is None, page
        assert "S.. " not in page


def test_hours_that_the_charter_does_not_allow_are_refused_before_anything_is_typed(table: Table) -> None:
    for hours in ("100000", "9999999"):
        refused = table.ana.facts("nonpaper", "float", "--hours", hours, code=1)  # nothing is given to read
        assert refused["error"] == "hours"
        assert "hours, not" in refused["what"]
