"""A note as facts: who can read it, how its read-back stands, and whose word on that is awaited."""

from __future__ import annotations

from shlex import quote

from backchannel.desk.channel import Channel
from backchannel.facts import Facts, Tell
from backchannel.facts.common import at, name, names, place
from backchannel.facts.passed import passes
from backchannel.facts.succession import now
from backchannel.instruments.note import Note


@passes
def facts(channel: Channel, item: Note) -> Facts:
    """A note: who can read it, until when, and how its read-back stands."""
    state = channel.state
    return {
        "number": item.at.position,
        "from": name(state, item.author),
        "mine": item.author in state.line(channel.me),
        "readers": names(state, (seat for seat in item.audience if seat != item.author)),
        "sent": at(item.at.arrival),
        "until": at(item.until),
        "gone": item.gone,
        "text": item.text,
        "read_back": [
            {
                "seat": name(state, r.seat),
                "id": r.seat.hex(),
                "mine": r.seat in state.line(channel.me),
                "state": r.state,
                "restated": r.restated,
                "corrected": r.corrected,
            }
            for r in sorted(item.readbacks, key=lambda r: place(state, r.seat))
            if r.state != "plain"
        ],
    }


def steps(channel: Channel, item: Note, tell: Tell) -> None:
    """This seat's own word: a read-back, or whether another's is right."""
    state, n = channel.state, item.at.position
    line = state.line(channel.me)
    mine = next((one for one in map(item.readback, line) if one is not None), None)
    if item.gone:
        return
    if mine is not None and mine.state in ("asked", "corrected"):
        tell(name(state, channel.me), "restate", f"note {n}", f"note readback {n}")
    for one in item.readbacks if item.author in line else ():
        if one.state == "restated":
            who = name(state, now(state, one.seat))
            whether = f"whether {who} has understood note {n}"
            tell(name(state, channel.me), "say", whether, f"note readback {n} --confirm {quote(who)}")
