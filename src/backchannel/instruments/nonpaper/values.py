"""What is said of a non-paper, and what a desk keeps of it, words apart (spec/nonpaper.md, 1)."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

from backchannel.channel.state import At
from backchannel.entry import text
from backchannel.entry.codec import Secret, Value, decode
from backchannel.entry.ids import Bytes16, Bytes32, Count, EntryId, SeatId
from backchannel.seal.aside import SLOT
from backchannel.seal.keys import XwingPublic

Copied: TypeAlias = tuple[tuple[EntryId, bytes], ...]
"""The words of a copy: a seat's own entries of the item, and their words (5)."""

CARRIERS = ("intermediary", "convenor")
"""The roles that may put forward what somebody else has asked them to."""
ROUTES = ("party", "carry", "intermediary", "hat")
STANCES = ("interest", "question", "objection")


class Float(Value, frozen=True):
    """An idea; `hat` and `slip`: the round and the slip that it came from, `counters`: what it is an alternative to."""

    route: str
    until: Count
    counters: EntryId
    hat: EntryId
    slip: Bytes32


class React(Value, frozen=True):
    """What a reader thinks of a version."""

    item: EntryId
    version: Count
    stance: str
    hat: EntryId
    slip: Bytes32


class Revise(Value, frozen=True):
    """The author's next version."""

    item: EntryId
    version: Count


class About(Value, frozen=True):
    """Something that says nothing but which non-paper it is about."""

    item: EntryId


class Again(Value, frozen=True):
    """A desk asks for the item's key, with a one-time key of its own."""

    item: EntryId
    key: XwingPublic


class Copy(Value, frozen=True):
    """The item's key for a desk that has asked for it."""

    item: EntryId
    seat: SeatId
    slot: Annotated[bytes, Meta(min_length=SLOT, max_length=SLOT)]


class Asking(Value, frozen=True):
    """A seat that has asked for the item's key, and with which one-time key."""

    seat: SeatId
    key: XwingPublic


class Idea(Secret, frozen=True):
    """The words of a version."""

    nonce: Bytes16
    title: str
    text: str


class Remark(Secret, frozen=True):
    """The words of a reaction; `text` may be empty."""

    nonce: Bytes16
    text: str


class Version(Value, frozen=True):
    """A version: the entry that holds its words, when it came, and whose desk posted it."""

    entry: EntryId
    at: At
    by: SeatId
    slip: Bytes32


class Reaction(Value, frozen=True):
    """A reaction that stands: the entry that holds its words, whose (None: it came from the hat), and to what."""

    entry: EntryId
    at: At
    by: SeatId
    seat: SeatId | None
    party: str
    hat: EntryId
    slip: Bytes32
    stance: str
    version: Count


class Nonpaper(Value, frozen=True):
    """A non-paper, without its words. Once it is over, only who can have read it, until when, and how it ended."""

    id: EntryId
    at: At
    route: str
    author: SeatId | None
    audience: tuple[SeatId, ...]
    until: Count
    counters: EntryId
    hat: EntryId
    state: str
    versions: tuple[Version, ...]
    reactions: tuple[Reaction, ...]
    asking: tuple[Asking, ...]
    destroyed: tuple[SeatId, ...]
    commits: bytes = b""


def over(item: Nonpaper, at: At) -> bool:
    """Whether it has ended, or its hour has passed at `at`."""
    return item.state != "floated" or at.arrival >= item.until


def idea(raw: bytes) -> Idea:
    """The words of a version; `Malformed` unless they are such."""
    found = decode(raw, Idea)
    text.line(found.title, "title")
    text.prose(found.text, "non-paper")
    return found


def remark(raw: bytes) -> Remark:
    """The words of a reaction; `Malformed` unless they are such."""
    found = decode(raw, Remark)
    if found.text:
        text.prose(found.text, "reaction", 20_000)
    return found
