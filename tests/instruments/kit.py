"""Items folded by themselves: a state with five seats, and what anybody says about an item."""

from __future__ import annotations

from functools import cache
from typing import Any

from msgspec.structs import replace

from backchannel.channel.state import DAY, At, State
from backchannel.entry.codec import Value
from backchannel.instruments import BY_KIND, Spoken
from tests.channel.kit import MORNING, identity, opened

PEOPLE = ("Ana", "Ben", "Cem", "Dora", "Eve")


@cache
def channel() -> State:
    """Ana, Ben, Cem, Dora; Eve observes."""
    return opened(5).state


def ids(*names: str) -> tuple[bytes, ...]:
    """The seats of these people, sorted."""
    by_name = {seat.name: seat.id for seat in channel().seats}
    return tuple(sorted(by_name[name] for name in names))


def seat(name: str) -> bytes:
    return ids(name)[0]


def without(*names: str) -> State:
    """The channel after these have left."""
    gone = set(ids(*names))
    seats = tuple(replace(s, standing="gone") if s.id in gone else s for s in channel().seats)
    return replace(channel(), seats=seats, epoch=2)


def say(
    item: Any,
    by: str,
    act: Value,
    *,
    to: tuple[bytes, ...] | None = None,
    day: float = 0,
    state: State | None = None,
    id_: bytes = b"\x01" * 32,
) -> Any:
    """The item after `by` has said something about it, or begun it."""
    (kind,) = [k for k, instrument in BY_KIND.items() if isinstance(act, instrument.kinds[k].body)]
    now = channel() if state is None else state
    audience = to if to is not None else ids(*PEOPLE) if item is None else item.audience
    audience = tuple(s for s in audience if now.keys(s) is not None)
    at = At(50 + int(day), MORNING + int(day * DAY))
    return BY_KIND[kind].fold(item, Spoken(at, id_, seat(by), audience, kind, act, now))


__all__ = ["PEOPLE", "channel", "identity", "ids", "say", "seat", "without"]
