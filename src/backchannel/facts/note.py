"""Notes: whose word is awaited on what was understood."""

from __future__ import annotations

from shlex import quote

from backchannel.desk.channel import Channel
from backchannel.facts import Tell
from backchannel.facts.common import name
from backchannel.facts.succession import now
from backchannel.instruments.note import Note


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
