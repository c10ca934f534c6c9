"""A text from a file, and as one: what the program says of what it took over, and what a paper shows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backchannel.cli import ask
from backchannel.errors import Misuse

if TYPE_CHECKING:
    from backchannel.cli.show import Facts
    from backchannel.desk.channel import Channel

NAKED = "The file is not encrypted: whoever has it can read it."


def taken(channel: Channel, file: str, changes: str) -> tuple[list[str], list[str]]:
    """The paragraphs of a file (`-`: plain text on stdin), and what is to be told of how they were taken over."""
    from backchannel.desk import taking
    from backchannel.papers.reading import MOST_BYTES

    raw = sys.stdin.buffer.read(MOST_BYTES + 1) if file == "-" else ask.read_file(Path(file), MOST_BYTES)
    try:
        return taking.taken(channel, raw, file, changes)
    except Misuse as problem:
        todo = problem.todo.replace("changes: accept, or reject", "changes: --changes accept, or reject")
        raise Misuse(problem.code, problem.what, todo, problem.safe) from problem


def form(file: str) -> str:
    """The form that a file's ending asks for; `Misuse("paper-form")` before anything is done."""
    from backchannel.papers import FORMS

    ending = Path(file).suffix.lower().removeprefix(".")
    if ending not in FORMS:
        known = ", ".join(f".{one}" for one in FORMS)
        raise Misuse("paper-form", f"{file} does not end in one of {known}.", "Name it so.", "Nothing was written.")
    return ending


def chosen(one: Facts, said: str, stance: str) -> list[int]:
    """Paragraphs as people name several: `2`, `2,5`, `3-7`, `all`.

    `all` is all without brackets where one agrees: nobody can agree to what is not there yet.
    """
    agrees = stance in ("agree", "referendum")
    if said == "all":
        found = [part["number"] for part in one["paragraphs"] if not (agrees and part["brackets"])]
        if not found:
            raise Misuse("paragraph", "Every paragraph of it has brackets.", "", "Nothing was done.")
        return found
    wanted: list[int] = []
    for part in said.split(","):
        low, dash, high = part.strip().partition("-")
        if not (low.isdecimal() and (high.isdecimal() if dash else True)):
            raise Misuse("paragraph", f"{said!r} names no paragraphs.", "As: 2 or 2,5 or 3-7 or all.", "")
        top = int(high) if dash else int(low)
        wanted += range(int(low), min(top, int(low) + len(one["paragraphs"])) + 1)
    return _of(one, list(dict.fromkeys(wanted)), agrees)


def _of(one: Facts, wanted: Sequence[int], agrees: bool) -> list[int]:
    rows = {part["number"]: part for part in one["paragraphs"]}
    brackets = [n for n in wanted if n in rows and rows[n]["brackets"]]
    if agrees and brackets:
        raise Misuse(
            "brackets",
            f"Paragraph {brackets[0]} has brackets: nobody can agree to it before they are gone.",
            f"Propose words without them: backchannel text amend {one['number']} --replace {brackets[0]}",
            "Nothing was done.",
        )
    return list(wanted)
