"""A text from outside, typed or from a file: what of it is taken over, and what is told of that."""

from __future__ import annotations

from backchannel.desk.changes import checked, parted
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.instruments.text import amending


def taken(channel: Channel, raw: bytes, name: str, changes: str) -> tuple[list[str], list[str]]:
    """The paragraphs of a file, and what is to be told of how they were taken over.

    Changes that Word has tracked become brackets; those of a seat here bear its party's name, if the charter lets them.
    """
    from backchannel import papers

    hidden = amending.hidden(channel.state)
    labels = {} if hidden else {seat.name: seat.party for seat in channel.state.seats}
    found = papers.read(raw, name, changes, labels)
    told, remarks = list(found.told), [one for part in found.document.paragraphs for one in part.comments]
    if remarks:
        told = [line for line in told if "taken over as comments" not in line]
        told.append(f"{len(remarks)} comment{'s' if len(remarks) > 1 else ''} stayed in the file.")
    said = papers.words(found.document)
    try:
        return [checked(words, f"paragraph {n} of the file", hidden) for n, words in enumerate(said, 1)], told
    except Misuse as problem:
        tracked = any(line.startswith("Tracked changes") for line in told)
        todo = "Mend it there; or settle its tracked changes: accept, or reject." if tracked else "Mend it there."
        raise Misuse(problem.code, problem.what, todo, problem.safe) from problem


def typed(channel: Channel, words: str) -> list[str]:
    """The paragraphs of what was typed. `Misuse("words")`."""
    hidden = amending.hidden(channel.state)
    return [checked(said, f"paragraph {n}", hidden) for n, said in enumerate(parted(words), 1)]
