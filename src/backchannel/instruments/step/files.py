"""Files that go with a report or a finding: how they are named, and the pieces they come in (spec/step.md, 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from backchannel.entry import text
from backchannel.errors import Rejected
from backchannel.instruments.base import Spoken
from backchannel.instruments.step.acts import PIECE, File
from backchannel.instruments.step.values import Ladder

MOST_FILES = 64
LARGEST = 1 << 30


def check(named: Sequence[File]) -> tuple[File, ...]:
    """Files as they are named, unchanged (4.1)."""
    for one in named:
        text.line(one.name, "file")
    if len(named) > MOST_FILES or len({one.sha256 for one in named}) != len(named):
        raise Rejected("files", f"Up to {MOST_FILES} files go with what is said, each once.")
    if any(one.size > LARGEST for one in named):
        raise Rejected("files", "A file has at most 1 GiB.")
    return tuple(named)


def named(item: Ladder, party: str) -> Iterator[File]:
    """The files that a party has named in its reports and findings, in no order."""
    for step in item.steps:
        if step.promise.doer == party:
            yield from chain.from_iterable(report.files for report in step.reports)
        else:
            yield from chain.from_iterable(found.files for found in step.findings if found.party == party)


def pieces(file: File) -> int:
    """How many pieces it comes in."""
    return -(-file.size // PIECE)


def check_piece(item: Ladder, spoken: Spoken) -> None:
    """4.2: it is a piece of a file that the sender's party has named, and has the length that it must have."""
    act = spoken.act
    fits(item, spoken.state.member(spoken.sender).party, act.file, act.n, len(act.data))


def fits(item: Ladder, party: str, sha256: bytes, n: int, length: int) -> None:
    """`Rejected` unless a party has named a file of this digest that has a piece `n` of this length."""
    of = [file for file in named(item, party) if file.sha256 == sha256]
    if not of:
        raise Rejected("file", "A piece came of a file that nobody of its sender's party has named.")
    if not any(n < pieces(file) and length == min(PIECE, file.size - n * PIECE) for file in of):
        raise Rejected("piece", "A piece of a file has another length than it must have.")
