"""What becomes of an open slip: a non-paper, a reaction, a sounding, posted for whoever wrote it (spec/hat.md, 3)."""

from __future__ import annotations

from collections.abc import Sequence

from backchannel.channel.state import DAY, At, State
from backchannel.entry.codec import encode
from backchannel.instruments.base import Due, remaining
from backchannel.instruments.hat import mix
from backchannel.instruments.hat.values import Content, Hat, Idea, Reaction, Slip
from backchannel.instruments.nonpaper import values as nonpaper
from backchannel.instruments.sounding.values import Open

MOST_DAYS = 14
ANSWER, OPENED = DAY, 2 * DAY
"""How long a question from the hat awaits answers, and then its opening."""


def onward(item: Hat, contents: Sequence[bytes], at: At, state: State) -> list[Due]:
    """The entries that carry on what the slips hold; `contents` is empty at all desks but the caller's."""
    said = [(slip, mix.read(content)) for slip, content in zip(item.slips, contents, strict=False)]
    return [_due(item, slip, content, at, state) for slip, content in said if content is not None]


def _due(item: Hat, slip: Slip, content: Content, at: At, state: State) -> Due:
    to = remaining(item.audience, state)
    if isinstance(content, Idea):
        keep = state.charter.terms.retention_days if state.charter is not None else 1
        until = min(at.arrival + min(MOST_DAYS, keep) * DAY, item.terms.ends_by + MOST_DAYS * DAY)
        return Due(
            "nonpaper.float",
            nonpaper.Float("hat", until, content.counters, item.id, slip.hash),
            to,
            encode(nonpaper.Idea(content.nonce, content.title, content.text)),
        )
    if isinstance(content, Reaction):
        return Due(
            "nonpaper.react",
            nonpaper.React(content.item, content.version, content.stance, item.id, slip.hash),
            to,
            encode(nonpaper.Remark(content.nonce, content.text)),
        )
    voters = tuple(seat for seat in to if seat != item.caller)
    ballots_by = at.arrival + ANSWER
    question = Open(
        content.question, content.options, "all", (), 0, "first", voters, item.caller, ballots_by, ballots_by + OPENED
    )
    return Due("sounding.open", question, to)
