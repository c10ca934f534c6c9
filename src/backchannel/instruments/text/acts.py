"""What is said about a text (spec/text.md)."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from backchannel.entry.codec import Value
from backchannel.entry.ids import Bytes32, Count, EntryId, SeatId

ParagraphId: TypeAlias = Annotated[bytes, Meta(min_length=8, max_length=8)]

START: ParagraphId = bytes(8)
"""Not a paragraph: what stands before the first (3.1)."""

STANCES = ("agree", "referendum", "reserve", "open")


class Open(Value, frozen=True):
    """A text begins, and who holds the pen."""

    title: str
    pen: SeatId
    paragraphs: tuple[str, ...]


class Replace(Value, frozen=True, tag="replace", tag_field="do"):
    """Other words for a paragraph."""

    paragraph: ParagraphId
    revision: Count
    words: str


class Insert(Value, frozen=True, tag="insert", tag_field="do"):
    """New paragraphs, one behind the other, behind a paragraph or `START`."""

    after: ParagraphId
    words: tuple[str, ...]


class Delete(Value, frozen=True, tag="delete", tag_field="do"):
    """A paragraph goes."""

    paragraph: ParagraphId
    revision: Count


class Move(Value, frozen=True, tag="move", tag_field="do"):
    """A paragraph goes behind another, or to `START`."""

    paragraph: ParagraphId
    after: ParagraphId


class Split(Value, frozen=True, tag="split", tag_field="do"):
    """A paragraph keeps `first`; a new one behind it gets `second`."""

    paragraph: ParagraphId
    revision: Count
    first: str
    second: str


class Merge(Value, frozen=True, tag="merge", tag_field="do"):
    """The paragraph that follows goes; this one gets the words."""

    paragraph: ParagraphId
    revision: Count
    other: ParagraphId
    other_revision: Count
    words: str


Change: TypeAlias = Replace | Insert | Delete | Move | Split | Merge


class Amend(Value, frozen=True):
    """3: changes, all or none of them; why, or nothing."""

    item: EntryId
    changes: tuple[Change, ...]
    reason: str


class Decide(Value, frozen=True):
    """3.2: the pen accepts an amendment, or refuses it; why, or nothing."""

    item: EntryId
    amendment: EntryId
    accept: bool
    reason: str


class Withdraw(Value, frozen=True):
    """3.5: its author takes an amendment back."""

    item: EntryId
    amendment: EntryId


class Seen(Value, frozen=True):
    """A paragraph as it was when somebody took a stance on it."""

    paragraph: ParagraphId
    revision: Count


class Stand(Value, frozen=True):
    """4.1: where one's party stands on some paragraphs. Words only where it reserves."""

    item: EntryId
    on: tuple[Seen, ...]
    stance: str
    words: str


class Issue(Value, frozen=True):
    """5.1: the text as it is now has a number."""

    item: EntryId
    number: Count
    digest: Bytes32


class Silence(Value, frozen=True):
    """5.2: adopted after so many hours, unless somebody breaks silence."""

    item: EntryId
    number: Count
    hours: Count


class Break(Value, frozen=True):
    """5.2: not adopted."""

    item: EntryId
    words: str


class Adopt(Value, frozen=True):
    """5.3: adopted."""

    item: EntryId
    number: Count


class Close(Value, frozen=True):
    """5.3: given up."""

    item: EntryId


class Pass(Value, frozen=True):
    """5.4: the pen goes to another seat."""

    item: EntryId
    to: SeatId
