"""`backchannel text`: from brackets to clean on three desks; what it refuses, and what it says to people."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel import papers
from backchannel.papers import Document, Paragraph, Run
from tests.cli import conftest
from tests.cli.conftest import Person, Table
from tests.cli.test_commands import FORBIDDEN

ACT = """1. The parties [shall / should] renounce force.

2. The line follows [ARG: the coast [up to [X]]] [CHI: the 1881 line].

3. The Holy See mediates.
"""
CLEAN = "No force.\n\nThe line follows the coast.\n"


def opened(table: Table, words: str = ACT, *options: str, by: str = "sofia") -> str:
    """Its number; every desk has it."""
    told = getattr(table, by).facts("text", "open", "Act", "-", *options, typed=words)
    assert told["fate"] == "sent"
    around(table)
    return str(told["text"]["number"])


def around(table: Table) -> None:
    for person in table.all:
        person.run("desk", "sync")


def shown(person: Person, number: str) -> Any:
    return person.facts("text", "show", number)["text"]


def words(person: Person, number: str) -> list[str]:
    return [part["text"] for part in shown(person, number)["paragraphs"]]


def amended(person: Person, number: str, *how: str, typed: str | None = None) -> Any:
    return person.facts("text", "amend", number, *how, typed=typed)["amendment"]


def agreed(table: Table, number: str) -> None:
    around(table)
    for person in (table.ana, table.hernan):
        person.facts("text", "stand", number, "all", "agree")


def test_from_brackets_to_an_understanding(table: Table) -> None:
    number = opened(table)
    one = shown(table.ana, number)
    assert [(part["kind"], part["brackets"]) for part in one["paragraphs"]] == [
        ("bracketed", 1),
        ("bracketed", 3),
        ("open", 0),
    ]
    assert (one["pen"], one["pen_mine"], one["parties"]) == ("Sofia S.", False, ["Argentina", "Chile"])
    made = amended(table.ana, number, "The line follows the coast.", "--replace", "2", "--reason", "It is older.")
    assert (made["outcome"], made["mine"], made["reason"]) == ("proposed", True, "It is older.")
    decided = table.sofia.facts("text", "accept", number, str(made["number"]))
    assert [one["outcome"] for one in decided["amendments"]] == ["accepted"]
    asked = table.sofia.facts("text", "sound", number, "1")["sounding"]
    assert [option["text"] for option in asked["options"]] == ["shall", "should"]
    assert {voter["name"] for voter in asked["voters"]} == {"Ana P.", "Hernán C."}
    sounding = str(asked["number"])
    for person in (table.ana, table.hernan):
        person.facts("sounding", "answer", sounding, "--accept", "1", "--yes")
    for _ in range(6):
        for person in (table.ana, table.hernan, table.sofia):
            person.facts("desk", "sync")
    then = f"backchannel text clear {number} 1 1"
    (put,) = [one for one in table.sofia.facts("channel", "show")["channel"]["next"] if one["about"]["verb"] == "put"]
    said = f"put “shall” into paragraph 1 of text {number}: all could live with it"
    assert (put["who"], put["what"], put["command"]) == ("you", said, then)
    assert f"You hold the pen: {then}" in " ".join(table.sofia.run("sounding", "show", sounding).out.split())
    assert f"Sofia S. holds the pen: {then}" in " ".join(table.ana.run("sounding", "show", sounding).out.split())
    cleared = table.sofia.facts("text", "clear", number, "1", "1")
    assert table.sofia.facts("sounding", "show", sounding)["clears"] is None
    assert cleared["amendment"]["outcome"] == "accepted"
    agreed(table, number)
    table.hernan.facts("text", "stand", number, "3", "referendum")
    assert shown(table.sofia, number)["clear"] is True
    assert table.sofia.facts("text", "issue", number)["text"]["versions"][0]["version"] == 1
    assert table.sofia.facts("text", "adopt", number, code=1)["error"] == "confirm"
    assert table.sofia.facts("text", "adopt", number, "--yes")["text"]["state"] == "adopted"
    said = table.ana.run("text", "propose", number, typed="y\n").both
    assert "Paragraph 3: agreed by Argentina; ad referendum by Chile" in said
    assert "“Act”, for Ana P. and Hernán C. to sign?" in said
    formal = table.hernan.facts("understanding", "list")["understandings"][0]
    assert formal["clauses"] == [
        "The parties shall renounce force.",
        "The line follows the coast.",
        "The Holy See mediates.",
    ]
    assert [party["name"] for party in formal["parties"]] == ["Ana P.", "Hernán C."]


def test_two_desks_amend_one_paragraph_without_each_other(table: Table) -> None:
    number = opened(table)
    first = amended(table.ana, number, "The line follows the coast.", "--replace", "2")["number"]
    second = amended(table.hernan, number, "The line follows the 1881 line.", "--replace", "2")["number"]
    told = table.sofia.facts("text", "accept", number, str(first), str(second))
    assert [one["outcome"] for one in told["amendments"]] == ["accepted", "overtaken"]
    around(table)
    for person in table.all:
        assert words(person, number)[1] == "The line follows the coast."
    (late,) = table.hernan.facts("text", "amendments", number)["amendments"]
    (change,) = late["changes"]
    assert late["outcome"] == "overtaken"
    assert change["now"]["text"] == "The line follows the coast."
    assert [new["text"] for new in change["new"]] == ["The line follows the 1881 line."]
    said = table.hernan.run("text", "amendments", number).out
    assert f"Amendment {second} to text {number}, yours: overtaken" in said
    assert "now | The line follows the coast.\nnew | The line follows the 1881 line." in said
    assert len(table.ana.facts("text", "amendments", number, "--all")["amendments"]) == 2


def test_nobody_agrees_to_what_came_while_they_typed(table: Table) -> None:
    number = opened(table, CLEAN)
    amended(table.sofia, number, "No force at all.", "--replace", "1")
    refused = table.ana.facts("text", "stand", number, "all", "agree", code=1)
    assert refused["error"] == "changed"
    assert "paragraph 1" in refused["what"]
    amended(table.sofia, number, "First of all.", "--insert", "0")
    # What is paragraph 2 now is not what Hernán knew as paragraph 2.
    assert table.hernan.facts("text", "amend", number, "x", "--replace", "2", code=1)["error"] == "changed"
    assert table.hernan.facts("text", "amend", number, "No force whatever.", "--replace", "2")["fate"] == "sent"


def test_every_change(table: Table, tmp_path: Path) -> None:
    number = opened(table, "a\n\nb\n\nc\n")
    pen = table.sofia
    amended(pen, number, "--insert", "1", "--file", "-", typed="x\n\ny\n")
    assert words(pen, number) == ["a", "x", "y", "b", "c"]
    amended(pen, number, "--move", "5", "--after", "0")
    amended(pen, number, "--delete", "3")
    assert words(pen, number) == ["c", "a", "y", "b"]
    amended(pen, number, "--merge", "2")
    assert words(pen, number) == ["c", "a y", "b"]
    amended(pen, number, "--split", "2", typed="one\n\ntwo\n")
    assert words(pen, number) == ["c", "one", "two", "b"]
    file = tmp_path / "changes"
    file.write_text("== replace 1\nC\n\n== insert after 4\nd\n\ne\n== delete 2\n== merge 3\nnew\n== move 3 after 0\n")
    made = amended(pen, number, "--from", str(file))
    assert [change["do"] for change in made["changes"]] == ["replace", "insert", "delete", "merge", "move"]
    assert words(pen, number) == ["new", "C", "d", "e"]
    around(table)
    assert words(table.ana, number) == ["new", "C", "d", "e"]
    said = table.ana.run("text", "amendments", number, "--all").out
    assert "merges" in said
    assert "new, at the beginning:" not in said


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("words\n", "Line 1 has words that belong to no change"),
        ("== replace two\nx\n", "Line 1 begins no change"),
        ("== delete 1\nx\n", "Line 2 has words that belong to no change"),
        ("== replace 9\nx\n", "no paragraph 9; this text has 2"),
        ("== replace 1\n\n", "The words of paragraph 1 are missing"),
        ("== split 1\nx\n", "takes two parts; here are 1"),
        ("== merge 2\n", "No paragraph follows paragraph 2"),
        ("== replace 2\n[a\n", "In the words of paragraph 2: A bracket opens at character 1 and never closes"),
        ("== insert after 1\nok\n\na]\n", "In the words of what is new after paragraph 1: A bracket closes"),
        ("== delete 1\n== replace 1\nx\n", "cannot be made one after the other"),
        ("", "There is no change in this"),
    ],
)
def test_changes_that_are_none(file: str, says: str, shared: tuple[Table, str]) -> None:
    table, number = shared
    told = table.ana.facts("text", "amend", number, "--from", "-", typed=file, code=1)
    assert says in told["what"]
    assert told["safe"] == "Nothing was done."


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, relay: str) -> tuple[Table, str]:
    table = conftest.table_in(tmp_path_factory.mktemp("text"), relay)
    return table, opened(table, CLEAN)


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        ("amend {n} x", 2, "usage"),
        ("amend {n} x --replace 1 --delete 2", 2, "usage"),
        ("amend {n} --move 1", 2, "usage"),
        ("amend {n} x --delete 1", 1, "usage"),
        ("stand {n} 1 maybe", 2, "usage"),
        ("stand {n} some agree", 1, "paragraph"),
        ("stand {n} 3 agree", 1, "paragraph"),
        ("stand {n} 1 agree words", 1, "stance"),
        ("issue {n}", 1, "pen"),
        ("accept {n} 1", 1, "pen"),
        ("break {n}", 1, "state"),
        ("propose {n}", 1, "state"),
        ("pass {n} Ana", 1, "pen"),
        ("withdraw {n} 1", 1, "amendment"),
        ("redline {n} 4", 1, "version"),
        ("show {n} --version 1", 1, "version"),
        ("show 0", 1, "item"),
        ("sound {n} 1", 1, "group"),
        ("clear {n} 1 1", 1, "group"),
        ("export {n} act.odt", 1, "paper-form"),
        ("open T missing.txt", 1, "file"),
        ("open T - --changes guess", 1, "paper-changes"),
    ],
)
def test_bad_input(line: str, code: int, error: str, shared: tuple[Table, str]) -> None:
    table, number = shared
    told = table.ana.facts("text", *line.replace("{n}", number).split(), typed="x\n", code=code)
    assert told["error"] == error
    assert told["what"].count("text.") == 0


def test_what_stands_in_the_way(table: Table) -> None:
    number = opened(table)
    table.ana.facts("text", "stand", number, "3", "agree")
    table.hernan.facts("text", "stand", number, "3", "reserve", "Not before the vote.")
    told = table.hernan.facts("text", "brackets", number)["way"]
    assert told["brackets"] == [{"paragraph": 1, "count": 1}, {"paragraph": 2, "count": 3}]
    assert told["reserved"] == [{"party": "Chile", "paragraphs": [3]}]
    assert told["without"] == [{"parties": ["Chile"], "paragraphs": [3]}]
    said = table.hernan.run("text", "brackets", number).out
    assert "Brackets  4, in paragraphs 1 and 2" in said
    assert "Without Chile, paragraph 3 would be agreed." in said
    assert "A sounding could clear paragraph 1: shall | should" in said
    assert "reserved by Chile, “Not before the vote.”; agreed by Argentina" in table.ana.run("text", "show").out
    assert table.ana.facts("text", "stand", number, "1", "agree", code=1)["error"] == "brackets"


def test_silence_is_broken(table: Table) -> None:
    number = opened(table, CLEAN)
    assert table.sofia.facts("text", "silence", number, "--yes", code=1)["error"] == "version"
    table.sofia.facts("text", "issue", number)
    asked = table.sofia.run("text", "silence", number, "--days", "2", typed="n\n", code=1).both
    assert "Adopt text" in asked
    assert "after 2 days, unless somebody breaks silence?" in asked
    table.sofia.facts("text", "silence", number, "--days", "2", "--yes")
    news = table.ana.run("desk", "sync").out
    assert "unless somebody breaks silence" in news
    steps = table.ana.facts("channel", "show")["channel"]["next"]
    assert any(one["who"] == "you" and one["command"] == f"backchannel text break {number}" for one in steps)
    assert table.ana.facts("text", "amend", number, "x", "--replace", "1", code=1)["error"] == "state"
    assert table.ana.facts("text", "break", number, "A word.")["text"]["state"] == "drafting"
    assert "“A word.”" in table.sofia.run("desk", "sync").out
    table.sofia.facts("text", "close", number, "--yes")
    assert table.ana.facts("text", "stand", number, "1", "agree", code=1)["error"] == "state"


def test_redline_without_colour(table: Table) -> None:
    number = opened(table, "One.\n\nTwo words here now.\n\nThree.\n\n{++Four++}.\n")
    table.sofia.facts("text", "issue", number)
    amended(table.sofia, number, "Two words there now.", "--replace", "2")
    amended(table.sofia, number, "New.", "--insert", "2")
    amended(table.sofia, number, "--delete", "1")
    said = table.ana.run("text", "redline", number).out
    assert "1 | Two words {--here--}{++there++} now.\n    was 2\n" in said
    assert "- | {--One.--}\n    taken out; it was 1\n" in said
    assert "2 | {++New.++}\n    new\n" in said
    assert "Paragraphs 3 and 4: as before" in said
    table.sofia.facts("text", "issue", number)
    assert [line["same"] for line in table.ana.facts("text", "redline", number, "2")["redline"]] == [True] * 4
    assert table.ana.facts("text", "redline", number, "0", "1")["redline"][0]["runs"] == [{"mark": "+", "text": "One."}]
    posed = table.ana.run("text", "redline", number, "0", "2").out
    assert "{++<U+007B>++Four++<U+007D>.++}" in posed


def test_out_to_word_and_back(table: Table, tmp_path: Path) -> None:
    number = opened(table, CLEAN)
    table.sofia.facts("text", "issue", number)
    amended(table.sofia, number, "No force at all.", "--replace", "1")
    for form in papers.FORMS:
        file = tmp_path / f"act.{form}"
        assert table.ana.facts("text", "export", number, str(file), "--redline", "1")["saved"] == str(file)
        assert file.stat().st_size > 100
    assert table.ana.facts("text", "export", number, str(file), code=1)["error"] == "exists"
    with zipfile.ZipFile(io.BytesIO((tmp_path / "act.docx").read_bytes())) as paper:
        assert "<w:ins " in paper.read("word/document.xml").decode()
    back = table.hernan.facts("text", "open", "Back", str(tmp_path / "act.docx"), "--changes", "reject")
    assert [part["text"] for part in back["text"]["paragraphs"]] == ["No force.", "The line follows the coast."]
    assert any("Tracked changes" in line for line in back["told"])
    assert "not encrypted" in table.ana.run("text", "export", number, str(tmp_path / "now.md")).out


def test_changes_of_word_become_brackets(table: Table, tmp_path: Path) -> None:
    runs = (Run("The line follows the "), Run("coast", "removed"), Run("cape", "added", "Ana P."), Run("."))
    file = tmp_path / "act.docx"
    file.write_bytes(papers.write(Document("Act", "", (Paragraph("1", runs),)), "docx"))
    told = table.sofia.facts("text", "open", "Act", str(file))
    assert [part["text"] for part in told["text"]["paragraphs"]] == ["The line follows the [coast] [Argentina: cape]."]


def test_the_pen_passes(table: Table) -> None:
    number = opened(table, CLEAN, "--pen", "Ana")
    assert shown(table.ana, number)["pen_mine"] is True
    assert table.ana.facts("text", "pass", number, "Chile")["text"]["pen"] == "Hernán C."
    made = amended(table.ana, number, "--delete", "2")["number"]
    refused = table.hernan.facts("text", "refuse", number, str(made), "--reason", "No.")
    assert refused["amendments"][0]["answer"]["reason"] == "No."
    assert table.hernan.facts("text", "accept", number, str(made), code=1)["what"].endswith("is refused already.")
    again = amended(table.ana, number, "--delete", "2")["number"]
    assert table.ana.facts("text", "withdraw", number, str(again))["fate"] == "sent"
    assert table.ana.facts("text", "amendments", number)["amendments"][0]["outcome"] == "refused"


def test_a_text_for_some_is_not_for_others(table: Table) -> None:
    number = opened(table, CLEAN, "--to", "Ana", by="sofia")
    assert shown(table.ana, number)["readers"] == ["Ana P.", "Sofia S."]
    assert table.hernan.facts("text", "list")["texts"] == []
    assert table.hernan.facts("text", "show", code=1)["error"] == "item"
    assert [found["text"]["title"] for found in table.ana.facts("search", "coast")["found"]] == ["Act"]


def test_nothing_is_said_of_cryptography_and_every_line_is_short(shared: tuple[Table, str]) -> None:
    table, number = shared
    for line in (f"show {number}", "list", f"brackets {number}", f"amendments {number}", f"redline {number}", "--help"):
        said = table.hernan.run("text", *line.split()).both
        assert FORBIDDEN.search(said.lower()) is None, said
        assert all(len(row) <= 80 for row in said.splitlines()), said


def test_a_long_text_is_told_briefly(table: Table) -> None:
    number = opened(table, "\n\n".join(f"Clause {k}{' [or not]' * (k % 2)}." for k in range(1, 61)))
    said = table.hernan.run("text", "stand", number, "all", "agree").out
    assert f"60 paragraphs: backchannel text show {number}" in said
    assert len(said.splitlines()) < 8
    said = " ".join(table.hernan.run("text", "brackets", number).out.split())
    assert "Brackets 30, in paragraphs 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23 and 18 more" in said
    assert "and 18 brackets more" in said
    amended(table.sofia, number, "First.", "--insert", "0")
    assert "Paragraphs 1 to 60" not in table.ana.run("text", "redline", number, "0").out
    table.sofia.facts("text", "issue", number)
    amended(table.sofia, number, "--delete", "1")
    assert "Paragraphs 1 to 60: as before (2 to 61 then)" in table.ana.run("text", "redline", number, "1").out


def test_where_nobody_is_named_no_paper_names_anybody(
    tmp_path: Path, relay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conftest, "TERMS", replace(conftest.TERMS, attribution="chatham"))
    table = conftest.table_in(tmp_path, relay)
    refused = table.ana.facts("text", "open", "Act", "-", typed=ACT, code=1)
    assert "In the words of paragraph 2 of the file: Under this charter no bracket says whose it is" in refused["what"]
    number = opened(table, CLEAN)
    table.ana.facts("text", "stand", number, "1", "reserve", "Our coast.")
    file = tmp_path / "act.txt"
    table.ana.facts("text", "export", number, str(file))
    said = file.read_text(encoding="utf-8")
    assert "1. reserved\n2. open\n" in said
    assert "Argentina" not in said
    assert "Our coast" not in said


def test_words_that_are_signed_are_as_they_are_read(table: Table) -> None:
    number = opened(table, "One \\[sic\\] and\\/or two.\n")
    agreed(table, number)
    table.sofia.facts("text", "issue", number)
    table.sofia.facts("text", "adopt", number, "--yes")
    told = table.ana.facts("text", "propose", number, "--signatory", "Ana", "--signatory", "Chile", "--yes")
    assert told["understanding"]["clauses"] == ["One [sic] and/or two."]


def test_without_a_relay_it_waits(unreachable: Table, tmp_path: Path) -> None:
    told = unreachable.ana.run("text", "open", "Act", "-", typed=CLEAN).out
    assert told.startswith("Written. It waits on this desk.")
    assert "text (Act)" in unreachable.ana.run("desk", "status").out
