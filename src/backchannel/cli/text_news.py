"""What an entry about a text means, in a line: which amendment was decided, who agrees to what, how silence ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backchannel.cli import text_page as pages
from backchannel.cli import text_redline as marks
from backchannel.cli.show import Facts, Page, local, names
from backchannel.desk.channel import Channel
from backchannel.entry.ids import EntryId
from backchannel.facts import common
from backchannel.facts import redline as redlines
from backchannel.facts import text as told_of
from backchannel.facts.saying import numbers
from backchannel.instruments.text.values import Text

STANCES = {"agree": "agrees to", "referendum": "agrees ad referendum to", "reserve": "reserves", "open": "takes back"}


def facts(channel: Channel, item: Text, kind: str, act: Any, entry: EntryId) -> Facts:
    """What is told of an entry: a text that begins as a whole, an amendment, or words for anything else."""
    if kind == "text.open":
        return {"text": told_of.facts(channel, item)}
    made = item.amendment(entry if kind == "text.amend" else getattr(act, "amendment", b""))
    if kind == "text.amend":
        return {"amendment": redlines.amendment_facts(channel, item, made)} if made is not None else {}
    return {"about": _SAYS[kind](channel, item, act)} if kind in _SAYS else {}


def _decided(channel: Channel, item: Text, act: Any) -> str:
    made = item.amendment(act.amendment)
    return f"amendment {made.at.position}: {made.outcome}{_why(act.reason)}" if made is not None else ""


def _taken_back(channel: Channel, item: Text, act: Any) -> str:
    made = item.amendment(act.amendment)
    return f"amendment {made.at.position}" if made is not None else ""


def _stood(channel: Channel, item: Text, act: Any) -> str:
    """Of what has changed since, nothing: who agreed to that, agreed to other words."""
    now = {(one.id, one.revision): n for n, one in enumerate(item.here, 1)}
    found = sorted(now[key] for one in act.on if (key := (one.paragraph, one.revision)) in now)
    which = numbers(found) if found else "what has changed since"
    return f"{STANCES.get(act.stance, act.stance)} {which}{_why(act.words)}"


def _hushed(channel: Channel, item: Text, act: Any) -> str:
    until = next((one.until for one in reversed(item.hushes) if one.number == act.number), 0)
    return f"text {act.number} is adopted at {local(common.at(until))}, unless somebody breaks silence"


def _why(words: str) -> str:
    return f", “{words}”" if words else ""


_SAYS: dict[str, Callable[[Channel, Text, Any], str]] = {
    "text.decide": _decided,
    "text.withdraw": _taken_back,
    "text.stand": _stood,
    "text.issue": lambda channel, item, act: f"it is text {act.number}",
    "text.silence": _hushed,
    "text.break": lambda channel, item, act: f"“{act.words}”" if act.words else "",
    "text.adopt": lambda channel, item, act: f"text {act.number}",
    "text.pass": lambda channel, item, act: f"to {names(common.names(channel.state, [act.to]))}",
}


def draw(page: Page, one: Facts) -> None:
    """It, below its line of news."""
    if one.get("about"):
        page.say(f"  {one['about']}")
    if "amendment" in one:
        marks.amendment(page, one["amendment"])
    if "text" in one:
        pages.after(page, one["text"])
