"""What a person, or a reflex, wants said: kept until the log has taken it, to be sealed again if it must."""

from __future__ import annotations

from typing import TypeAlias

from backchannel.entry.codec import Value, reread
from backchannel.entry.ids import Bytes32, SeatId


class Say(Value, frozen=True, tag="say", tag_field="do"):
    """An instrument's entry, for an audience (the author among it); `words` of it are to be set aside.

    `of`: it comes of that item, whose words it may hold, and goes with it.
    """

    kind: str
    body: bytes
    cls: str
    audience: tuple[SeatId, ...]
    words: bytes = b""
    of: bytes = b""


class Act(Value, frozen=True, tag="act", tag_field="do"):
    """A signed act of the roster; `body` encoded."""

    body: bytes


class Welcome(Value, frozen=True, tag="welcome", tag_field="do"):
    """The welcome of an invitation that this desk made."""

    invite: Bytes32


Intent: TypeAlias = Say | Act | Welcome


def parse(raw: bytes) -> Intent:
    """The intent that the outbox holds."""
    return reread(raw, Intent)  # type: ignore[arg-type]
