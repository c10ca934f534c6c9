"""A channel as `channel show` has it: all but what was said in it, and who can do what next by which command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from shlex import quote
from typing import Any

from backchannel.channel.assent import missing, unsigned
from backchannel.channel.rules import STAGES
from backchannel.channel.state import Invitation, State
from backchannel.desk.channel import Channel
from backchannel.desk.naming import called
from backchannel.facts import (
    Facts,
    Tell,
    disclosure,
    hat,
    nonpaper,
    note,
    outbox,
    sounding,
    succession,
    text,
    understanding,
)
from backchannel.facts import common as facts
from backchannel.facts import step as ladder


def whole(channel: Channel) -> Facts:
    """Everything about a channel but what was said in it.

    To a seat that has left only what was: what is under way is no affair of whoever holds that desk now.
    """
    state = channel.state
    left = facts.left(channel)
    return {
        **facts.line(channel),
        "purpose": state.purpose,
        "stage_says": STAGES[state.stage],
        "round": state.epoch,
        "charter": facts.charter(channel),
        "seats": [] if left else [facts.seat(channel, one) for one in state.present],
        "uncompared": facts.uncompared(channel),
        "gone": [] if left else gone(state),
        "pending": [] if left else pending(state),
        "handovers": [] if left else succession.facts(channel),
        "next": steps(channel),
        "outbox": outbox.facts(channel),
    }


def gone(state: State) -> list[str]:
    """Who was here once."""
    return [called(state, one) for one in state.seats if one.standing == "gone"]


def pending(state: State) -> list[Facts]:
    """Invitations and removals under way."""
    return [facts.change(state, one) for one in facts.changes(state) if one.proposal.stage in ("open", "granted")]


# --- who can do what next ---------------------------------------------------------------------------------------------

NEXT: Mapping[str, Callable[[Channel, Any, Tell], None]] = {
    "note": note.steps,
    "understanding": understanding.steps,
    "disclosure": disclosure.steps,
    "sounding": sounding.steps,
    "text": text.steps,
    "step": ladder.steps,
    "nonpaper": nonpaper.steps,
    "hat": hat.steps,
}
"""Of each instrument: what is awaited of an item, from whom, that is not settled."""


def steps(channel: Channel) -> list[Facts]:
    """Who can do what next, what is awaited from this seat first: all of one moment, in one turn."""
    with channel.session.turn():
        return sorted(_steps(channel), key=lambda one: one["who"] != "you")


def _steps(channel: Channel) -> list[Facts]:
    state, me = channel.state, channel.me
    mine, myself = state.seat(me), facts.name(state, me)
    found: list[Facts] = []

    def step(kind: str, number: int | None, who: str, verb: str, rest: str, command: str) -> None:
        own = mine is not None and who == myself
        what = f"{verb if own else verb + 's'} {rest}"
        about = {"kind": kind, "number": number, "verb": verb}
        found.append({"who": "you" if own else who, "what": what, "command": f"backchannel {command}", "about": about})

    if facts.left(channel):
        return []
    seats: Tell = partial(step, "seats", None)
    if state.stage == "founding":
        _founding(state, seats)
    if state.stage == "signed":
        seats(facts.name(state, state.founder), "open", "the channel, with the next sync of that desk", "desk sync")
    if state.stage == "open":
        _roster(state, seats)
        succession.steps(channel, seats)
        for instrument, tell in NEXT.items():
            for held in channel.session.book.items.unsettled(instrument):
                tell(channel, held.value, partial(step, instrument, held.position))
        if mine is not None and mine.speaks and mine.standing == "active":
            seats(myself, "write", "a note", "note send")
    return found


def _founding(state: State, tell: Tell) -> None:
    founder = facts.name(state, state.founder)
    for one in state.invitations:
        if one.proposal.stage == "granted":
            tell(one.name, "join", f"with the code that {founder} hands over", "channel join")
    if state.charter is None:
        if len(state.present) < 2 and not any(one.proposal.stage == "granted" for one in state.invitations):
            tell(founder, "invite", "whoever is to sit at the table", "channel invite")
        if len(state.present) > 1:
            tell(founder, "propose", "the charter, when all have joined", "channel charter sign")
        return
    for other in unsigned(state):
        tell(facts.name(state, other.id), "sign", "the charter", "channel charter sign")


def _roster(state: State, tell: Tell) -> None:
    for one in facts.changes(state):
        leaver, offered = (None, one) if isinstance(one, Invitation) else (one.seat, None)
        who = offered.name if offered else facts.name(state, leaver)
        about = leaver or (offered.replaces if offered else None)
        if one.proposal.stage == "open":
            what, verb = ("removal", "remove") if leaver else ("admission", "admit")
            place = f" in the place of {facts.name(state, about)}" if about and not leaver else ""
            command = f"channel {verb} {quote(who)}{' --reason TEXT' if leaver else ''}"
            for other in state.active:
                if other.party in missing(state, one) and other.id != about:
                    said = f"yes to the {what} of {who}{place} (for {other.party})"
                    tell(facts.name(state, other.id), "say", said, command)
        elif one.proposal.stage == "granted" and leaver:
            tell("any desk", "put", f"the removal of {who} into effect, with its next sync", "desk sync")
        elif one.proposal.stage == "granted":
            tell(who, "join", f"with the code that {facts.name(state, one.proposal.by)} hands over", "channel join")
    for other in state.present:
        if other.standing == "guest" and other.signed:
            tell(facts.name(state, other.id), "come", "in, with the next sync of any desk", "desk sync")
        elif other.standing == "guest":
            tell(facts.name(state, other.id), "sign", "the charter", "channel charter sign")
