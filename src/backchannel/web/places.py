"""Where things are shown: the address of an item by its instrument and number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backchannel.desk.channel import Channel

_PAGES = {
    "note": "talk?at={n}#n{n}",
    "nonpaper": "proposals/{n}",
    "hat": "proposals",
    "sounding": "soundings/{n}",
    "text": "text/{n}",
    "understanding": "understandings/{n}",
    "disclosure": "understandings/disclosure/{n}",
    "mandate": "seats",
    "step": "steps/{n}",
    "handover": "seats",
    "seats": "seats",
}


def place(channel: Channel, about: Mapping[str, Any]) -> str:
    """The address of what `about` names: `{"kind": instrument, "number": position}`."""
    return f"/c/{channel.session.book.c}/{_PAGES[about['kind']].format(n=about['number'])}"
