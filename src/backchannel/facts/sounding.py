"""A sounding as facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backchannel.facts import Facts
from backchannel.facts.saying import names

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.sounding.values import Sounding


OVER = frozenset({"closed", "lapsed", "withdrawn"})


STATES = {
    "keys": "the desks get ready; answers are awaited",
    "ballots": "answers are awaited",
    "blinds": "all have answered; the desks work out what meets the rule",
    "opening": "the desks open what meets the rule, and nothing else",
    "closed": "done",
    "lapsed": "lapsed: its hour passed, or somebody left, before it was done. Nothing is known, to anybody",
    "withdrawn": "taken back before anybody had answered",
}


def facts(channel: Channel, item: Sounding) -> Facts:
    """A sounding: what is asked of whom by which rule, how far it is, and what is known."""
    from backchannel.desk.soundings import cast, progress, standing
    from backchannel.facts import common

    state, terms = channel.state, item.terms
    at = standing(channel, item)
    met = {result.option: result.tally for result in item.results}
    done, total, awaits = progress(item)
    return {
        "number": item.at.position,
        "question": terms.question,
        "options": [
            {"number": k + 1, "text": option, "met": k in met, "tally": met.get(k)}
            for k, option in enumerate(terms.options)
        ],
        "rule": terms.rule,
        "quorum": terms.quorum,
        "required": common.names(state, terms.required),
        "rule_says": _rule(common.names(state, terms.required), terms.quorum),
        "reveal": terms.reveal,
        "asked_by": common.name(state, item.asker),
        "releaser": common.name(state, terms.releaser),
        "voters": [
            {"name": common.name(state, seat), "answered": seat in item.answered}
            for seat in sorted(terms.voters, key=lambda seat: common.place(state, seat))
        ],
        "answers_by": common.at(terms.ballots_by),
        "ends_by": common.at(terms.ends_by),
        "state": at,
        "state_says": STATES[at],
        "progress": {"done": done, "of": total},
        "awaits": common.names(state, awaits) if at not in OVER else [],
        "cast": cast(channel, item),
        "mine": channel.me in terms.voters and at in ("keys", "ballots") and not cast(channel, item),
        "failed": item.failed,
    }


def _rule(required: list[str], quorum: int) -> str:
    if not quorum:
        return "acceptable only if all voters could live with it"
    rest = f"{quorum} of the {'others' if required else 'voters'}"
    return f"acceptable if {names([*required, rest])} could live with it"
