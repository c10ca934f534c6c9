"""A text from a file, and as one: what the program says of what it took over, and what a paper shows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backchannel.cli import ask
from backchannel.cli.text_page import status
from backchannel.errors import Misuse
from backchannel.facts.text import facts

if TYPE_CHECKING:
    from backchannel.cli.show import Facts
    from backchannel.desk.channel import Channel
    from backchannel.instruments.text.values import Text
    from backchannel.papers import Document

NAKED = "The file is not encrypted: whoever has it can read it."


def taken(channel: Channel, file: str, changes: str) -> tuple[list[str], list[str]]:
    """The paragraphs of a file (`-`: plain text on stdin), and what is to be told of how they were taken over.

    Changes that Word has tracked become brackets; those of a seat here bear its party's name, if the charter lets them.
    """
    from backchannel import papers
    from backchannel.desk.changes import checked
    from backchannel.instruments.text import amending
    from backchannel.papers.reading import MOST_BYTES

    hidden = amending.hidden(channel.state)
    labels = {} if hidden else {seat.name: seat.party for seat in channel.state.seats}
    raw = sys.stdin.buffer.read(MOST_BYTES + 1) if file == "-" else ask.read_file(Path(file), MOST_BYTES)
    found = papers.read(raw, file, changes, labels)
    told, remarks = list(found.told), [one for part in found.document.paragraphs for one in part.comments]
    if remarks:
        told = [line for line in told if "taken over as comments" not in line]
        told.append(f"{len(remarks)} comment{'s' if len(remarks) > 1 else ''} stayed in the file.")
    said = papers.words(found.document)
    try:
        return [checked(words, f"paragraph {n} of the file", hidden) for n, words in enumerate(said, 1)], told
    except Misuse as problem:
        tracked = any(line.startswith("Tracked changes") for line in told)
        todo = (
            "Mend it there; or settle its tracked changes: --changes accept, or reject."
            if tracked
            else "Mend it there."
        )
        raise Misuse(problem.code, problem.what, todo, problem.safe) from problem


def form(file: str) -> str:
    """The form that a file's ending asks for; `Misuse("paper-form")` before anything is done."""
    from backchannel.papers import FORMS

    ending = Path(file).suffix.lower().removeprefix(".")
    if ending not in FORMS:
        known = ", ".join(f".{one}" for one in FORMS)
        raise Misuse("paper-form", f"{file} does not end in one of {known}.", "Name it so.", "Nothing was written.")
    return ending


def document(channel: Channel, item: Text, version: int | None) -> Document:
    """A version as a paper; of the text as it is now, with where each paragraph stands."""
    from backchannel.facts.text import version_facts
    from backchannel.papers import Document, Paragraph, Run

    whole = facts(channel, item)
    says = [_status(channel, part) for part in whole["paragraphs"]] if version is None else []
    rows = [
        Paragraph(str(part["number"]), (Run(_words(part["text"])),), (), says[n] if says else "")
        for n, part in enumerate(version_facts(item, version))
    ]
    return Document(item.title, which(whole, version), tuple(rows))


def redlined(channel: Channel, item: Text, old: int, new: int | None) -> Document:
    """What changed between two versions, as a paper whose changes Word shows as such."""
    from backchannel.desk import texts
    from backchannel.papers import Document, Paragraph, Run
    from backchannel.papers.model import ADDED, REMOVED

    kinds = {"=": "", "+": ADDED, "-": REMOVED}
    rows = [
        Paragraph(str(line.after or line.before), tuple(Run(run.words, kinds[run.mark]) for run in line.runs))
        for line in texts.redline(item, old, new)
    ]
    whole = facts(channel, item)
    return Document(item.title, f"{which(whole, old)} to {which(whole, new)}", tuple(rows))


def which(one: Facts, version: int | None) -> str:
    """How a version is called."""
    if version is not None:
        return f"text {version}" if version else "nothing"
    issued = len(one["versions"])
    if issued and not one["changed"]:
        return f"text {issued}"
    return f"text {issued}, changed since" if issued else "a draft, not issued yet"


def _words(said: str) -> str:
    """As they are read; with brackets as they were written, so that the file can come back."""
    from backchannel.instruments.text import brackets

    return said if brackets.bracketed(said) else brackets.plain(said)


def _status(channel: Channel, part: Facts) -> str:
    """Without names under a charter by which nobody outside learns who said what."""
    from backchannel.instruments.text import amending

    return status({**part, "amendments": []}, named=not amending.hidden(channel.state))


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
