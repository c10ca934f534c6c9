"""Transcripts: sessions of several people as text, run and compared (after the test scripts of age).

    # what this is about
    ana$ backchannel desk init              ana runs this, at her own desk
    < y                                     a line that she types
    Your desk is in *.                      what it must say; * is anything within a line
    ...                                     any lines
    [1]                                     its exit code, where that is not 0
    = CODE code                             from the JSON that it answered: {CODE} from here on is its `code`

Lines are compared without the spaces at their ends; text is as wide as in a pipe (80). {RELAY} and {DIR} are known.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.conftest import Person

PROMPT = re.compile(r"(\w+)\$ backchannel ?(.*)")
EXIT = re.compile(r"\[(\d+)\]")


@dataclass
class Step:
    """One command and what it must do."""

    who: str
    command: str
    place: str
    typed: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    code: int = 0
    kept: dict[str, str] = field(default_factory=dict)


def parse(text: str, name: str) -> list[Step]:
    """The steps of a transcript."""
    steps: list[Step] = []
    for number, line in enumerate(text.splitlines(), 1):
        prompt = PROMPT.fullmatch(line)
        if prompt:
            steps.append(Step(prompt[1], prompt[2], f"{name}:{number}"))
        elif line.startswith("# ") or (not steps and not line.strip()):
            continue
        elif line.startswith("< "):
            steps[-1].typed.append(line[2:])
        elif line.startswith("= "):
            variable, _, where = line[2:].partition(" ")
            steps[-1].kept[variable] = where
        elif EXIT.fullmatch(line):
            steps[-1].code = int(line[1:-1])
        else:
            steps[-1].expected.append(line.rstrip())
    return steps


def run(steps: list[Step], people: dict[str, Person], known: dict[str, str], folder: Path) -> None:
    """Run the steps, and fail at the first that does not do what it must."""
    known = {"DIR": str(folder), **known}
    for step in steps:
        person = people.setdefault(step.who, Person(folder / step.who))
        args = shlex.split(fill(step.command, known))
        typed = "".join(f"{fill(line, known)}\n" for line in step.typed)
        answer = person.run(*args, typed=typed, code=step.code)
        said = [line.rstrip() for line in answer.both.splitlines()]
        expected = [fill(line, known) for line in trim(step.expected)]
        assert matches(expected, trim(said)), (
            f"{step.place}: {step.command}\n--- expected\n" + "\n".join(expected) + "\n--- said\n" + "\n".join(said)
        )
        for variable, where in step.kept.items():
            known[variable] = str(find(json.loads(answer.out), where))


def fill(text: str, known: dict[str, str]) -> str:
    return re.sub(r"\{([A-Z]+)\}", lambda found: known[found[1]], text)


def find(facts: Any, where: str) -> Any:
    """`note.number`, `found.0.note`."""
    for part in where.split("."):
        facts = facts[int(part)] if isinstance(facts, list) else facts[part]
    return facts


def trim(lines: list[str]) -> list[str]:
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines


def matches(expected: list[str], said: list[str]) -> bool:
    """Whether every line is as expected; no expectation at all is fulfilled by anything."""
    if not expected:
        return True
    pattern = ""
    for line in expected:
        pattern += r"(?:[^\n]*\n)*?" if line == "..." else ".*".join(map(re.escape, line.split("*"))) + "\n"
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in said)) is not None
