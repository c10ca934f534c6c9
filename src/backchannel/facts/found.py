"""What was found by its words: where it stands, and the words around them."""

from __future__ import annotations

import re

from backchannel.desk.book.items import Item
from backchannel.desk.channel import Channel
from backchannel.facts import Facts, common

AROUND = 90
"""So many characters before and behind the first word that was found."""


def found(channel: Channel, words: str, most: int) -> list[Facts]:
    """Items of a channel that have all these words, best first."""
    return [_found(one, words) for one in channel.session.book.items.find(words, most)]


def _found(held: Item, words: str) -> Facts:
    return {
        "about": {"kind": held.instrument.name, "number": held.position},
        "came": common.at(held.value.at.arrival),
        "around": around(held.instrument.text(held.value), words),
    }


def around(text: str, words: str) -> list[Facts]:
    """A piece of a text, in runs: `{"text": .., "hit": ..}`. An index folds accents, so no run may be a hit."""
    flat = " ".join(text.split())
    sought = re.compile("|".join(map(re.escape, sorted(words.split(), key=len, reverse=True))) or "(?!)", re.IGNORECASE)
    first = sought.search(flat)
    start = max(0, (first.start() if first else 0) - AROUND)
    end = (first.end() if first else 0) + 2 * AROUND
    piece = ("…" if start else "") + flat[start:end] + ("…" if end < len(flat) else "")
    runs, at = [], 0
    for hit in sought.finditer(piece):
        runs += [{"text": piece[at : hit.start()], "hit": False}, {"text": hit.group(), "hit": True}]
        at = hit.end()
    return [run for run in [*runs, {"text": piece[at:], "hit": False}] if run["text"]]
