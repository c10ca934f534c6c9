"""Amendments and redlines as facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backchannel.facts import Facts

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.text.redline import Line
    from backchannel.instruments.text.values import Amendment, Step, Text


def amendment_facts(channel: Channel, item: Text, one: Amendment) -> Facts:
    """An amendment: what it would change, beside what the paragraphs say now."""
    from backchannel.facts import common
    from backchannel.instruments.text.paragraphs import applied

    stale = one.outcome == "proposed" and applied(item.paragraphs, one.id, one.steps) is None
    return {
        "number": one.at.position,
        "of": item.at.position,
        "by": common.name(channel.state, one.seat),
        "mine": one.seat == channel.me,
        "outcome": one.outcome,
        "stale": stale,
        "reason": item.words[one.reason],
        "answer": {"reason": item.words[one.answer]},
        "changes": [_change(item, step) for step in one.steps],
    }


def _change(item: Text, step: Step) -> Facts:
    from backchannel.instruments.text.differences import compare

    numbers = {one.id: n for n, one in enumerate(item.here, 1)}
    by_id = {one.id: one for one in item.paragraphs}
    one = by_id.get(step.paragraph)
    now = item.said(one) if one is not None else None
    new = [item.words[n] for n in step.words]
    same = one is not None and one.revision == step.revision and step.do in ("replace", "merge")
    return {
        "do": step.do,
        "paragraph": numbers.get(step.paragraph),
        "gone": one is not None and one.gone,
        "after": numbers.get(step.other) if any(step.other) else 0,
        "now": {"text": now} if now is not None else None,
        "new": [{"text": words} for words in new],
        "runs": [{"mark": run.mark, "text": run.words} for run in compare(now or "", new[0])] if same else [],
    }


def redline_facts(lines: Sequence[Line]) -> list[Facts]:
    """A redline: each paragraph with its numbers before and after, and its words as they stayed, went and came."""
    return [
        {
            "before": line.before,
            "after": line.after,
            "moved": line.moved,
            "same": line.same,
            "runs": [{"mark": run.mark, "text": run.words} for run in line.runs],
        }
        for line in lines
    ]
