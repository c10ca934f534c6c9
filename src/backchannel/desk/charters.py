"""The founder's terms: from what a person chose, the rest as most channels have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backchannel.channel.charter import Terms, check
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse

DEFAULTS: dict[str, Any] = {
    "track": "envoy",
    "attribution": "attributed",
    "retention_days": 30,
    "admission": "all",
    "disclosure": "all",
    "oversight": "none",
    "reactions": "named",
    "objection": "none",
    "hat_days": 0,
    "pen": "passes",
    "dossier": "all",
}
_NUMBERS = frozenset({"retention_days", "hat_days"})
_WRITTEN = frozenset({"disclosure", "objection"})
"""Text that a person may write as a number."""


def drawn_up(channel: Channel, given: Mapping[str, Any]) -> Terms:
    """The terms, checked. `Misuse("charter-file")` for a value of the wrong kind; `Malformed("charter")` as `check`."""
    state = channel.state
    merged = {"title": state.title, "purpose": state.purpose, **DEFAULTS, **given}
    for name in _WRITTEN:
        if isinstance(merged[name], int) and not isinstance(merged[name], bool):
            merged[name] = str(merged[name])
    if isinstance(merged["track"], int | float) and not isinstance(merged["track"], bool):
        merged["track"] = str(merged["track"])
    for name, value in merged.items():
        wanted = int if name in _NUMBERS else str
        if not isinstance(value, wanted) or isinstance(value, bool):
            kind = "a number" if wanted is int else "text in quotes"
            raise Misuse("charter-file", f"The charter's {name} has to be {kind}.", "", "Nothing was done.")
    return check(Terms(**merged))
