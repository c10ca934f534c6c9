"""A ladder drawn up in the browser: from a template, from a file, or from nothing; lines of a form become promises."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backchannel.desk import steps
from backchannel.desk.channel import Channel
from backchannel.desk.plans import reading, templates
from backchannel.desk.plans.reading import MOST_BYTES, Plan
from backchannel.errors import Misuse
from backchannel.instruments.step.values import Ladder
from backchannel.web import chosen, lines
from backchannel.web.page import Ask, Facts, Filled, Form, Page, seen, settle
from backchannel.web.promised import open_, planned, told
from backchannel.web.render import Typed
from backchannel.web.words import Words

TEMPLATES = {
    "ceasefire": "A ceasefire: arms are silent in a zone, guns go back, a third party watches",
    "hotline": "A hotline between two headquarters, answered at any hour, and tested",
    "exercises": "Exercises above a size are announced, and observers invited",
    "corridor": "A road that is open to relief, at known hours, checked by a third party",
    "detainees": "Lists of detainees are exchanged, and people go home in turn, the sick first",
    "inspection": "Inspections: each side may look, so many times a year",
    "remains": "The dead are found, named and given back",
    "blank": "One step, empty",
}
"""By the names of `templates.NAMES`, in the same order: addresses hold their numbers."""

BETWEEN = frozenset({"intermediary", "convenor", "guarantor"})
"""Roles of who stands between the sides."""

# --- pages ------------------------------------------------------------------------------------------------------------


def look_new(ask: Ask) -> Facts:
    """What to begin with; then, with a template's number in the address, its form."""
    channel = ask.channel()
    return _around(ask, channel, None)


def look_add(ask: Ask) -> Facts:
    """A form for more steps of a ladder."""
    channel = ask.channel()
    item = steps.ladder_at(channel, ask.position())
    return {**_around(ask, channel, item), "given": Typed([("n", "1")]), "seen": seen(len(item.steps))}


def _around(ask: Ask, channel: Channel, item: Ladder | None) -> Facts:
    names = lines.parties(channel)
    given = _template(ask, channel)
    return {
        "parties": list(enumerate(names)),
        "sides": _sides(ask, channel, names),
        "which": ask.number("t", 0),
        "lacking": bool(ask.query("t")) and given is None,
        "given": given,
        "verified": len(names) > 2,
        "templates": list(enumerate(TEMPLATES.values())),
        "readers": chosen.seats(channel),
        "can_speak": chosen.speaks(channel),
        "ladder": {"number": item.at.position, "title": item.title, "steps": len(item.steps)} if item else None,
        "first": len(item.steps) if item is not None else 0,
        "most": lines.MOST,
        "remarks": [],
    }


def _sides(ask: Ask, channel: Channel, names: list[str]) -> dict[str, int | None]:
    """Who stands in the template's places: as was chosen; else the two that are no go-between, and the one that is."""
    if ask.query("t"):
        return {letter: ask.number(letter, len(names)) for letter in map(str.lower, templates.PARTIES)}
    parties = {seat.party for seat in channel.state.active if seat.speaks and seat.role not in BETWEEN}
    sides = [n for n, name in enumerate(names) if name in parties]
    between = [n for n, name in enumerate(names) if name not in parties]
    two = sides if len(sides) == 2 else [None, None]
    return {"a": two[0], "b": two[1], "c": between[0] if len(between) == 1 else None}


def _template(ask: Ask, channel: Channel) -> Typed | None:
    if not ask.query("t"):
        return None
    known, names = list(TEMPLATES), lines.parties(channel)
    which = ask.number("t", 0)
    if which >= len(known):
        raise Misuse(
            "template", ask.words.say("There is no such template."), ask.words.say("Choose one from the list.")
        )
    picked = {letter: ask.number(letter.lower(), len(names)) for letter in templates.PARTIES}
    called = {letter: names[n] for letter, n in picked.items() if n < len(names)}
    if known[which] == "blank":
        return Typed([("n", "1")])
    lacks = templates.lacks(known[which], called)
    if len(set(called.values())) < len(called) or (lacks and (lacks != ["C"] or len(names) > 2)):
        return None  # where only two parties are here, the form says that nobody verifies
    data = tomllib.loads(templates.template(known[which], called, datetime.now(UTC).date()))
    return Typed(lines.fields(data["title"], data["step"], 0))


# --- acts -------------------------------------------------------------------------------------------------------------


