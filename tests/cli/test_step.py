"""`backchannel step`: from a template to a verified step; what it refuses, and in which words."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from backchannel.cli import step_news
from backchannel.desk import sending
from backchannel.desk.book.outbox import Outbox
from backchannel.desk.channel import Channel
from backchannel.desk.files import Incoming
from backchannel.desk.link.client import RelayClient
from backchannel.errors import RelayRefused, Unreachable
from backchannel.instruments.step.acts import PIECE
from tests.cli.conftest import Person, Table, table_in

LADDER = """title = "Standstill"
[[step]]
key = "a"
who = "Argentina"
what = "The fleet\\nreturns."
where = "South of the cape."
owed_to = ["Chile"]
in_return_for = ["b"]
by = 2036-12-01
verified_by = ["Chile", "Holy See"]
findings_needed = 1
how = "By looking."
visits_a_year = 1
if_late = "A call."
broken_after_days = 90
remind_days = [7, 1]
reversible = false
[[step]]
key = "b"
who = "Chile"
what = "The guns go back."
in_return_for = ["a"]
by = 2036-12-01
[[step]]
who = "Argentina"
what = "Crews come home."
after = ["b", ["a", "b"]]
owed_to = ["Chile"]
within_days = 3
"""


def proposed(person: Person, folder: Path, words: str = LADDER, *more: str) -> str:
    """Propose it; the ladder's number."""
    file = folder / "ladder.toml"
    file.write_text(words)
    found = person.facts("step", "propose", str(file), *more)["ladder"]
    return str(found["number"])


def pledged(table: Table, folder: Path) -> str:
    number = proposed(table.ana, folder)
    table.ana.facts("step", "pledge", number, "1", "3", "--yes")
    table.hernan.facts("step", "pledge", number, "2", "--yes")
    return number


def file(folder: Path, size: int = PIECE + 5, name: str = "photo.jpg") -> Path:
    path = folder / name
    path.write_bytes(os.urandom(size))
    return path


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, relay: str) -> tuple[Table, str]:
    """A table with a ladder of which all is promised; for what is only looked at or refused."""
    folder = tmp_path_factory.mktemp("step")
    table = table_in(folder, relay)
    return table, pledged(table, folder)


# --- templates --------------------------------------------------------------------------------------------------------


def test_templates_need_no_desk(tmp_path: Path) -> None:
    nobody = Person(tmp_path / "none")
    listed = nobody.run("step", "template").out
    assert "ceasefire   arms are silent in a zone" in listed
    assert "For instance: backchannel step template ceasefire" in listed
    assert "ceasefire" in nobody.facts("step", "template")["templates"]
    words = nobody.run("step", "template", "ceasefire", "--as", "A=Argentina", "--as", "C = Holy See").out
    assert {step["who"] for step in tomllib.loads(words)["step"]} == {"Argentina", "B"}
    told = nobody.facts("step", "template", "hotline")
    assert told["name"] == "hotline"
    assert tomllib.loads(told["template"])["title"] == "A line between the two headquarters"
    assert nobody.facts("step", "template", "peace", code=1)["error"] == "template"
    for given in ("A", "A=", "=x"):
        assert nobody.facts("step", "template", "hotline", "--as", given, code=2 if given != "=x" else 1)["todo"]
    assert not (tmp_path / "none").exists()


# --- from beginning to end --------------------------------------------------------------------------------------------


