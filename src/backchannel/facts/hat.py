"""The hat, and its rounds, as facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backchannel.facts import Facts, Tell
from backchannel.facts.saying import Said

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.hat.values import Hat


HOW = {
    "folded": "dropped a slip that could not be unfolded",
    "twin": "dropped the same slip as another",
    "stage": "took slips out of the hat, or put others in",
    "alarm": "stopped the round without reason",
}


def ready(channel: Channel) -> Facts:
    """What lies ready on this desk, in which running round a slip of its own is, and when the next round is due."""
    from backchannel.desk import hats
    from backchannel.facts import common

    due = hats.due(channel)
    running = [held.value for held in channel.items("hat") if hats.riding(channel, held.value)]
    return {
        "slips": hats.waiting(channel),
        "riding": running[-1].at.position if running else None,
        "next_round": common.at(due) if due is not None else None,
    }


def facts(channel: Channel, item: Hat) -> Facts:
    """A round: among whom, how far it is, whose desk is awaited, what was in the hat, who cheated."""
    from backchannel.desk import hats
    from backchannel.facts import common
    from backchannel.instruments.hat.rules import STATES

    state, at = channel.state, hats.standing(channel, item)
    return {
        "number": item.at.position,
        "called_by": common.name(state, item.caller),
        "called": common.at(item.at.arrival),
        "ends_by": common.at(item.terms.ends_by),
        "seats": common.names(state, item.seats),
        "state": at,
        "state_says": STATES[at],
        "over": not hats.runs(channel, item),
        "was": item.was or item.state,
        "awaits": common.names(state, hats.awaited(item)) if at not in ("closed", "blamed", "failed") else [],
        "held": hats.was_in(item),
        "cheats": [{"name": common.name(state, one.seat), "how": HOW[one.how]} for one in item.culprits],
    }


# --- what every face says of it ---------------------------------------------------------------------------------------

READ_BY_SOME = Said(
    "Some may have read what was in it, so no desk keeps that: a slip that came twice could be told. "
    "Whoever had something in it lays it ready again, in other words."
)


def cheat(one: Facts) -> Said:
    """Who cheated, and how."""
    return Said("{name} {how}.", {"name": one["name"], "how": Said(one["how"])})


def was_in(held: Facts) -> Said:
    """What was in the hat."""
    found = [
        Said("1 idea") if held["idea"] == 1 else Said("{n} ideas", {"n": held["idea"]}),
        Said("1 reaction") if held["reaction"] == 1 else Said("{n} reactions", {"n": held["reaction"]}),
        Said("1 question") if held["question"] == 1 else Said("{n} questions", {"n": held["question"]}),
        Said("{n} that nobody could read", {"n": held["spoiled"]}),
        Said("1 empty slip") if held["empty"] == 1 else Said("{n} empty slips", {"n": held["empty"]}),
    ]
    kinds = ("idea", "reaction", "question", "spoiled", "empty")
    return Said(
        "In the hat: {things}.", {"things": [one for kind, one in zip(kinds, found, strict=True) if held[kind]]}
    )


def steps(channel: Channel, item: Hat, tell: Tell) -> None:
    """For whose desk a round waits."""
    from backchannel.desk import hats
    from backchannel.facts.common import name

    if hats.runs(channel, item):
        for seat in hats.awaited(item):
            what = f"the desk, for which round {item.at.position} of the hat waits"
            tell(name(channel.state, seat), "open", what, "desk sync --watch")
