"""Whether this seat can do something now, and if not who can, or what comes before: a table's refusal does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backchannel.errors import Misuse
from backchannel.facts import text as texts
from backchannel.facts.saying import names, numbers

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.text.values import Text
    from backchannel.instruments.understanding.values import Understanding

UNDONE = "Nothing was done."
WORKED_ON = ("drafting", "silence")


def work(
    channel: Channel, item: Text, *, pen: bool = False, party: bool = False, states: tuple[str, ...] = ("drafting",)
) -> None:
    """On a text in one of these states, as its pen or for a party. `Misuse`: `state`, `pen`, `party`."""
    if item.state not in states:
        raise Misuse("state", _state_says(item, states), "", UNDONE)
    one = texts.facts(channel, item)
    if pen and not one["pen_mine"]:
        raise Misuse("pen", _stop(f"This is for whoever holds the pen: {one['pen']}"), "", UNDONE)
    if party and not one["for_party"]:
        raise Misuse("party", _stop(f"This is for those who negotiate here, for {names(one['parties'])}"), "", UNDONE)


def end(channel: Channel, item: Text, *, agreed: bool) -> None:
    """Put a text under silence; or adopt it, if it is `agreed`. `Misuse`, beyond those: `version`, `brackets`, `open`.

    (`open`: not all of it is agreed.)
    """
    work(channel, item, pen=True, states=WORKED_ON if agreed else ("drafting",))
    n, one = item.at.position, texts.facts(channel, item)
    if not one["versions"] or one["changed"]:
        what = f"Text {n} has changed since it was issued." if one["changed"] else f"Text {n} was not issued yet."
        raise Misuse("version", what, f"Issue it first: backchannel text issue {n}", UNDONE)
    left = [part["number"] for part in one["paragraphs"] if part["brackets"]]
    if left:
        raise Misuse("brackets", f"There are brackets in {numbers(left)}.", "", UNDONE)
    if agreed and not one["clear"]:
        raise Misuse("open", "Not all of it is agreed.", f"See: backchannel text brackets {n}", UNDONE)


def _state_says(item: Text, states: tuple[str, ...]) -> str:
    n = item.at.position
    if item.state == "drafting":
        return f"No silence runs on text {n}." if "silence" in states else f"Text {n} is not adopted yet."
    return {
        "silence": f"Silence runs on text {n}: nothing of it is changed until it ends, or somebody breaks it.",
        "adopted": f"Text {n} is adopted: it changes no more.",
        "closed": f"Text {n} was given up.",
    }[item.state]


def bind(channel: Channel, item: Understanding, verb: str) -> None:
    """Initial, sign or withdraw an understanding: is it its turn, and this seat's? `Misuse`: `rule`, `repeat`."""
    from backchannel.facts import common, understanding

    found = understanding.facts(channel, item)
    number = found["number"]
    if verb == found["next"] or (verb == "withdraw" and item.state in ("proposed", "initialled") and found["next"]):
        mine = channel.me in item.signatories
        if not mine and not (verb == "withdraw" and item.proposer == channel.me):
            who = names([party["name"] for party in found["parties"]])
            raise Misuse("rule", _stop(f"This is for its signatories: {who}"), "", UNDONE)
        if verb != "withdraw" and common.name(channel.state, channel.me) not in found["awaits"]:
            done = {"initial": "initialled", "sign": "signed"}[verb]
            raise Misuse("repeat", f"You have {done} understanding {number} already.", "", UNDONE)
        return
    todo = f"It awaits {names(found['awaits'])}: backchannel understanding {found['next']}" if found["next"] else ""
    raise Misuse("rule", _stop(f"Understanding {number} is {found['state_says']}"), todo, UNDONE)


def _stop(sentence: str) -> str:
    return f"{sentence.removesuffix('.')}."
