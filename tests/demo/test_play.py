"""The whole performance, once, and how it is told."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from backchannel.demo import performance, play
from backchannel.demo.checks import Check
from backchannel.demo.clock import Clock
from backchannel.demo.scenario import load
from backchannel.demo.tell import Teller
from backchannel.errors import Misuse

CHECKS = [
    "same-record",
    "arrived",
    "one-side-only",
    "sounding",
    "sounding-unknown",
    "sounding-gone",
    "taken-up",
    "hat",
    "vanished",
    "text",
    "signed-text",
    "steps",
    "evidence",
    "dossier",
    "passed-on",
    "shut-out",
    "audit",
    "relay-blind",
    "vaults-closed",
    "search-works",
    "altered-host",
    "altered-desk",
    "record",
    "changed-word",
    "shown",
    "shown-letter",
    "shown-others",
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, Path, float]:
    """One performance, told as to a person; what came of it."""
    folder, out, begun = tmp_path_factory.mktemp("demo") / "new", io.StringIO(), time.monotonic()
    return play(folder, fast=True, as_json=False, out=out), out.getvalue(), folder, time.monotonic() - begun


def test_all_proofs_hold_and_it_is_quick(told: tuple[int, str, Path, float]) -> None:
    code, text, _, seconds = told
    assert code == 0, text
    tried = len(CHECKS) - text.count("–")  # the last, where there is no Node
    assert text.count("✓") == tried >= len(CHECKS) - 1
    how_many = f"All {tried}" if tried == len(CHECKS) else f"{tried} of {len(CHECKS)}"
    assert f"{how_many} proofs hold." in text
    assert "✗" not in text
    assert seconds < 100  # alone it takes about 12; other tests run beside it


def test_it_fits_a_narrow_terminal_and_a_pipe(told: tuple[int, str, Path, float]) -> None:
    _, text, _, _ = told
    before = text.partition("Go on from here")[0]
    assert max(map(len, before.splitlines())) <= 80
    assert not re.search(r"\x1b| \n|\n\n\n", text)


def test_who_can_read_what_is_said(told: tuple[int, str, Path, float]) -> None:
    _, text, _, _ = told
    assert "Samoré can read it   Argentina wrote it   Chile cannot open it" in text
    assert re.search(r"Chile's desk has entry \d+: [\d,]+ sealed bytes, it cannot tell by whom", text)
    assert "waits on this desk" in text
    assert "1 note that waited went out" in text
    assert "corrects Chile" in text
    assert "Ours, not history" in text
    assert "1 note and 1 non-paper came" in text
    assert "Not built yet" not in text


def test_what_a_sounding_shows_and_what_not(told: tuple[int, str, Path, float]) -> None:
    text = " ".join(told[1].split())
    found, _, nothing = text.partition("A sounding that finds nothing")
    assert text.count("answers, for good") == 6
    assert text.count("there are only two voters") == 1
    assert "gives the same warnings" in nothing
    assert "opened: “The Pope”, acceptable to both" in found
    assert "Samoré sees: Acceptable to both: The Pope. Nothing else is known." in found
    assert "Samoré sees: No option is acceptable to both. Nothing else is known." in nothing
    assert text.count("sees the same, and no more") == 6
    assert "Argentina said no to all, and learns nothing about Chile." in nothing
    assert "Chile said yes to 1 and 3, which failed: with two voters it can tell that Argentina said no." in nothing
    assert "Samoré and the relay cannot tell who said no." in nothing
    assert text.count("neither question nor answers") == 3


def test_what_becomes_of_non_papers(told: tuple[int, str, Path, float]) -> None:
    text = " ".join(told[1].split())
    assert "floats a non-paper among Samoré and Argentina and Chile, for 14 days: “Draft declaration”" in text
    assert "Argentina takes it up: proposes “Act of Montevideo” for signature by Argentina and Chile" in text
    assert text.count("vanishes from every desk, from every backup and from the relay") == 1
    assert text.count("3 of 3 desks have confirmed that they have destroyed it.") == 2
    assert "3 desks drop a slip of 4,096 bytes; all but one are empty, all look alike" in text
    assert "floated as a non-paper that nobody has written" in text
    assert "two who put their heads together know the third" in text
    assert "until now the clocks of this relay and these desks were 15 days behind" in text
    assert "“The proposal of His Holiness”: while they lived" in text


def test_from_brackets_to_what_is_shown(told: tuple[int, str, Path, float]) -> None:
    text, folder = " ".join(told[1].split()), told[2]
    assert "Casaroli opens the text “Treaty of Peace and Friendship”, and holds the pen" in text
    assert "in the way are brackets in paragraphs 2, 4, 5; a sounding could clear 3 of them" in text
    assert "Casaroli accepts what Argentina and Chile proposed: in the way is a bracket in paragraph 4" in text
    assert text.replace("│ ", "").count("up to {--[Argentina: --}three{--] [Chile: twelve]--} nautical miles.") == 2
    assert "issues version 2. Against version 1, word by word" in text
    assert "all 6 paragraphs are agreed by all" in text
    assert "No principal of its party sits here" in text
    assert text.count("Signed by all: complete") == 2
    assert "consents: with that all parties have, as the charter wants" in text
    assert text.count("█ not shown") == 4
    assert "Samoré" not in text.partition("One text, with brackets")[2].partition("What can be proved")[0]
    assert sorted(path.name for path in (folder / "disclosed").iterdir()) == ["bundle.json", "index.html"]


def test_what_becomes_of_steps(told: tuple[int, str, Path, float]) -> None:
    text, folder = " ".join(told[1].split()), told[2]
    assert "Samoré proposes 8 steps: “Obligations of the Act of Montevideo”" in text
    assert "In return for each other: 1 and 2, 3 and 4, 5 and 6, 7 and 8. 5 and 6 wait for 3 and 4." in text
    assert "promises steps 1, 3, 5 and 7: none of it binds before the other side promises too" in text
    assert "now both are bound. Due: 1, 2, 3, 4, 7 and 8. 5 and 6 wait for 3 and 4." in text
    assert "a file of 315 bytes, made up for this: made-up/roll-of-ships.csv" in text
    assert "announces a visit to step 3, number 1 of 2 in a year" in text
    assert "finds step 3 kept: it is verified" in text
    assert "looks at the steps: step 4 of Chile is late" in text
    assert "excuses Chile from step 4, for good" in text
    assert "who excused it. Due: 1, 2, 5, 6, 7 and 8." in text
    record = text.partition("track record of Chile:")[2]
    assert "│ excused: step 4 │ 4: late; excused by Argentina │ open: steps 6 and 8" in record
    assert sorted(path.name for path in (folder / "ladder").iterdir()) == ["ladder.ics", "ladder.png", "ladder.svg"]
    assert "MADE UP" in (folder / "made-up" / "roll-of-ships.csv").read_text()


def test_what_becomes_of_a_seat(told: tuple[int, str, Path, float]) -> None:
    text = " ".join(told[1].split())
    begun, _, after = text.partition("hands over the seat, to Agostino Casaroli")
    assert "Agostino Casaroli intermediary, Holy See" not in begun
    assert "passes on, sealed for this seat alone: 6 notes, 1 understanding and 1 ladder" in after
    assert after.count("Casaroli confirms: ") == 2
    assert "Casaroli finds step 1 kept: it is verified" in after


def test_no_cryptographic_words(told: tuple[int, str, Path, float]) -> None:
    _, text, _, _ = told
    said = text.partition("Go on from here")[0].lower()
    words = r"key|keys|hash|hashes|merkle|cipher\w*|encrypt\w*|nonce|signature scheme|ed25519|root|token|hmac|tree"
    words += r"|ballot\w*|blind(?:s|ed|ing)|proof of|elgamal|schnorr|scalar\w*|exponent\w*"
    assert not re.findall(rf"\b({words})\b", said)


def test_the_desks_are_left_to_be_used(told: tuple[int, str, Path, float]) -> None:
    from backchannel.desk.desk import Desk

    _, text, folder, _ = told
    seat = load().who("chile")
    assert seat.passphrase in text
    with Desk.open(folder / "chile", seat.passphrase) as desk:
        assert desk.channel("Good offices").items("understanding")[0].value.state == "complete"
    assert not (folder / "altered" / "desk").exists()
    assert not (folder / "planted.db").exists()


def test_the_commands_that_are_printed_work(told: tuple[int, str, Path, float]) -> None:
    _, text, folder, _ = told
    printed = [line.strip() for line in text.partition("Go on from here")[2].splitlines() if line.startswith("    ")]
    assert [line.split()[0] for line in printed].count("export") == 1
    checked = [line for line in printed if " verify " in line]
    assert len(checked) == 3
    for line in checked:
        argv = shlex.split(line)[1:]
        done = subprocess.run(
            [sys.executable, "-c", "from backchannel.cli import main; main()", *argv], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert any(f"--store sqlite:{folder / 'relay.db'} --port" in line for line in printed)


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("ok", [True, False])
def test_a_proof_that_fails_is_told_and_the_exit_code_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool, ok: bool
) -> None:
    found = [Check("first", "First", True, "seen"), Check("second", "Second", ok, "what was seen")]
    monkeypatch.setattr(performance.Performance, "run", lambda self: found)
    out = io.StringIO()
    assert play(tmp_path, fast=True, as_json=as_json, out=out) == (0 if ok else 1)
    if as_json:
        facts = json.loads(out.getvalue())
        assert facts["ok"] is ok
        assert facts["checks"][1] == {"name": "second", "ok": ok, "detail": "what was seen"}
        assert facts["desks"]["chile"]["folder"] == str(tmp_path / "chile")
        assert facts["desks"]["chile"]["passphrase"]
    else:
        wanted = "All 2 proofs hold." if ok else "1 of 2 proofs FAILED: Second."
        assert wanted in out.getvalue()


def test_what_could_not_be_tried_is_not_said_to_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Check("first", "First", True, "seen"), Check("second", "Second", None, "no such thing here")]
    monkeypatch.setattr(performance.Performance, "run", lambda self: found)
    out, scenario = io.StringIO(), load()
    assert play(tmp_path, fast=True, as_json=False, out=out) == 0
    assert "1 of 2 proofs hold. 1 could not be tried here." in out.getvalue()
    teller = Teller(out, scenario, lambda _: None)
    teller.check(found[1])
    assert "– Second\n    no such thing here" in out.getvalue()
    teller.verdict([*found, Check("third", "Third", False, "broken")])
    assert "1 of 3 proofs FAILED: Third. 1 could not be tried here." in out.getvalue()
    told = io.StringIO()
    assert play(tmp_path, fast=True, as_json=True, out=told) == 0
    assert json.loads(told.getvalue())["checks"][1]["ok"] is None


@pytest.mark.soak
def test_json_says_it_all_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage is real; the proofs, tried elsewhere, are passed over."""
    monkeypatch.setattr(performance.Performance, "_while_open", lambda self, stage: iter(()))
    monkeypatch.setattr(performance.Performance, "_when_shut", lambda self, position, size: iter(()))
    out = io.StringIO()
    assert play(tmp_path, fast=False, as_json=True, out=out) == 0
    facts = json.loads(out.getvalue())
    assert facts.keys() == {"ok", "checks", "desks", "relay", "signed", "disclosed", "ladder"}
    assert all(Path(file).is_file() for file in (facts["signed"], *facts["disclosed"].values(), *facts["ladder"]))
    assert facts["desks"].keys() == {"holysee", "argentina", "chile", "casaroli"}
    assert facts["relay"]["port"] > 0