def test_a_ladder_as_people_use_it(table: Table, short: Path) -> None:
    ana, hernan, sofia = table.all
    said = ana.run("step", "list").out
    assert said == "No ladders. Begin with one: backchannel step template\n"
    assert ana.facts("step", "show", code=1)["what"] == "There is no ladder here."
    n = proposed(ana, short)
    news = hernan.run("desk", "sync").out
    assert f"{n}  Standstill" in news
    assert f"backchannel step pledge {n} 2" in news
    assert "you: promise step 2" in hernan.run("channel", "show").out
    assert "Argentina: promises steps 1 and 3" in hernan.run("channel", "show").out
    asked = ana.run("step", "pledge", n, "1", "3", typed="y\n").both
    assert "| The fleet\n  | returns." in asked
    assert "for Argentina? It cannot be taken back. [y/N]: y" in asked
    assert "in return for 2 (not promised yet)" in asked
    assert hernan.facts("step", "pledge", n, "2", code=1)["error"] == "confirm"
    hernan.run("step", "pledge", n, "2", "--yes")
    news = ana.run("desk", "sync").out
    assert "Chile promises step 2" in news
    assert f"step 1 of ladder {n}, Argentina, is due, by the end of 2036-12-01 (UTC)" in news
    assert f"backchannel step report {n} 1" in news
    assert f"report step 1 of ladder {n}, by the end of 2036-12-01 (UTC)" in ana.run("channel", "show").out

    photo = file(short)
    asked = ana.run("step", "report", n, "1", "It sails.", "--file", str(photo), typed="n\n", code=1).both
    assert "Files go exactly as they are, with their names" in asked
    assert "A photograph often says where" in " ".join(asked.split())
    assert "Send photo.jpg (786.4 kB)? [y/N]: n" in asked
    said = ana.run("step", "report", n, "1", "It sails.", "--file", str(photo), typed="y\n").out
    assert "Sent: photo.jpg (786.4 kB)" in said
    assert "1 file, all here" in said
    news = sofia.run("desk", "sync").out
    assert "step 1, Argentina: reported, “It sails.”; 1 file" in news
    assert f"all files that were named are here, of ladder {n}" in news
    assert f"backchannel step find {n} 1 kept|doubted|broken" in sofia.run("step", "list").out

    sofia.run("step", "inspect", n, "1", "On Monday.", typed="y\n")
    told = sofia.facts("step", "inspect", n, "1", "--yes", code=1)
    assert told["error"] == "visits"
    assert re.search(r"the next is possible on 20\d\d-\d\d-\d\d\.", told["what"])
    assert ana.facts("step", "find", n, "1", "kept", code=1)["error"] == "party"
    hernan.run("step", "find", n, "1", "doubted", "One ship stays.\nAt the pier.")
    found = sofia.run(
        "step", "find", n, "1", "kept", "None was seen.", "--file", str(file(short, 3, "map.png")), "--yes"
    )
    assert "1  Argentina: disputed" in found.out
    page = ana.run("step", "show", n, "1").out
    assert "you: answer the doubt on step 1, with another report" in page
    row = next(line for line in page.splitlines() if line.startswith(("Chile  ", "Holy See  ")))
    assert "Chile" in row
    assert "Holy See" in row
    for words in (
        "1 of Chile and Holy See; By looking.",
        "1 in a year, 1 at most by one party",
        "A call.; broken 90 days after its hour",
        "7 and 1 days before",
        "Undone         cannot be",
        "the end of 2036-12-01 (UTC), by the log's clock",
        "Holy See inspects",
        "map.png, 3 bytes, of Holy See: here",
    ):
        assert words in page
    ana.run("step", "report", n, "1", "That ship too.")
    page = ana.run("step", "show", n, "1").out
    assert "Found before; it counts no more:" in page
    sofia.run("step", "find", n, "1", "kept")
    facts = ana.facts("step", "show", n, "1")["step"]
    assert (facts["state"], [found["counts"] for found in facts["findings"]]) == ("verified", [False, False, True])
    assert [(one["name"], one["here"], one["pieces"]) for one in facts["evidence"]] == [
        ("photo.jpg", 2, 2),
        ("map.png", 1, 1),
    ]

    hernan.run("step", "report", n, "2", "-", typed="Back.\n")
    said = hernan.run("step", "excuse", n, "3", "--until", "2036-06-01", "--reason", "Snow.", typed="y\n").both
    assert "Give Argentina until the end of 2036-06-01 (UTC) for step 3, “Crews come home.”? [y/N]: y" in said
    assert "may have until the end of 2036-06-01 (UTC), “Snow.”" in ana.run("desk", "sync").out
    page = ana.run("step", "show", n, "3").out
    assert "Chile gives it until the end of 2036-06-01 (UTC)" in page
    hernan.run("step", "excuse", n, "3", "--for-good", "--yes")
    assert "need not be done" in ana.run("desk", "sync").out
    assert "Chile excuses it for good" in ana.run("step", "show", n, "3").out
    assert "Nothing is awaited from you." in ana.run("step", "show", n).out
    found = ana.facts("search", "fleet")["found"]
    assert [one["step"]["title"] for one in found] == ["Standstill"]
    assert f"{n}  Standstill" in ana.run("search", "fleet").out
    files_saved(hernan, n, short)
    record(ana, n, short)


