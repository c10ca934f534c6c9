"""What an entry about a step means, in a line; and what the log's clock has made due or late since somebody looked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backchannel.cli.show import Facts
from backchannel.desk import evidence, turns
from backchannel.desk.channel import Channel
from backchannel.facts import common
from backchannel.facts.saying import by, numbers
from backchannel.instruments.step.values import Ladder

CLIP = 200
MOST = 12
"""So many steps that moved are told one by one."""


def facts(channel: Channel, item: Ladder, kind: str, act: Any, position: int) -> Facts:
    """What is told of an entry: which steps, of whom, in which words."""
    if kind not in _SAYS:
        return {}
    place = item.place(act.step) if hasattr(act, "step") else None
    one = item.steps[place] if place is not None else None
    which = f"step {place + 1}, {one.promise.doer}: " if place is not None and one is not None else ""
    return {"about": f"{which}{_SAYS[kind](item, act, position)}"}


def _added(item: Ladder, _: Any, position: int) -> str:
    new = [n for n, one in enumerate(item.steps, 1) if one.at.position == position]
    return f"{numbers(new, 'step')} of {', '.join(dict.fromkeys(item.steps[n - 1].promise.doer for n in new))}"


def _pledged(item: Ladder, act: Any, _: int) -> str:
    named = [n for n, one in enumerate(item.steps, 1) if one.id in act.steps]
    return f"{item.steps[named[0] - 1].promise.doer} promises {numbers(named, 'step')}"


def _reported(_item: Ladder, act: Any, _: int) -> str:
    files = f"; {len(act.files)} file{'' if len(act.files) == 1 else 's'}" if act.files else ""
    return f"reported{_quoted(act.words)}{files}"


def _excused(_item: Ladder, act: Any, _: int) -> str:
    what = f"may have until {by(common.at(act.until))}" if act.until else "need not be done"
    return f"{what}{_quoted(act.reason)}"


def _reminded(item: Ladder, act: Any, _: int) -> str:
    place = item.place(act.step)
    one = item.steps[place] if place is not None else None
    return f"is due within {act.lead} day{'' if act.lead == 1 else 's'}{_quoted(one.promise.what) if one else ''}"


def _quoted(words: str) -> str:
    line = " ".join(words.split())
    line = line if len(line) <= CLIP else f"{line[:CLIP]}…"
    return f", “{line}”" if line else ""


_SAYS: dict[str, Callable[[Ladder, Any, int], str]] = {
    "step.add": _added,
    "step.pledge": _pledged,
    "step.withdraw": lambda _item, act, _: f"withdrawn{_quoted(act.reason)}",
    "step.report": _reported,
    "step.inspect": lambda _item, act, _: f"a visit{_quoted(act.words)}",
    "step.find": lambda _item, act, _: f"found {act.verdict}{_quoted(act.words)}",
    "step.excuse": _excused,
    "step.remind": _reminded,
}


def whole(channel: Channel, item: Ladder) -> str:
    """That all files that were named are here; told once, with the last of their pieces."""
    here = channel.session.book.pieces.counts(item.at.position)
    left = any(file.here < file.pieces for one in item.steps for file in evidence.of(one, here))
    return "" if left else "all files that were named are here, of ladder"


def moved(channel: Channel, before: turns.Seen) -> list[Facts]:
    """Steps that have come to be due, late or broken since, by an entry or by the clock."""
    found = turns.moved(channel, before)
    party = channel.state.member(channel.me).party
    told = [_moved(one, party) for one in sorted(found, key=lambda one: _doer(one) != party)]
    return told[:MOST] + ([_more(told[MOST:])] if len(told) > MOST else [])


def _doer(one: turns.Moved) -> str:
    return one.ladder.steps[one.place].promise.doer


def _moved(one: turns.Moved, party: str) -> Facts:
    number, n, doer = one.ladder.at.position, one.place + 1, _doer(one)
    hour = f", by {by(common.at(one.now.hour))}" if one.now.hour is not None else ""
    since = one.now.hour if one.now.state != "due" and one.now.hour is not None else one.now.opened or 0
    return {
        "number": number,
        "arrived": common.at(since),
        "by": None,
        "mine": doer == party,
        "kind": f"step.{one.now.state}",
        "what": f"step {n} of ladder {number}, {doer}, is {one.now.state}{hour}",
        "about": f"backchannel step report {number} {n}" if doer == party and one.now.state != "broken" else "",
    }


def _more(rest: list[Facts]) -> Facts:
    return {**rest[0], "mine": False, "kind": "step.more", "what": f"and {len(rest)} steps more", "about": ""}
