"""Search: words in all that was said, in all channels. They are sent by POST: no address and no history holds them."""

from __future__ import annotations

from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.facts import found as facts
from backchannel.web import places
from backchannel.web.page import Answered, Ask, Facts, Form, Page

MOST = 60
"""Items that are shown."""
LONGEST = 200

KINDS = {
    "note": "Note {n}",
    "nonpaper": "Non-paper {n}",
    "hat": "Round {n} of the hat",
    "sounding": "Sounding {n}",
    "text": "Text {n}",
    "understanding": "Understanding {n}",
    "disclosure": "Disclosure {n}",
    "mandate": "Mandate {n}",
    "step": "Ladder {n}",
    "handover": "Dossier {n}",
}


def look(ask: Ask) -> Facts:
    """The form."""
    return {"sought": "", "found": [], "more": False}


def search(ask: Ask, form: Form) -> str:
    """What has all the words."""
    words = form["words"].strip()
    if not words or len(words) > LONGEST:
        raise Misuse("words", "Type one word at least, and no more than a line of them.", "")
    # They are looked for at each look: what has vanished meanwhile is not found.
    raise Answered(
        sought=words, found=lambda now: _found(now, words)[:MOST], more=lambda now: len(_found(now, words)) > MOST
    )


def _found(ask: Ask, words: str) -> list[Facts]:
    return [_row(ask, one, each) for one in ask.desk.channels() for each in facts.found(one, words, MOST + 1)]


def _row(ask: Ask, channel: Channel, one: Facts) -> Facts:
    about = one["about"]
    return {
        **one,
        "what": ask.words.say(KINDS[about["kind"]], n=about["number"]),
        "title": places.title(channel, about["number"]),
        "place": places.place(channel, {**about, "verb": "look"}),
        "channel": channel.state.title,
    }


SEARCHING = (Page("/search", "search.html", look, {"search": search}),)