def files_saved(hernan: Person, n: str, short: Path) -> None:
    """What goes with it comes out as it was, once, for its owner only."""
    said = hernan.run("step", "evidence", n, "1", "--save", str(short / "out")).out
    assert f"Saved as {short / 'out' / 'photo.jpg'}" in said.replace("\n  ", "")
    assert "open them" in said
    assert (short / "out" / "photo.jpg").read_bytes() == (short / "photo.jpg").read_bytes()
    modes = [stat.S_IMODE((short / "out" / name).stat().st_mode) for name in ("photo.jpg", "map.png", "")]
    assert modes == [0o600, 0o600, 0o700]
    again = hernan.facts("step", "evidence", n, "1", "--save", str(short / "out"), code=1)["evidence"]
    assert [one["saved"] for one in again] == [None, None]
    assert "is there already" in again[0]["why"]
    assert "Not saved:" in hernan.run("step", "evidence", n, "1", "--save", str(short / "out"), code=1).out
    assert hernan.facts("step", "evidence", n, "1", "--save", str(short / "photo.jpg"), code=1)["error"] == "file"
    assert hernan.run("step", "evidence", n, "2").out == "No files go with this step.\n"


def record(ana: Person, n: str, short: Path) -> None:
    """By party, with the reasons; as a table."""
    said = ana.run("step", "record").out
    assert "1 kept and verified; 1 excused" in said
    assert "kept on its own word" in said
    assert "doubted, Chile, “One ship stays. At the pier.”" in said.replace("\n        ", " ")
    facts = ana.facts("step", "record", "--party", "chile")["parties"]
    assert [(one["party"], one["counts"]["kept"]) for one in facts] == [("Chile", 1)]
    assert ana.facts("step", "record", "--since", "2036-12-01", "--until", "2036-12-01")["parties"][0]["counts"] == {
        **dict.fromkeys(facts[0]["counts"], 0),
        "verified": 1,
    }
    none = ana.run("step", "record", "--since", "2037-01-01").out
    assert "since 2037-01-01" in none
    assert "A step counts where its hour lies (UTC days)" in none
    assert "Argentina\n  none\n" in none
    for form in ("csv", "txt", "md"):
        target = short / f"record.{form}"
        assert "Saved as" in ana.run("step", "record", "--save", str(target)).out
        assert "The fleet" in target.read_text(encoding="utf-8-sig")
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert ana.facts("step", "record", "--save", str(short / "record.csv"), code=1)["error"] == "exists"
    assert ana.facts("step", "record", "--save", "record.doc", code=1)["error"] == "paper-form"
    assert ana.facts("step", "record", "--party", "Norway", code=1)["error"] == "party"


def test_nobody_has_promised(table: Table) -> None:
    assert "Nobody has promised anything yet." in table.ana.run("step", "record").out


# --- announced, added, withdrawn --------------------------------------------------------------------------------------