def test_the_order_of_the_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "run", lambda name, title, check: Check(name, title, True, ""))
    scenario = load()
    one = performance.Performance(tmp_path, scenario, Teller(io.StringIO(), scenario, lambda _: None))
    names = [check.name for check in one._when_shut(1, 2)]
    assert names == CHECKS[-7:]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for folder in (tmp_path, tmp_path / "mine"):
        with pytest.raises(Misuse, match="not empty"):
            play(folder, fast=True, as_json=True, out=io.StringIO())
    assert (tmp_path / "mine").read_text() == "mine"


def test_without_a_folder_a_new_one_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "mkdtemp", lambda prefix: str(tmp_path / prefix))
    assert performance.empty(None) == tmp_path / "backchannel-demo-"


def test_the_command_is_named_as_it_can_be_called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/backchannel")
    assert performance._command() == "backchannel"
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    assert performance._command() == str(tmp_path / "bin" / "backchannel")
    monkeypatch.chdir(tmp_path)
    assert performance._command() == "bin/backchannel"


@pytest.mark.parametrize("colour", [True, False])
def test_colour_where_there_is_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch, colour: bool) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    if colour:
        monkeypatch.delenv("NO_COLOR", raising=False)
    else:
        monkeypatch.setenv("NO_COLOR", "1")
    out, scenario = Terminal(), load()
    waited: list[float] = []
    teller = Teller(out, scenario, waited.append)
    teller.opening()
    teller.ready(8443)
    teller.check(Check("n", "Title", False, "why"))
    text = out.getvalue()
    assert bool(re.search(r"\x1b\[[0-9;]*3\d", text)) is colour
    assert max(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in text.splitlines()) <= 92
    assert sum(waited) > 1


def test_every_act_can_be_told() -> None:
    from backchannel.demo import tell
    from backchannel.demo.scenario import NEEDS

    assert {*tell._SAY, *tell._DRAW} == set(NEEDS)
    assert not set(tell._SAY) & set(tell._DRAW)


def test_a_stage_says_what_is_amiss(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from backchannel.demo.stage import Stage

    def desk(words: str) -> Any:
        keys = SimpleNamespace(words=lambda channel: (words,))
        state = SimpleNamespace(seat=lambda seat: SimpleNamespace(keys=keys))
        return SimpleNamespace(id=b"", me=b"", state=state, mark_verified=lambda seat: None)

    stage = Stage(Path(), load(), "", Clock())
    try:
        stage.channels = {"chile": desk("one"), "argentina": desk("one")}
        assert stage._read_aloud("chile", "argentina") == ("one",)
        stage.channels["argentina"] = desk("another")
        with pytest.raises(Misuse, match="are not those"):
            stage._read_aloud("chile", "argentina")
    finally:
        stage.channels = {}
        stage.close()
