"""The facts of any item, by its instrument's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backchannel.desk.channel import Channel
from backchannel.facts import Facts, disclosure, hat, mandate, nonpaper, note, sounding, step, text, understanding

OF: dict[str, Callable[[Channel, Any], Facts]] = {
    "note": note.facts,
    "nonpaper": nonpaper.facts,
    "hat": hat.facts,
    "sounding": sounding.facts,
    "mandate": mandate.facts,
    "text": text.facts,
    "understanding": understanding.facts,
    "disclosure": disclosure.facts,
    "step": step.facts,
}
