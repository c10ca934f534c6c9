"""What stands around every page: channels, what is awaited, seats, charter, record."""

from __future__ import annotations

from backchannel.channel.state import State
from backchannel.desk.channel import Channel
from backchannel.facts import common, outbox
from backchannel.web import chosen, drafting
from backchannel.web.page import Ask, Facts
from backchannel.web.places import awaiting, others
from backchannel.web.words import Words

MOST_OTHERS = 8
TRACKS = {"1": "Track 1", "1.5": "Track 1.5", "2": "Track 2", "envoy": "Envoy channel"}


def frame(ask: Ask) -> Facts:
    """The facts of base.html and channel.html."""
    here = ask.request.path_params.get("c")
    desk = ask.desk
    channels = desk.channels()
    found = next((one for one in channels if one.session.book.c == here), None)
    return {
        "state": "open",
        "section": section(ask),
        "answered": _answered(ask),
        "unsent": drafting.waiting(desk) if ask.request.url.path == "/" else [],
        "idle_minutes": ask.keeper.idle_minutes,
        "channels": [_listed(ask, one) for one in channels],
        "here": _here(ask, found) if found is not None else None,
        "reach": ask.words.say("connected by a proxy" if desk.proxy else "connected"),
        "tabs": [
            ("talk", ask.words.say("Talk")),
            ("proposals", ask.words.say("Proposals")),
            ("soundings", ask.words.say("Soundings")),
            ("text", ask.words.say("Text")),
            ("understandings", ask.words.say("Understandings")),
            ("steps", ask.words.say("Steps")),
            ("seats", ask.words.say("Seats")),
            ("record", ask.words.say("Record")),
        ],
    }


def section(ask: Ask) -> str:
    """Which tab, or entry of the list, a page belongs to."""
    parts = ask.request.url.path.removeprefix("/files").removeprefix("/papers").strip("/").split("/")
    return parts[2] if len(parts) > 2 and parts[0] == "c" else parts[0] or "channels"


def _answered(ask: Ask) -> str:
    """Which answer the page shows, if any: what its address shows without it is another page (spec/web.md, 5)."""
    number = ask.query("answer")
    return number if ask.keeper.answers.get(ask.session, ask.request.url.path, number) is not None else ""


def _listed(ask: Ask, channel: Channel) -> Facts:
    state, me = channel.state, channel.me
    parties = sorted({seat.party for seat in state.active if seat.id != me} or {seat.party for seat in state.present})
    track = state.charter.terms.track if state.charter is not None else ""
    kind = ask.words.say(TRACKS[track]) if track else ask.words.say("being founded")
    return {
        "c": channel.session.book.c,
        "title": state.title or ask.words.say("(not read yet)"),
        "sub": f"{kind} · {ask.words.names(parties)}",
        "awaited": bool(awaiting(ask, channel)),
    }


def _here(ask: Ask, channel: Channel) -> Facts:
    state, line = channel.state, common.line(channel)
    mine, trouble = state.seat(channel.me), ask.keeper.trouble.get(channel.id)
    track = state.charter.terms.track if state.charter is not None else ""
    return {
        "c": channel.session.book.c,
        "title": state.title or ask.words.say("(not read yet)"),
        "track": ask.words.say(TRACKS[track]) if track else ask.words.say("being founded"),
        "everybody": chosen.everybody(channel),
        "me": mine.name if mine is not None else ask.words.say("joining"),
        "party": mine.party if mine is not None else "",
        "alarms": line["alarms"],
        "entries": line["entries"],
        "waiting": line["waiting"],
        "returned": [one for one in outbox.facts(channel) if one["stage"] == "returned"],
        "trouble": trouble.what if trouble is not None else "",
        "awaiting": awaiting(ask, channel),
        "others": others(ask, channel, MOST_OTHERS),
        "left": common.left(channel),
        # whoever has the desk of a seat that has left is not told who sits there now
        "seats": [] if common.left(channel) else [common.seat(channel, one) for one in state.present],
        "uncompared": common.uncompared(channel),
        "founding": state.stage != "open",
        "charter": charter(state, ask.words),
    }


def charter(state: State, words: Words) -> str:
    """The terms that one has to know while one speaks, in a breath."""
    if state.charter is None or state.stage != "open":
        return ""
    terms = state.charter.terms
    told = {
        "attributed": words.say("The speaker may be named outside."),
        "chatham": words.say("What is said may be used, the speaker may not be named (Chatham House)."),
    }[terms.attribution]
    keeps = words.count("Notes are kept for a day.", "Notes are kept for {n} days.", terms.retention_days)
    needs = (
        words.say("Showing clauses needs every party.")
        if terms.disclosure == "all"
        else words.say("Showing clauses needs {n} parties.", n=terms.disclosure)
    )
    return f"{told} {keeps} {needs} {words.say('There is no oversight.')}"