def test_a_gesture_and_more_steps(table: Table, short: Path) -> None:
    ana, hernan, _ = table.all
    line = ["step", "announce", "A light burns.", "--title", "Light", "--by", "2036-12-24", "--remind", "3"]
    more = ["--verified-by", "Holy See", "--verified-by", "Chile", "--needed", "1", "--how", "By night."]
    asked = ana.run(*line, *more, "--where", "The cape.", typed="y\n").both
    assert "Announce, for Argentina, to Chile and Holy See: “A light burns.”? [y/N]: y" in asked
    (one,) = ana.facts("step", "list")["ladders"]
    n = str(one["number"])
    page = hernan.run("step", "show", n, "1").out
    assert "a gesture of its own; it demands nothing" in page
    assert "1 of Chile and Holy See; By night." in page
    typed = ana.run("step", "announce", "--in", n, "--irreversible", "--yes", typed="And another.\n").out
    assert "2  Argentina: due\n  | And another." in typed
    ana.run("step", "withdraw", n, "2", "--reason", "The storm.", typed="y\n")
    assert "step 2, Argentina: withdrawn, “The storm.”" in hernan.run("desk", "sync").out
    assert "Because:\n  | The storm." in hernan.run("step", "show", n, "2").out
    (short / "more.toml").write_text(
        '[[step]]\nwho = "Chile"\nwhat = "An answer."\nowed_to = ["Argentina"]\nafter = ["#1"]\n'
    )
    said = hernan.run("step", "add", n, str(short / "more.toml")).out
    assert "3  Chile: proposed\n  | An answer.\n  waits for 1" in said
    assert "step 3 of Chile" in ana.run("desk", "sync").out
    (short / "more.toml").write_text(LADDER)
    assert hernan.facts("step", "add", n, str(short / "more.toml"), code=1)["what"].startswith("This file has a title")
    ana.facts("step", "announce", "Only to you.", "--title", "Two", "--to", "Chile", "--owed-to", "Chile", "--yes")
    assert "2 ladders here; which is meant?" in ana.facts("step", "show", code=1)["what"]
    assert len(table.sofia.facts("step", "list")["ladders"]) == 1


def test_to_some_only(table: Table, short: Path) -> None:
    words = LADDER.replace(', "Holy See"', "")
    proposed(table.ana, short, words, "--to", "Chile")
    assert table.ana.facts("step", "show")["ladder"]["readers"] == ["Ana P.", "Hernán C."]
    assert table.sofia.facts("step", "list")["ladders"] == []


