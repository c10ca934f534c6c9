"""What a desk keeps of a text (spec/text.md).

As arrays: there may be thousands, written after every batch. Words are kept once, in `Text.words`; all else has their
number there. Number 0 is no words.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from backchannel import labels
from backchannel.channel.state import At
from backchannel.entry.codec import Value
from backchannel.entry.ids import Bytes32, ChannelId, Count, EntryId, SeatId
from backchannel.instruments.text.acts import ParagraphId
from backchannel.seal import primitives as p


class Stance(Value, frozen=True, array_like=True):
    """Where a party stands on a paragraph."""

    party: str
    seat: SeatId
    stance: str
    words: Count
    at: At


class Paragraph(Value, frozen=True, array_like=True):
    """A paragraph, there or gone. `revision` counts the changes of its words."""

    id: ParagraphId
    revision: Count
    words: Count
    gone: bool
    stances: tuple[Stance, ...]


class Step(Value, frozen=True, array_like=True):
    """A change, its words by number. `other`: the paragraph that merges, or behind which something goes."""

    do: str
    paragraph: ParagraphId
    revision: Count
    other: ParagraphId
    other_revision: Count
    words: tuple[Count, ...]


class Amendment(Value, frozen=True, array_like=True):
    """An amendment. `outcome`: proposed, accepted, refused, overtaken, withdrawn; since when, and why."""

    id: EntryId
    at: At
    seat: SeatId
    steps: tuple[Step, ...]
    reason: Count
    outcome: str
    since: At
    answer: Count


class Version(Value, frozen=True, array_like=True):
    """An issued version: `layout` is, for each paragraph in order, its id and the number of its words (4 bytes)."""

    number: Count
    at: At
    digest: Bytes32
    layout: bytes


class Hush(Value, frozen=True, array_like=True):
    """A silence procedure: for which version, from where, until which arrival unit, and who broke it, saying what."""

    number: Count
    at: At
    until: Count
    broken: SeatId | None
    party: str
    words: Count


class Text(Value, frozen=True):
    """A text as this seat knows it. `paragraphs` are all that ever were, in order, so that each has its place for ever.

    `proposed` and `settled` are the amendments that await the pen's word and those that do not.
    """

    id: EntryId
    at: At
    author: SeatId
    audience: tuple[SeatId, ...]
    title: str
    pen: SeatId
    state: str
    words: tuple[str, ...]
    paragraphs: tuple[Paragraph, ...]
    proposed: tuple[Amendment, ...]
    settled: tuple[Amendment, ...]
    versions: tuple[Version, ...]
    hushes: tuple[Hush, ...]

    @property
    def here(self) -> tuple[Paragraph, ...]:
        """The paragraphs that are there, in order; a paragraph's number is its place among them, from 1."""
        return tuple(one for one in self.paragraphs if not one.gone)

    def said(self, paragraph: Paragraph) -> str:
        """The words of a paragraph as it is now."""
        return self.words[paragraph.words]

    def amendment(self, entry: EntryId) -> Amendment | None:
        """An amendment by its entry."""
        return next((one for one in (*self.proposed, *self.settled) if one.id == entry), None)

    @property
    def layout(self) -> bytes:
        """The text as it is now, as a version keeps it."""
        return b"".join(_PLACE.pack(one.id, one.words) for one in self.paragraphs if not one.gone)

    @property
    def issued(self) -> bool:
        """Whether the newest version is the text as it is now."""
        return bool(self.versions) and self.versions[-1].layout == self.layout


_PLACE = struct.Struct(">8sI")


def laid_out(layout: bytes) -> Iterator[tuple[ParagraphId, int]]:
    """The paragraphs of a version, in order, and the numbers of their words."""
    return _PLACE.iter_unpack(layout)


def paragraph_id(entry: EntryId, n: int) -> ParagraphId:
    """1.1: the id of the paragraph that an entry makes as its n-th, from 0."""
    return p.labelled_hash(labels.TEXT_PARAGRAPH, entry, n)[:8]


def digest(channel: ChannelId, item: EntryId, number: int, paragraphs: Sequence[tuple[ParagraphId, str]]) -> bytes:
    """5.1: what stands for a version's ids and words."""
    parts = [part for id_, words in paragraphs for part in (id_, words)]
    return p.labelled_hash(labels.TEXT_VERSION, channel, item, number, labels.enc(*parts))
