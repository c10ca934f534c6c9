"""The record as facts: entry by entry, newest first or as it is; what of it means something to its reader."""

from __future__ import annotations

from typing import Any

from backchannel.desk.book.entries import Logged, Wanted
from backchannel.desk.channel import Channel
from backchannel.facts import Facts, common
from backchannel.facts.outbox import KINDS

VERDICTS = {
    "start": "opens a line to this seat",
    "closed": "sealed, and not for this desk",
    "record": "the record that an entry was erased",
    "erased": "its text was gone before this desk read it",
    "rejected": "not accepted",
}
"""What an entry is that this desk has not read as somebody's word."""

SILENT = frozenset({"start", "closed", "record"})
"""Verdicts of what the machinery does, and of what is not for this seat: in the record, not in the news."""

MACHINERY = frozenset(
    {
        *("prekey", "once", "step.piece"),
        *(f"sounding.{name}" for name in ("key", "ballot", "blind", "share", "ack", "show")),
        *(f"nonpaper.{name}" for name in ("words", "again", "copy", "destroyed")),
        *(f"handover.{name}" for name in ("part", "end", "taken")),
        *(f"hat.{name}" for name in ("key", "commit", "submit", "stage", "go", "nogo", "reveal", "show")),
    }
)
"""What desks do by themselves."""

CALM = frozenset({"freeze", "handover", "rotate"})
"""Of which a desk whose seat has left does not tell whose they were: whoever has it now may not be its person."""

QUIET = (tuple(sorted(SILENT)), tuple(sorted(MACHINERY)))
"""Verdicts and kinds that are no news."""


def entry(channel: Channel, one: Logged) -> Facts:
    """One entry: arrival, what it was, by whom; what it is about; what was not accepted, and why; what is erased."""
    known = one.verdict in ("act", "line")
    if known and common.left(channel) and one.kind in CALM and one.sender != channel.me:
        one = one._replace(kind="seats", sender=None, item=None)
    held = channel.session.book.items.at(one.item)
    untold = from_hat(held.value if held is not None else None, one.kind, one.position)
    return {
        "number": one.position,
        "arrived": common.at(one.leaf.arrival),
        "what": KINDS.get(one.kind, one.kind) if known else VERDICTS[one.verdict],
        "kind": one.kind,
        "verdict": one.verdict,
        "by": None if one.sender is None or untold else common.name(channel.state, one.sender),
        "about": {"kind": held.instrument.name, "number": held.position} if held is not None else None,
        "why": one.note.partition(": ")[2] or one.note,
        "erased_by": one.gone,
    }


def newest(channel: Channel, *, before: int, most: int, whole: bool = False) -> list[Facts]:
    """Some entries before a position, newest first; what desks do by themselves only if the `whole` is wanted."""
    end = min(before, channel.size)
    found = channel.session.book.entries.newest(Wanted(0, end) if whole else Wanted(0, end, *QUIET), most)
    return [entry(channel, one) for one in found]


def news(channel: Channel, most: int) -> tuple[int, list[Facts]]:
    """What others have written since this person was last here: how much, and the newest of it, newest first."""
    entries, wanted = channel.session.book.entries, Wanted(channel.seen, channel.size, *QUIET, channel.me)
    return entries.many(wanted), [entry(channel, one) for one in entries.newest(wanted, most)]


def from_hat(item: Any, kind: str, position: int) -> bool:
    """Whether who posted this says nothing about whose it is: the caller's desk posts what came out of the hat."""
    if kind == "nonpaper.float":
        return item is not None and item.route == "hat"
    if kind == "nonpaper.react":
        return item is not None and any(one.seat is None and one.at.position == position for one in item.reactions)
    return kind == "nonpaper.words"
