"""All of a text that other pages show the beginning of: a note and its read-backs, a non-paper and its reactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.facts import nonpaper, note
from backchannel.web.page import Ask, Facts, Page
from backchannel.web.pieces import pieces
from backchannel.web.portions import portion
from backchannel.web.words import Words

PART = 5_000
"""Characters of a part, of which a page shows some."""

Texts = Iterator[tuple[str, str]]
"""(what it is, its text)"""


def look(ask: Ask) -> Facts:
    """A page's portion of all texts of an item."""
    channel, n = ask.channel(), ask.position()
    held = channel.session.book.items.at(n)
    name = held.instrument.name if held is not None else ""
    if held is None or name not in _TEXTS:
        raise Misuse("item", "There is no such page.", "Choose from the list.")
    texts, place = _TEXTS[name]
    say = ask.words.say
    what = {"note": say("Note"), "nonpaper": say("Non-paper")}[name]
    parts = [
        {"label": label if k == 0 else "", "text": part}
        for label, text in texts(channel, held.value, ask.words)
        for k, part in enumerate(pieces(text, PART) if text else ())
    ]
    start, end = portion(parts, ask.number("from"), lambda part: len(part["text"].encode()) // 2)
    return {
        "place": ask.place(place.format(n=n)),
        "what": f"{what} {n}",
        "rows": parts[start:end],
        "start": start,
        "end": end,
        "total": len(parts),
    }


def _note(channel: Channel, item: Any, words: Words) -> Texts:
    one = note.facts(channel, item)
    if one["gone"]:
        return
    yield one["from"], one["text"]
    for said in one["read_back"]:
        yield words.say("{name} has understood:", name=said["seat"]), said["restated"]
        yield words.say("It was meant otherwise:"), said["corrected"]


def _nonpaper(channel: Channel, item: Any, words: Words) -> Texts:
    one = nonpaper.facts(channel, item)
    for version in reversed(one["versions"]):
        yield words.say("Version {n}", n=version["version"]), version["text"]
    for said in one["reactions"]:
        yield said["by"] or words.say("from the hat"), said["text"]


_TEXTS: dict[str, tuple[Callable[..., Texts], str]] = {
    "note": (_note, "talk?at={n}#n{n}"),
    "nonpaper": (_nonpaper, "proposals/{n}"),
}

WHOLE = (Page("/c/{c:int}/whole/{n:int}", "whole.html", look),)
