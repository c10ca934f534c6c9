"""Where things are shown, and what is awaited, in the reader's language: by instrument, number and verb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backchannel.desk import nonpapers
from backchannel.desk.channel import Channel
from backchannel.facts import Facts, overview
from backchannel.web.page import Ask
from backchannel.web.words import Words

_PAGES = {
    "note": "talk?at={n}#n{n}",
    "nonpaper": "proposals/{n}",
    "hat": "proposals",
    "sounding": "soundings/{n}",
    "text": "text/{n}",
    "understanding": "understandings/{n}",
    "disclosure": "understandings/disclosure/{n}",
    "mandate": "seats",
    "step": "steps/{n}",
    "handover": "seats",
    "seats": "seats",
}

_FORMS = {
    ("seats", "sign"): "seats/charter",
    ("seats", "propose"): "seats/charter",
    ("text", "say"): "text/{n}/stand",
    ("seats", "pass on"): "seats/handover",
}
"""What is done on a page of its own."""

_SAYS = {
    ("note", "restate"): "Say in your own words what you have understood: {title}",
    ("note", "say"): "Say whether this was understood: {title}",
    ("nonpaper", "read"): "Read the non-paper, and react to it or not: {title}",
    ("nonpaper", "put"): "Put the non-paper to the others, or leave it: {title}",
    ("sounding", "answer"): "Answer the sounding: {title}",
    ("text", "decide"): "Decide on the text: {title}",
    ("text", "put"): "Put in what a sounding has found: {title}",
    ("text", "adopt"): "Adopt the text: {title}",
    ("text", "issue"): "Issue a version of the text: {title}",
    ("text", "say"): "Say where you stand on the text: {title}",
    ("understanding", "initial"): "Initial the understanding: {title}",
    ("understanding", "sign"): "Sign the understanding: {title}",
    ("disclosure", "say"): "Say whether these clauses may be shown: {title}",
    ("disclosure", "publish"): "Publish what was agreed to be shown: {title}",
    ("step", "promise"): "Promise steps, or leave them: {title}",
    ("step", "report"): "Report a step: {title}",
    ("step", "answer"): "Answer a doubt on a step: {title}",
    ("step", "say"): "Say what you have found, or whether a step gets more time: {title}",
    ("step", "send"): "Send the rest of the files of a step: {title}",
    ("seats", "invite"): "Invite whoever is to sit at the table",
    ("seats", "propose"): "Propose the charter, when all have joined",
    ("seats", "sign"): "Read the charter, and sign it",
    ("seats", "say"): "Say yes or no to a change of the seats",
    ("seats", "come"): "You come in as soon as a desk is open",
    ("seats", "join"): "Whoever is invited joins with the code that was handed over",
    ("seats", "pass on"): "Pass on to a successor what your desk has",
    ("seats", "open"): "Keep this desk open: the rest it does by itself",
    ("hat", "open"): "Keep this desk open: the rest it does by itself",
    ("seats", "hand"): "Keep this desk open: it hands on what goes with the place, and then leaves",
    ("seats", "send"): "Keep this desk open: it sends the rest of what goes with the place",
    ("seats", "confirm"): "Keep this desk open: it says that all has come",
    ("seats", "leave"): "Keep this desk open: it leaves the channel, now that all has come",
}
"""What is awaited; anything else is told in the words of `overview`."""

_OTHERS = {
    ("note", "restate"): "{who} says what they have understood: {title}",
    ("note", "say"): "{who} says whether this was understood: {title}",
    ("nonpaper", "read"): "{who} reads the non-paper, and reacts or not: {title}",
    ("nonpaper", "put"): "{who} puts the non-paper to the others, or leaves it: {title}",
    ("sounding", "answer"): "{who} answers the sounding: {title}",
    ("text", "decide"): "{who} decides on the text: {title}",
    ("text", "put"): "{who} puts in what a sounding has found: {title}",
    ("text", "adopt"): "{who} adopts the text: {title}",
    ("text", "issue"): "{who} issues a version of the text: {title}",
    ("text", "say"): "{who} says where they stand on the text: {title}",
    ("understanding", "initial"): "{who} initials the understanding: {title}",
    ("understanding", "sign"): "{who} signs the understanding: {title}",
    ("disclosure", "say"): "{who} says whether these clauses may be shown: {title}",
    ("disclosure", "publish"): "{who} publishes what was agreed to be shown: {title}",
    ("step", "promise"): "{who} promises steps, or leaves them: {title}",
    ("step", "report"): "{who} reports a step: {title}",
    ("step", "answer"): "{who} answers a doubt on a step: {title}",
    ("step", "say"): "{who} says what they have found, or whether a step gets more time: {title}",
    ("step", "send"): "{who} sends the rest of the files of a step: {title}",
    ("seats", "invite"): "{who} invites whoever is to sit at the table",
    ("seats", "propose"): "{who} proposes the charter, when all have joined",
    ("seats", "join"): "{who} joins with the code that was handed over",
    ("seats", "sign"): "{who} reads the charter, and signs it",
    ("seats", "say"): "{who} says yes or no to a change of the seats",
    ("seats", "come"): "{who} comes in as soon as a desk is open",
    ("seats", "put"): "A removal takes effect as soon as a desk is open",
    ("seats", "open"): "{who} opens the desk: the rest it does by itself",
    ("hat", "open"): "{who} opens the desk: the rest it does by itself",
    ("seats", "hand"): "{who} opens the desk: it hands on what goes with the place, and then leaves",
    ("seats", "send"): "{who} opens the desk: it sends the rest of what goes with the place",
    ("seats", "confirm"): "{who} opens the desk: it says that all has come",
    ("seats", "leave"): "{who} opens the desk: it leaves the channel, now that all has come",
    ("seats", "pass on"): "{who} passes on to a successor what that desk has",
}
"""The same of others."""

CLIP = 60


def place(channel: Channel, about: Facts) -> str:
    """The address of what `about` names: `{"kind": instrument, "number": position}`."""
    page = _FORMS.get((about["kind"], about["verb"])) or _PAGES[about["kind"]]
    return f"/c/{channel.session.book.c}/{page.format(n=about['number'])}"


def steps(ask: Ask, channel: Channel) -> list[Facts]:
    """Who can do what next: worked out once a request, for whatever is told of it on a page."""
    known: dict[int, list[Facts]] = ask.request.scope.setdefault("backchannel.steps", {})
    c = channel.session.book.c
    if c not in known:
        known[c] = overview.steps(channel)
    return known[c]


def awaiting(ask: Ask, channel: Channel) -> list[Facts]:
    """What is awaited from this seat: a sentence, and where to do it."""
    mine = [one for one in steps(ask, channel) if one["who"] == "you" and one["command"] != _WRITE]
    return [{"what": _said(channel, ask.words, one), "place": place(channel, one["about"])} for one in mine]


def others(ask: Ask, channel: Channel, most: int) -> list[str]:
    """What is awaited from others, some of it."""
    found = [one for one in steps(ask, channel) if one["who"] != "you"][:most]
    return [_said(channel, ask.words, one, _OTHERS) for one in found]


_WRITE = "backchannel note send"


def _said(channel: Channel, words: Words, one: Facts, table: Mapping[tuple[str, str], str] = _SAYS) -> str:
    about = one["about"]
    sentence = table.get((about["kind"], about["verb"]))
    if sentence is None:
        what: str = one["what"] if table is _SAYS else f"{one['who']} {one['what']}"
        return what[:1].upper() + what[1:]
    called = _idea(channel, about["number"]) if about["kind"] == "nonpaper" else title(channel, about["number"])
    return words.say(sentence, who=one["who"], n=about["number"], title=called)


def _idea(channel: Channel, number: int) -> str:
    """A non-paper that is awaited: its title, or its number where the words are not here yet."""
    item = nonpapers.at(channel, number)
    newest = nonpapers.words(channel, item.versions[-1]) if item.versions else None
    return _line(newest.title) if newest is not None else str(number)


def title(channel: Channel, number: int | None) -> str:
    """What an item is called: its title, its question, or its first words."""
    held = channel.session.book.items.at(number) if number is not None else None
    value: Any = held.value if held is not None else None
    terms = getattr(value, "terms", None)
    found = next(
        (
            one
            for of in (value, terms)
            for field in ("title", "question", "text", "summary")
            if isinstance(one := getattr(of, field, None), str) and one
        ),
        "",
    )
    return _line(found)


def _line(found: str) -> str:
    line = " ".join(found.split())
    return line if len(line) <= CLIP else line[:CLIP].rstrip() + "…"
