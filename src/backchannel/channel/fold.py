"""The fold of signed acts: a state and the next act of the log give the next state, or a rejection (spec/channel.md).

Every desk runs this over the same log and comes to the same state. Nothing else makes a `State`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec.structs import replace

from backchannel.channel import acts, change, handing, rules, seating
from backchannel.channel.change import expire
from backchannel.channel.state import At, State
from backchannel.entry.ids import SeatId
from backchannel.errors import Malformed, Rejected
from backchannel.seal import roster
from backchannel.seal.keys import Keys

__all__ = ["Outcome", "expire", "fold", "judge"]

_HANDLERS: dict[type[acts.Body], Callable[[State, roster.Act, Any, At], State]] = {
    acts.Found: seating.found,
    acts.Prekey: seating.prekey,
    acts.Once: seating.once,
    acts.Join: seating.join,
    acts.Invite: change.invite,
    acts.Charter: change.charter,
    acts.Assent: change.assent,
    acts.Remove: change.remove,
    acts.Handover: handing.hand_over,
    acts.Freeze: handing.freeze,
    acts.Rotate: change.rotate,
}


class Outcome(NamedTuple):
    """What became of an act: the state after it; who verifiably made it, if known; its body, or why it was refused."""

    state: State
    sender: SeatId | None
    body: acts.Body | None
    error: Malformed | None


def fold(state: State, act: roster.Act, at: At) -> tuple[State, acts.Body]:
    """The state after a signed act at `at`, and the act's body; raises what `judge` finds, to rehearse an act."""
    outcome = judge(state, act, at)
    if outcome.error is not None:
        raise outcome.error
    return outcome.state, acts.parse(act.body)


def judge(state: State, act: roster.Act, at: At) -> Outcome:
    """What becomes of a signed act at `at`.

    An act whose signature or turn is wrong leaves the state as it was. One that its seat did make takes its turn even
    if it is refused: else anybody could post it again later, when the rules allow it and its author no longer means it
    (spec/sealing.md, 8).
    """
    state = expire(state, at)
    seat = state.seat(act.seat)
    author = seat if seat is not None and seat.standing != "gone" else None
    try:
        keys = author.keys if author is not None else _brought(state, act)
        roster.verify_act(keys, state.channel, state.epoch, act)
        if act.n != (author.acts if author is not None else 0):
            raise Rejected("turn", "An act of this seat is missing before this one, or it was posted before.")
    except Malformed as problem:
        return Outcome(state, None, None, problem)
    if author is not None:
        state = state.with_seat(replace(author, acts=act.n + 1))
    try:
        body = acts.parse(act.body)
        rules.check(state, acts.kind(body), rules.who(state, author))
        return Outcome(_HANDLERS[type(body)](state, act, body, at), act.seat, body, None)
    except Malformed as problem:
        return Outcome(state, act.seat, None, problem)


def _brought(state: State, act: roster.Act) -> Keys:
    """The keys that somebody without a seat brings, and must have signed with (2.1, 4.3)."""
    body = acts.parse(act.body)
    if not isinstance(body, acts.Found | acts.Join):
        raise Rejected("rule", f"A stranger cannot do this ({acts.kind(body)}) while {rules.STAGES[state.stage]}.")
    if body.keys.seat(state.channel) != act.seat:
        raise Rejected("keys", "A seat brings keys that do not fit its name.")
    return body.keys
