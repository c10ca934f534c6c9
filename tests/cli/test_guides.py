"""The guides' commands work exactly as shown, against a real relay."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli import transcript
from tests.cli.conftest import BACKUP, Person, serve

DOCS = Path(__file__).parents[2] / "docs"
DIRECTIVE = re.compile(r"<!-- test: (\w+) (keeps|types) (\w+)?(.*?) -->|<!-- test: file (\S+) (.*?) -->")
NUMBER = re.compile(r"<!-- test: number (\d+) is (\S+) from: (\w+) (.*?) -->")
RUN = re.compile(r"<!-- test: run (\w+) (.*?)(?: with ([A-Z]+))? -->")
"""What everybody has seen before, and is not shown again."""
READS = ("note send --", "nonpaper float", "nonpaper counter", "hat ask")
"""Commands that are given a text as they run."""
TOGETHER = {"<!-- test: all sync -->": 8, "<!-- test: all sync twice -->": 2}


def steps(text: str, name: str, folder: Path) -> list[transcript.Step]:
    """The console blocks as one transcript; what a reader types at a question stands in comments before them."""
    found: list[transcript.Step] = []
    typed: dict[str, list[str]] = {}
    shown: dict[str, str] = {}  # a number as the guide has it, and the variable that holds what it is in this run
    for part in re.split(r"(```console\n.*?```|<!-- test: .*? -->)", text, flags=re.DOTALL):
        directive, number = DIRECTIVE.fullmatch(part), NUMBER.fullmatch(part)
        if number:
            command = f"{named(number[4], shown)} --json"
            shown[number[1]] = "NUMBER" + "ABCDEFGHIJ"[len(shown)]
            found.append(transcript.Step(number[3], command, name, kept={shown[number[1]]: number[2]}))
        elif run := RUN.fullmatch(part):
            found.append(transcript.Step(run[1], run[2], name, typed=[f"{{{run[3]}}}"] if run[3] else []))
        elif part in TOGETHER:  # what `desk sync --watch` does beside the commands that are shown
            everyone = dict.fromkeys(step.who for step in found)
            found += [transcript.Step(who, "desk sync", name) for _ in range(TOGETHER[part]) for who in everyone]
        elif directive and directive[5]:
            (folder / directive[5]).write_text(directive[6].replace("\\n", "\n"))
        elif directive and directive[2] == "keeps":
            command = directive[4].removeprefix(" from: ")
            found.append(transcript.Step(directive[1], f"{command} --json", name, kept={str(directive[3]): "code"}))
        elif directive:
            words = f"{directive[3]}{directive[4]}".replace("\\n", "\n")
            typed.setdefault(directive[1], []).append(f"{{{words}}}" if words.isupper() else words)
        elif part.startswith("```console"):
            block = transcript.parse(named(part, shown).removeprefix("```console\n").removesuffix("```"), name)
            for step in block:
                asks = any("[y/N]" in line for line in step.expected)
                reads = step.command == "channel join" or step.command.startswith(READS)
                if asks or reads:
                    step.typed = [typed[step.who].pop(0)]
            found += block
    assert not any(typed.values()), typed
    return found


def named(part: str, shown: dict[str, str]) -> str:
    """With the variables in the place of the numbers that the guide has."""
    for written, variable in shown.items():
        part = re.sub(rf"(?<![\w:-]){written}(?![\w:-])", f"{{{variable}}}", part)
    return part


def test_the_delegates_guide(short: Path, relay: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(short)
    text = (DOCS / "guide-delegate.md").read_text(encoding="utf-8").replace("https://relay.example.org", relay)
    env = {"BACKCHANNEL_BACKUP_PASSPHRASE": BACKUP}
    people = {name: Person(short / name, env) for name in ("ana", "hernan", "sofia")}
    found = steps(text, "guide-delegate.md", short)
    assert len(found) > 20
    transcript.run(found, people, {}, short)
    assert (short / "standstill.json").exists()
    assert (short / "ana.backup").exists()


def test_the_hosts_guide_names_what_exists(tmp_path: Path) -> None:
    from backchannel.relay.limits import Limits

    text = (DOCS / "guide-host.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (`[^|]*) \| ([\d, ]+) \|", text, re.MULTILINE)
    limits: dict[str, float] = {}
    for names, values in table:
        limits |= dict(zip(re.findall(r"`(\w+)`", names), map(float, values.split(", ")), strict=True))
    defaults = Limits()
    assert limits
    assert {name: float(getattr(defaults, name)) for name in limits} == limits
    options = {
        option
        for line in re.findall(r"backchannel relay serve (.*)", text)
        for option in re.findall(r"--[a-z-]+", line)
    }
    known = set(re.findall(r"--[a-z-]+", Person(tmp_path).run("relay", "serve", "--help").out))
    assert options <= known


def test_the_hosts_guide_shows_what_is_said(tmp_path: Path) -> None:
    host = serve(tmp_path / "relay.db")
    assert host.verifier.startswith("bc1/relay+")
    assert host.founding == "open"
    assert host.stop() == 0
    said = Person(tmp_path).run("relay", "verify", "--store", f"sqlite:{tmp_path / 'relay.db'}").out
    assert said == "0 logs, 0 entries: ok\n"
