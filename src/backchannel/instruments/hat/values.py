"""What is said while the hat goes round, what a slip can hold, and what a desk keeps of a round (spec/hat.md)."""

from __future__ import annotations

from typing import TypeAlias

from backchannel.channel.state import At
from backchannel.entry.codec import Secret, Value
from backchannel.entry.ids import Bytes16, Bytes32, Count, EntryId, SeatId
from backchannel.seal.keys import XwingPublic


class Open(Value, frozen=True):
    """Who takes part, in order; the size of a slip in bytes; until when (2.1)."""

    seats: tuple[SeatId, ...]
    size: Count
    ends_by: Count


class Post(Value, frozen=True):
    """Any other message: what it says stands in its words."""

    item: EntryId


class Slip(Value, frozen=True):
    """A slip that was not empty: the hash of what it holds, which kind that is, and its place in the last list.

    `item`, `version` and `stance` of a reaction; of an idea `item` is what it counters.
    """

    hash: Bytes32
    holds: str
    place: Count
    item: EntryId
    version: Count
    stance: str


class Close(Value, frozen=True):
    """What the open slips held, for those who could not read them (2.10)."""

    item: EntryId
    slips: tuple[Slip, ...]


class Keys(Secret, frozen=True):
    """2.2: the keys of one seat for this round."""

    outer: XwingPublic
    inner: XwingPublic


class Show(Secret, frozen=True):
    """2.8: the outer key's seed, and what was seen of the round."""

    outer: Bytes32
    seen: Bytes32


class Idea(Secret, frozen=True, tag="idea", tag_field="slip"):
    """A slip with a non-paper; `counters` as in nonpaper.md, 2.3."""

    nonce: Bytes16
    title: str
    text: str
    counters: EntryId


class Reaction(Secret, frozen=True, tag="reaction", tag_field="slip"):
    """A slip with a reaction to a non-paper."""

    nonce: Bytes16
    item: EntryId
    version: Count
    stance: str
    text: str


class Question(Secret, frozen=True, tag="question", tag_field="slip"):
    """A slip with a question to be sounded."""

    nonce: Bytes16
    question: str
    options: tuple[str, ...]


FROM_HAT = "From the hat: "
"""How a question in a slip begins, for the caller's desk asks it (3)."""

Content: TypeAlias = Idea | Reaction | Question


class Heard(Value, frozen=True):
    """A message that counts: whose, and the entry that holds its words."""

    seat: SeatId
    entry: EntryId


class Culprit(Value, frozen=True):
    """A seat that cheated, and how."""

    seat: SeatId
    how: str


class Hat(Value, frozen=True):
    """A round as this seat knows it, without its words. `state`: a key of `rules.STATES`; `read`: its slips were.

    `was`: in which state it lapsed.
    """

    id: EntryId
    at: At
    caller: SeatId
    audience: tuple[SeatId, ...]
    terms: Open
    sid: Bytes32
    state: str
    keys: tuple[Heard, ...] = ()
    commits: tuple[Heard, ...] = ()
    submits: tuple[Heard, ...] = ()
    stages: tuple[Heard, ...] = ()
    gos: tuple[Heard, ...] = ()
    nogos: tuple[Heard, ...] = ()
    reveals: tuple[Heard, ...] = ()
    shows: tuple[Heard, ...] = ()
    slips: tuple[Slip, ...] = ()
    spoiled: Count = 0
    read: bool = False
    culprits: tuple[Culprit, ...] = ()
    was: str = ""

    @property
    def seats(self) -> tuple[SeatId, ...]:
        """Who takes part, in order."""
        return self.terms.seats


def heard(messages: tuple[Heard, ...], seat: SeatId) -> EntryId | None:
    """The entry of a seat's message in a round."""
    return next((m.entry for m in messages if m.seat == seat), None)