def more(ask: Ask, form: Form) -> str:
    """One step more in the form."""
    many = min(form.number("n", 1) + 1, lines.MOST)
    raise Filled([*((name, value) for name, value in form.typed() if name != "n"), ("n", str(many))], [])


def read(ask: Ask, form: Form) -> str:
    """A ladder from a file: into the form, if it has room, else as it is."""
    channel, item = ask.channel(), _ladder(ask)
    sent = form.files("file")
    if not sent:
        raise Misuse("file", ask.words.say("No file is chosen."), ask.words.say("Choose one that ends in .toml."))
    raw = sent[0].file.read(MOST_BYTES + 1)
    made = steps.plan(channel, raw, item)
    if len(made.promises) > lines.MOST:
        raise Filled([("toml", raw.decode("utf-8-sig"))], [])
    data = tomllib.loads(raw.decode("utf-8-sig"))
    called = [{**one, **_renamed(channel, one)} for one in data.get("step", [])]
    raise Filled(lines.fields(made.title, called, len(item.steps) if item else 0), [])


def _renamed(channel: Channel, one: Mapping[str, Any]) -> dict[str, Any]:
    """Its parties as the roster writes them."""
    named = {name: [steps.party(channel, party) for party in one.get(name, ())] for name in ("verified_by", "owed_to")}
    return {**named, "who": steps.party(channel, one["who"])}


def propose(ask: Ask, form: Form) -> str:
    """A new ladder, when its person has read it once more."""
    channel = ask.channel()
    made = _made(ask.words, channel, form, None)
    to = chosen.some(ask, channel, form, "to")
    steps.check_plan(channel, made, to)
    who = [seat.name for seat in channel.state.active if to is None or seat.id in to or seat.id == channel.me]
    ask.sure(
        form,
        ask.words.say("Propose “{title}”?", title=made.title),
        [
            ask.words.say("{names} can read it, permanently.", names=ask.words.names(who)),
            ask.words.say("It binds nobody: each party promises its own steps, or does not."),
            *_announced(ask, made),
            *open_(ask.words, planned(made, ())),
        ],
        ask.words.say("Propose it"),
        told(ask.words, planned(made, ())),
    )
    size = channel.size
    steps.propose(channel, made, to)
    settle(channel, ask.keeper)
    n = chosen.fresh(channel, "step", size)
    return ask.place("steps" if n is None else f"steps/{n}")


def add(ask: Ask, form: Form) -> str:
    """More steps in a ladder."""
    channel, item = ask.channel(), _ladder(ask)
    assert item is not None  # noqa: S101 - its number is in the address
    ask.as_seen(form, seen(len(item.steps)))  # else "after 2" may mean another's
    made = _made(ask.words, channel, form, item)
    steps.check_plan(channel, made, item=item)
    ask.sure(
        form,
        ask.words.say("Add these steps to “{title}”?", title=item.title),
        [
            ask.words.say("All who read the ladder read them, permanently."),
            *_announced(ask, made),
            *open_(ask.words, planned(made, item.steps)),
        ],
        ask.words.say("Add them"),
        told(ask.words, planned(made, item.steps), item.steps),
    )
    steps.add(channel, item, made)
    settle(channel, ask.keeper)
    return ask.place(f"steps/{item.at.position}")


def _ladder(ask: Ask) -> Ladder | None:
    return steps.ladder_at(ask.channel(), ask.position()) if "n" in ask.request.path_params else None


def _made(words: Words, channel: Channel, form: Form, item: Ladder | None) -> Plan:
    if form["toml"]:
        made = steps.plan(channel, form["toml"].encode(), item)
    else:
        said = lines.said(words, channel, form, len(item.steps) if item is not None else 0)
        known = item.steps if item is not None else ()
        made = reading.plan(form["title"], said, lambda name: steps.party(channel, name), known)
    if item is None and not made.title.strip():
        raise Misuse("plan", words.say("This ladder has no title."), words.say("Give it one."))
    return made


def _announced(ask: Ask, made: Plan) -> list[str]:
    if not any(one.announced for one in made.promises):
        return []
    return [ask.words.say("What is announced is promised with this, in return for nothing; it can be taken back.")]


PLANS = (
    Page("/c/{c:int}/steps/new", "step_new.html", look_new, {"more": more, "read": read, "propose": propose}),
    Page("/c/{c:int}/steps/{n:int}/add", "step_new.html", look_add, {"more": more, "read": read, "propose": add}),
)
