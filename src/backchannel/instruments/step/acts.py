"""What is said about steps (spec/step.md, 1)."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from backchannel.entry.codec import Value
from backchannel.entry.ids import Bytes32, Count, EntryId

StepId: TypeAlias = Annotated[bytes, Meta(min_length=8, max_length=8)]

Reference: TypeAlias = Count | StepId
"""A step of the same entry by its place in it, or one that stands in the ladder (1.2)."""

VERDICTS = ("kept", "doubted", "broken")

PIECE = 786_432
"""Bytes of a file that go into one entry (4.2)."""


class Promise(Value, frozen=True):
    """A step as it is promised (1.1): parties are named, hours are arrival units, 0 being none; `days` are days."""

    doer: str
    what: str
    where: str
    after: tuple[tuple[Reference, ...], ...]
    returns: tuple[Reference, ...]
    by: Count
    days: Count
    how: str
    verifiers: tuple[str, ...]
    needed: Count
    visits: Count
    share: Count
    toward: tuple[str, ...]
    late: str
    grace: Count
    remind: tuple[Count, ...]
    reversible: bool
    announced: bool


class Propose(Value, frozen=True):
    """A ladder begins."""

    title: str
    promises: tuple[Promise, ...]


class Add(Value, frozen=True):
    """More steps."""

    item: EntryId
    promises: tuple[Promise, ...]


class Pledge(Value, frozen=True):
    """3.1: the doer promises these."""

    item: EntryId
    steps: tuple[StepId, ...]


class Withdraw(Value, frozen=True):
    """3.1: a step is taken back; why, or nothing."""

    item: EntryId
    step: StepId
    reason: str


class File(Value, frozen=True):
    """4.1: a file that goes with what is said; its bytes follow in pieces."""

    name: str
    size: Count
    sha256: Bytes32


class Report(Value, frozen=True):
    """3.2: it is done."""

    item: EntryId
    step: StepId
    words: str
    files: tuple[File, ...]


class Inspect(Value, frozen=True):
    """3.4: a visit."""

    item: EntryId
    step: StepId
    words: str


class Find(Value, frozen=True):
    """3.3: what a party has found; one of `VERDICTS`."""

    item: EntryId
    step: StepId
    verdict: str
    words: str
    files: tuple[File, ...]


class Excuse(Value, frozen=True):
    """3.5: another hour, or none any more (0)."""

    item: EntryId
    step: StepId
    until: Count
    reason: str


class Remind(Value, frozen=True):
    """3.6: its hour is `lead` days away at most."""

    item: EntryId
    step: StepId
    lead: Count


class Piece(Value, frozen=True):
    """4.2: bytes `n * PIECE` and on of a file."""

    item: EntryId
    file: Bytes32
    n: Count
    data: bytes