def test_from_stdin(table: Table) -> None:
    assert "Standstill" in table.ana.run("step", "propose", "-", typed=LADDER).out


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        ("propose missing.toml", 1, "file"),
        ("propose .", 1, "file"),
        ("propose", 2, "usage"),
        ("propose - --to Nobody", 1, "seat"),
        ("add 0 -", 1, "item"),
        ("show 0", 1, "item"),
        ("show N 9", 1, "step"),
        ("show N 0", 2, "usage"),
        ("pledge N 1", 1, "state"),
        ("pledge N 2", 1, "party"),
        ("pledge N 9", 1, "step"),
        ("pledge N", 2, "usage"),
        ("withdraw N 1 --yes", 1, "promised"),
        ("withdraw N 1", 1, "promised"),
        ("report N 2 x", 1, "party"),
        ("report N 1 x --file missing", 1, "file"),
        ("report N 1 x --file .", 1, "file"),
        ("report N 1 x --file PHOTO --file PHOTO", 1, "file"),
        ("report N 1 x --file PHOTO", 1, "confirm"),
        ("send N 1 PHOTO", 1, "file"),
        ("send N 1 missing", 1, "file"),
        ("send N 9 PHOTO", 1, "step"),
        ("evidence N 9", 1, "step"),
        ("inspect N 1", 1, "party"),
        ("find N 2 perhaps", 2, "usage"),
        ("find N 1 kept", 1, "party"),
        ("excuse N 2", 2, "usage"),
        ("excuse N 2 --until 2036-12-01 --for-good", 2, "usage"),
        ("excuse N 2 --until yesterday", 2, "usage"),
        ("excuse N 2 --until 1960-01-01", 1, "day"),
        ("excuse N 2 --until 2030-01-01 --yes", 1, "until"),
        ("excuse N 2 --for-good", 1, "confirm"),
        ("excuse N 1 --for-good --yes", 1, "party"),
        ("announce x --title T --in N", 2, "usage"),
        ("announce x", 2, "usage"),
        ("announce x --in N --to Chile", 2, "usage"),
        ("announce x --title T --by soon", 2, "usage"),
        ("announce x --title T --by 9999-12-31 --yes", 1, "plan"),
        ("announce x --title T --verified-by Norway --yes", 1, "plan"),
        ("announce x --title T --remind 3 --yes", 1, "remind"),
        ("announce x --title T", 1, "confirm"),
        ("record --since tomorrow", 2, "usage"),
        ("export N x.doc", 1, "paper-form"),
        ("export N x", 1, "paper-form"),
        ("export 0 x.svg", 1, "item"),
        ("calendar x.svg", 1, "paper-form"),
    ],
)
def test_bad_input(
    line: str, code: int, error: str, shared: tuple[Table, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, number = shared
    monkeypatch.chdir(tmp_path)
    photo = file(tmp_path, 10)
    words = [{"N": number, "PHOTO": str(photo)}.get(word, word) for word in line.split()]
    before = table.ana.facts("step", "show", number)["ladder"]["steps"]
    told = table.ana.facts("step", *words, typed=LADDER, code=code)
    assert told["error"] == error
    assert told["what"]
    assert "step." not in told["what"]
    assert table.ana.facts("step", "show", number)["ladder"]["steps"] == before


WRONG: dict[str, tuple[bytes, str]] = {
    "no TOML": (b"title = ", "plan"),
    "no text": (b"\xff\xfe", "plan"),
    "too long": (b"#" * 2_100_000, "too-large"),
    "too deep": (b"a = " + b"[" * 50_000, "plan"),
    "another party": (LADDER.replace("Holy See", "Norway").encode(), "plan"),
    "a circle": (LADDER.replace('what = "The guns', 'after = ["b"]\nwhat = "The guns').encode(), "circle"),
    "nothing": (b"", "name"),
    "hidden characters": (LADDER.replace("fleet", "fl\u202eeet").encode(), "prose"),
}


@pytest.mark.parametrize("name", WRONG)
def test_files_that_are_no_ladder(name: str, shared: tuple[Table, str], tmp_path: Path) -> None:
    content, error = WRONG[name]
    (tmp_path / "bad.toml").write_bytes(content)
    told = shared[0].ana.facts("step", "propose", str(tmp_path / "bad.toml"), code=1)
    assert told["error"] == error
    said = shared[0].ana.run("step", "propose", str(tmp_path / "bad.toml"), code=1).both
    assert "Traceback" not in said
    assert "\u202e" not in said


# --- files: changed, interrupted, too many ----------------------------------------------------------------------------


def stopping(monkeypatch: pytest.MonkeyPatch, after: int, error: BaseException) -> None:
    """It is stopped, or the relay goes away, when so many pieces have gone."""
    real, seen = Outbox.set_posted, 0

    def posted(self: Outbox, rows: Iterable[Any]) -> None:
        nonlocal seen
        rows, pieces = list(rows), {row.n for row in self.waiting("step.piece")}
        real(self, rows)
        seen += sum(row.n in pieces for row in rows)
        if seen >= after:
            raise error

    monkeypatch.setattr(Outbox, "set_posted", posted)


def test_a_report_whose_files_are_interrupted(table: Table, short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = table.ana
    n, photo = pledged(table, short), file(short, 9 * PIECE)
    content = photo.read_bytes()
    with monkeypatch.context() as patch:
        stopping(patch, 5, Unreachable("unreachable", "The relay does not answer."))
        said = ana.run("step", "report", n, "1", "Done.", "--file", str(photo), "--yes").out
    assert "Said.\n" in said
    assert "Not sent yet: photo.jpg, 4 of 9 pieces.\n" in said
    assert "It is kept on this desk, and goes on by itself with the next sync: backchannel desk sync" in flat(said)
    assert "The relay does not answer." in said
    photo.write_bytes(b"another")  # the desk has its own
    status = ana.run("desk", "status").out
    assert "On its way: photo.jpg, 4 of 9 pieces sent" in status
    assert "Nothing waits here" not in status
    assert ana.facts("desk", "status")["channels"][0]["files"][0]["pieces"] == 9
    page = table.hernan.run("step", "show", n).out
    assert "1 file, 1 not wholly here yet" in page
    assert table.hernan.facts("step", "evidence", n, "1", "--save", str(short / "o"), code=1)["evidence"][0]["why"]
    seen = ana.run("channel", "show").out  # who looks at something else waits for a few pieces only
    assert "the rest of the files" not in seen
    assert ana.facts("step", "evidence", n, "1")["evidence"][0]["here"] == 9
    assert "Nothing waits here" in ana.run("desk", "status").out
    assert table.hernan.facts("step", "evidence", n, "1", "--save", str(short / "o"))["evidence"][0]["saved"]
    assert (short / "o" / "photo.jpg").read_bytes() == content


def flat(said: str) -> str:
    return " ".join(said.split())


def test_ctrl_c_while_sending_says_how_it_goes_on(table: Table, short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    n = pledged(table, short)
    photos = [str(file(short, 5 * PIECE, name)) for name in ("a.jpg", "b.jpg")]
    with monkeypatch.context() as patch:
        stopping(patch, 5, KeyboardInterrupt())
        files = [word for photo in photos for word in ("--file", photo)]
        said = table.ana.run("step", "report", n, "1", "Done.", *files, "--yes", code=1).out
    assert "Not sent yet: a.jpg, 4 of 5 pieces. It was stopped.\n" in said
    assert "Not sent yet: b.jpg, 0 of 5 pieces. It was stopped.\n" in said
    assert "goes on by itself with the next sync: backchannel desk sync" in flat(said)
    table.ana.run("desk", "sync")
    told = table.ana.facts("step", "evidence", n, "1")["evidence"]
    assert [one["here"] for one in told] == [5, 5]


def test_what_is_stopped_or_declined_before_it_is_said_leaves_nothing(
    table: Table, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n, photo = pledged(table, short), str(file(short))
    table.ana.run("step", "report", n, "1", "Done.", "--file", photo, typed="n\n", code=1)
    table.ana.facts("step", "report", n, "1", "Done.", "--file", photo, "--file", str(short / "none"), "--yes", code=1)
    with monkeypatch.context() as patch:
        patch.setattr(Incoming, "end", stopped)
        table.ana.run("step", "report", n, "1", "Done.", "--file", photo, "--yes", code=1)
    with table.ana.desk() as desk:
        assert desk.vault.query("SELECT * FROM outgoing") == []
    assert table.ana.facts("step", "show", n, "1")["step"]["reports"] == []


def stopped(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_piece_that_the_relay_did_not_take(table: Table, short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    n, photo = pledged(table, short), str(file(short, 10))
    real = RelayClient.append

    def small(self: RelayClient, name: str, credential: bytes, frames: Any) -> Any:
        if sum(len(frame.body) for frame in frames) > 100_000:
            raise RelayRefused("too-large", "This is more than the relay takes at once.")
        return real(self, name, credential, frames)

    with monkeypatch.context() as patch:
        patch.setattr(RelayClient, "append", small)
        big = str(file(short, PIECE, "big.jpg"))
        files = ["--file", big, "--file", photo]
        told = table.ana.facts("step", "report", n, "1", "Done.", *files, "--yes", code=1)["files"]
    assert [one["sent"] for one in told] == [False, True]
    assert told[0]["why"]["what"] == "A piece was not accepted: This is more than the relay takes at once."
    assert told[0]["why"]["todo"].endswith("backchannel desk status")
    assert told[1]["why"] is None


def test_a_file_from_another_desk_of_the_party(table: Table, short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it were another: what was named, and did not leave, is not on this desk any more."""
    ana = table.ana
    n, photo = pledged(table, short), file(short, 3 * PIECE)
    with monkeypatch.context() as patch:
        patch.setattr(sending, "owed", lambda session, waiting: [])
        ana.run("step", "report", n, "1", "Done.", "--file", str(photo), "--yes")
    with ana.desk() as desk:
        session = desk.channels()[0].session
        (row,) = session.book.outgoing.all()
        sending.drop(session, row.k, named_too=True)
    assert "send the rest of the files of step 1" in ana.run("channel", "show").out
    whole = photo.read_bytes()
    photo.write_bytes(b"other" + whole[5:])
    assert ana.facts("step", "send", n, "1", str(photo), code=1)["what"].endswith("it has changed since.")
    photo.write_bytes(whole)
    told = ana.facts("step", "send", n, "1", str(photo))
    assert [(one["sent"], one["here"], one["pieces"], one["why"]) for one in told["files"]] == [(True, 3, 3, None)]
    assert "Sent: photo.jpg" in ana.run("step", "send", n, "1", str(photo)).out
    assert table.hernan.facts("step", "evidence", n, "1", "--save", str(short / "o"))["evidence"][0]["saved"]


def test_too_many_files(table: Table, short: Path) -> None:
    n = pledged(table, short)
    many = [word for k in range(65) for word in ("--file", str(file(short, 3, f"f{k}")))]
    assert table.ana.facts("step", "report", n, "1", "Done.", *many, "--yes", code=1)["error"] == "files"
    assert table.ana.facts("step", "show", n, "1")["step"]["reports"] == []


def test_without_a_relay_the_report_waits_and_its_files_too(table: Table, short: Path, relay: str) -> None:
    n, photo = pledged(table, short), file(short, 10)
    table.ana.run("desk", "sync")
    away = Person(short / "away")
    shutil.copytree(table.ana.folder, away.folder)
    told = away.facts(
        "step", "report", n, "1", "Done.", "--file", str(photo), "--yes", "--proxy", "socks5h://127.0.0.1:9"
    )
    assert (told["fate"], told["files"][0]["sent"], told["files"][0]["why"]) == ("waits", False, None)
    away.run("desk", "sync")
    assert away.facts("step", "evidence", n, "1")["evidence"][0]["here"] == 1
    assert away.facts("step", "find", n, "2", "kept", code=1)["error"] == "confirm"  # it was not reported
    declined = away.run("step", "find", n, "2", "kept", typed="n\n", code=1)
    assert "Chile has not reported step 2. Say all the same that it was kept?" in declined.err
    said = away.run("step", "find", n, "2", "kept", "--yes", "--proxy", "socks5h://127.0.0.1:9", code=0).out
    assert "Written. It waits on this desk." in said
    waits = away.facts("step", "announce", "x", "--title", "T", "--yes", "--proxy", "socks5h://127.0.0.1:9")
    assert (waits["fate"], waits["ladder"]) == ("waits", None)


# --- exports ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["svg", "png", "pdf", "txt", "md", "csv", "ics"])
def test_exports(form: str, shared: tuple[Table, str], tmp_path: Path) -> None:
    (table, number), target = shared, tmp_path / f"ladder.{form}"
    said = table.sofia.run("step", "export", number, str(target)).out
    assert "not encrypted" in " ".join(said.split())
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.stat().st_size > 300
    assert table.sofia.facts("step", "export", number, str(target), code=1)["error"] == "exists"


def test_a_calendar_says_what_it_leaks(shared: tuple[Table, str], tmp_path: Path) -> None:
    table, _ = shared
    said = table.ana.run("step", "calendar", str(tmp_path / "bare.ics"), "--lead", "2").out
    assert "whoever keeps your calendar for you sees these hours" in " ".join(said.split())
    bare = (tmp_path / "bare.ics").read_text()
    assert "fleet" not in bare
    assert bare.count("TRIGGER:-P2D") == bare.count("BEGIN:VEVENT") == 2
    said = table.ana.run("step", "calendar", str(tmp_path / "words.ics"), "--words").out
    assert "what is due, when and by whom" in " ".join(said.split())
    assert "fleet" in (tmp_path / "words.ics").read_text()


# --- under the Chatham House rule -------------------------------------------------------------------------------------


def test_under_chatham_no_record_names_who_found_what(
    table: Table, short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from msgspec.structs import replace

    n = pledged(table, short)
    table.ana.run("step", "report", n, "1", "Done.")
    table.hernan.run("step", "find", n, "1", "doubted", "No.")
    real = Channel.state.fget  # type: ignore[attr-defined]

    def chatham(channel: Channel) -> Any:
        state = real(channel)
        terms = replace(state.charter.terms, attribution="chatham")
        return replace(state, charter=replace(state.charter, terms=terms))

    monkeypatch.setattr(Channel, "state", property(chatham))
    said = table.ana.run("step", "record", "--save", str(short / "r.csv")).out
    assert "doubted, “No.”" in said
    assert "is left out, as the charter says" in said
    assert "doubted, Chile" not in (short / "r.csv").read_text(encoding="utf-8-sig")
    assert "it is not told outside who found what" in table.ana.run("step", "show", n, "1").out


# --- news -------------------------------------------------------------------------------------------------------------


def test_much_that_moves_is_told_in_short(table: Table, short: Path) -> None:
    many = "\n".join(
        f'[[step]]\nwho = "{who}"\nwhat = "Step {k}."\nowed_to = ["Holy See"]\nby = 2036-12-01\nannounced = true'
        for k in range(20)
        for who in ["Argentina"]
    )
    table.hernan.run("desk", "sync")
    n = proposed(table.ana, short, f'title = "Many"\n{many}')
    news = table.hernan.facts("desk", "sync")["channels"][0]["new"]
    assert [one["kind"] for one in news].count("step.due") == step_news.MOST
    assert news[-1]["what"] == "and 8 steps more"
    said = table.sofia.run("step", "list").out
    assert "20 steps: 20 due" in said
    page = table.hernan.run("step", "show", n).out
    assert "and 14 more" in page
    shown = table.hernan.run("desk", "sync").out
    assert "nothing new" in shown


@pytest.mark.parametrize(
    ("kind", "says"),
    [("step.remind", "step 1, Argentina: is due within 7 days, “The fleet returns.”"), ("step.piece", None)],
)
def test_what_desks_say_by_themselves(kind: str, says: str | None, shared: tuple[Table, str]) -> None:
    table, number = shared
    with table.ana.desk() as desk:
        channel = desk.channel()
        item = channel.session.book.items.at(int(number)).value  # type: ignore[union-attr]

        class Act:
            step, lead = item.steps[0].id, 7

        assert step_news.facts(channel, item, kind, Act, 0).get("about") == says


def test_what_waits_for_what_is_lost(table: Table, short: Path) -> None:
    n = pledged(table, short)
    table.hernan.facts("step", "excuse", n, "3", "--until", "2036-06-01", "--yes")
    assert "excused until the end of 2036-06-01 (UTC)" in table.ana.run("step", "show", n).out
    words = LADDER.replace('in_return_for = ["b"]', "").replace('in_return_for = ["a"]', 'owed_to = ["Argentina"]')
    n = proposed(table.ana, short, words)
    for number in ("1", "2"):
        table.ana.run("step", "withdraw", n, number, "--yes")
    page = table.hernan.run("step", "show", n).out
    assert "what it waits for, or is given for, can no longer be" in " ".join(page.split())
    assert "what it waits for" in table.ana.run("step", "withdraw", n, "3", "--yes").out


def test_names_are_completed() -> None:
    from backchannel.cli.step import _names

    assert "ceasefire" in _names()


def test_sizes_in_words() -> None:
    from backchannel.cli.step_one import size

    assert [size(n) for n in (0, 999, 1_500, 2_000_000, 1 << 30)] == [
        "0 bytes",
        "999 bytes",
        "1.5 kB",
        "2.0 MB",
        "1.1 GB",
    ]


def test_options_of_every_command() -> None:
    folder = Path("nowhere")
    page: Callable[[str], str] = lambda name: Person(folder).run("step", name, "--help").out  # noqa: E731
    for name in ("propose", "announce", "report", "find", "excuse", "record", "export", "calendar", "send", "evidence"):
        assert "--json" in page(name)
