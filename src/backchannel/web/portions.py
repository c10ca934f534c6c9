"""A page's portion of something long; and what begins something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from backchannel.desk.channel import Channel
from backchannel.web import chosen
from backchannel.web.page import Ask, settle

MOST, ROOM = 50, 30_000
"""Paragraphs on a page, and characters."""

LEAST = 200
"""Characters of a text that are shown, however many others there are."""


def portion(rows: Sequence[Any], first: int, size: Callable[[Any], int]) -> tuple[int, int]:
    """From which row (from 0) to which a page shows, beginning at number `first`: some, and not too long."""
    start = min(max(first, 1), max(len(rows), 1)) - 1
    end, room = start, ROOM
    while end < len(rows) and end - start < MOST and (room > 0 or end == start):
        room -= size(rows[end])
        end += 1
    return start, end


def share(sizes: Sequence[int], room: int = ROOM) -> int:
    """How many characters of each text a page shows, so that all fit on it: short ones whole, long ones all alike."""
    for k, size in enumerate(sorted(sizes)):
        fair = room // (len(sizes) - k)
        if size > fair:
            return max(fair, LEAST)
        room -= size
    return room + max(sizes, default=0)


def begin(ask: Ask, channel: Channel, instrument: str, deed: Callable[[], None]) -> int | None:
    """Do what begins an item, and read it back: its number, or None while it waits on this desk."""
    size = channel.size
    deed()
    settle(channel, ask.keeper)
    return chosen.fresh(channel, instrument, size)
