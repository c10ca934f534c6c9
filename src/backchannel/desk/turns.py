"""How a ladder moves, and whether a party may do something on it now, told as people ask (spec/step.md, 3)."""

from __future__ import annotations

from typing import NamedTuple

from backchannel.desk import steps
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.instruments.step.rules import RULES, STATES, roles
from backchannel.instruments.step.standing import Standing, quota, stand, standing
from backchannel.instruments.step.values import Ladder, Step


class Moved(NamedTuple):
    """A step that came to be due, late or broken since somebody looked, by an entry or by the clock."""

    ladder: Ladder
    place: int
    now: Standing


Seen = dict[int, tuple[str, ...]]
"""Of each ladder, by its number, how its steps stood."""


def seen(channel: Channel) -> Seen:
    """How all steps stand."""
    unit = steps.hour(channel)
    return {held.position: tuple(now.state for now in stand(held.value, unit)) for held in channel.items("step")}


def moved(channel: Channel, before: Seen) -> list[Moved]:
    """What has come to be due or late since, or broken by the clock alone."""
    unit, found = steps.hour(channel), []
    for held in channel.items("step"):
        item, past = held.value, before.get(held.position, ())
        for place, now in enumerate(stand(item, unit)):
            clock = now.state in ("due", "late") or (now.state == "broken" and item.steps[place].state == "pledged")
            if clock and (place >= len(past) or past[place] != now.state):
                found.append(Moved(item, place, now))
    return found


VERBS = {
    "step.pledge": "pledge",
    "step.withdraw": "withdraw",
    "step.report": "report",
    "step.inspect": "inspect",
    "step.find": "judge",
    "step.excuse": "excuse",
}
_WHOSE = {
    "doer": lambda one: [one.promise.doer],
    "verifier": lambda one: list(one.promise.verifiers),
    "beneficiary": lambda one: list(one.promise.toward),
    "proposer": lambda one: [one.party],
}
UNDONE = "Nothing was done."


def may(channel: Channel, item: Ladder, number: int, kind: str) -> Step:
    """The step, if this seat's party can do this to it now.

    Else `Misuse`: `step`, `party`, `state`, `promised` or `visits`.
    """
    one, unit, me = steps.step(item, number), steps.hour(channel), channel.state.member(channel.me)
    now, verb = standing(item, number - 1, unit), VERBS[kind]
    parts = set(roles(one, me.party)) if me.speaks else set()
    known = [(state, part) for state, what, part in RULES if what == kind]
    if not parts & {part for _, part in known}:
        whose = dict.fromkeys(p for _, part in known if part in _WHOSE for p in _WHOSE[part](one) if p != me.party)
        who = ", ".join(whose) or "nobody"
        own = "Your party does not judge its own step; that is" if kind == "step.find" and "doer" in parts else ""
        what = own or f"To {verb} step {number} is not for your party, but"
        raise Misuse("party", f"{what} for {who}.", f"See: backchannel step show {item.at.position} {number}", UNDONE)
    if not any((now.state, part) in known for part in parts):
        raise Misuse("state", f"Step {number} is {now.state}: {STATES[now.state]}.", _todo(item, number, now), UNDONE)
    if kind == "step.inspect":
        _visit(one, number, me.party, unit)
    if kind == "step.withdraw" and now.state != "proposed" and not one.promise.announced and not now.held:
        todo = "Those to whom it is owed can give it another hour, or let it go."
        raise Misuse("promised", f"Step {number} is promised, and a promise cannot be taken back.", todo, UNDONE)
    return one


def _todo(item: Ladder, number: int, now: Standing) -> str:
    if now.state == "proposed":
        return f"Its doer promises it first: backchannel step pledge {item.at.position} {number}"
    return f"See: backchannel step show {item.at.position} {number}"


def _visit(one: Step, number: int, party: str, unit: int) -> None:
    left = quota(one, party, unit)
    if left.next is None:
        raise Misuse("visits", f"Step {number} takes no visits: its promise names none.", "", UNDONE)
    if not left.left:
        day = steps.day(left.next)
        raise Misuse("visits", f"No visit to step {number} is left; the next is possible on {day}.", "", UNDONE)
