"""What can be said of a round: whether its hour has passed, who is awaited, what was seen (spec/hat.md, 2 and 4)."""

from __future__ import annotations

from backchannel import labels
from backchannel.channel.state import At, State
from backchannel.entry.ids import SeatId
from backchannel.instruments.hat.values import Hat, Heard
from backchannel.labels import enc
from backchannel.seal import primitives as p

LIVE = ("keys", "commits", "submits", "stages", "votes", "opening", "opened", "blame")


def late(item: Hat, at: At) -> bool:
    """Whether the hour has passed at `at`."""
    return at.arrival >= item.terms.ends_by


def left(item: Hat, state: State) -> bool:
    """Whether somebody who took part has left the channel."""
    return any(state.keys(seat) is None for seat in item.seats)


def seen(item: Hat) -> bytes:
    """What this desk has seen of the round (2.6)."""
    parts = [enc(*(m.entry for m in messages)) for messages in (item.keys, item.commits, item.submits, item.stages)]
    return p.labelled_hash(labels.HAT_SEEN, item.sid, *parts)


def awaited(item: Hat) -> tuple[SeatId, ...]:
    """Whose message the round waits for, or waited for when it lapsed."""
    state = item.was if item.state == "lapsed" else item.state
    if state == "stages":
        return (item.seats[len(item.stages)],)
    if state == "opened":
        return (item.caller,)
    if state == "votes":
        return _missing(item, (*item.gos, *item.nogos))
    messages = {
        "keys": item.keys,
        "commits": item.commits,
        "submits": item.submits,
        "opening": item.reveals,
        "blame": item.shows,
    }.get(state)
    return _missing(item, messages) if messages is not None else ()


def _missing(item: Hat, messages: tuple[Heard, ...]) -> tuple[SeatId, ...]:
    there = {m.seat for m in messages}
    return tuple(seat for seat in item.seats if seat not in there)
