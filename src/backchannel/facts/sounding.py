"""A sounding as facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backchannel.facts import Facts, Tell
from backchannel.facts.promises import FIRST
from backchannel.facts.saying import Said, english

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.sounding.values import Sounding


OVER = frozenset({"closed", "lapsed", "withdrawn"})


STATES = {
    "keys": "the desks get ready; answers are awaited",
    "ballots": "answers are awaited",
    "blinds": "all have answered; the desks work out what meets the rule",
    "opening": "the desks open as much of the result as was asked for",
    "closed": "done",
    "lapsed": "lapsed: its hour passed, or somebody left, before it was done. Nothing is known, to anybody",
    "withdrawn": "taken back before anybody had answered",
}


def facts(channel: Channel, item: Sounding) -> Facts:
    """A sounding: what is asked of whom by which rule, how far it is, and what is known."""
    from backchannel.desk.soundings import cast, may_withdraw, progress, standing
    from backchannel.facts import common

    state, terms = channel.state, item.terms
    at = standing(channel, item)
    met = {result.option: result.tally for result in item.results}
    done, total, awaits = progress(item)
    found = {
        "number": item.at.position,
        "question": terms.question,
        "options": [
            {"number": k + 1, "text": option, "met": k in met, "tally": met.get(k)}
            for k, option in enumerate(terms.options)
        ],
        "rule": terms.rule,
        "quorum": terms.quorum,
        "required": common.names(state, terms.required),
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
        "rounds": _rounds(item, at, done, total),
        "awaits": common.names(state, awaits) if at not in OVER else [],
        "cast": cast(channel, item),
        "mine": channel.me in terms.voters and at in ("keys", "ballots") and not cast(channel, item),
        "can_withdraw": may_withdraw(channel, item),
        "failed": item.failed,
    }
    return {**found, "rule_says": english(rule(found))}


ROUNDS = {"keys": "ready", "ballots": "answered", "blinds": "worked out", "opening": "opened"}


def _rounds(item: Sounding, at: str, done: int, total: int) -> list[Facts]:
    """The rounds of a sounding that goes on or is done, and how far each is; none of one that ended unopened."""
    order = [*ROUNDS, "closed"]
    if at not in order:
        return []
    many = {"keys": len(item.part)}
    found = []
    for one, says in ROUNDS.items():
        of = many.get(one, len(item.terms.voters))
        when = "now" if one == at else "done" if order.index(one) < order.index(at) else "later"
        count, of = (done, total) if when == "now" else (of if when == "done" else 0, of)
        found.append({"round": one, "says": says, "when": when, "done": count, "of": of})
    return found


# --- what every face says of it ---------------------------------------------------------------------------------------


def rule(one: Facts) -> Said:
    """What an option has to meet."""
    if not one["quorum"]:
        return Said("Acceptable only if all voters could live with it.")
    n = {"n": one["quorum"]}
    rest = Said("{n} of the others", n) if one["required"] else Said("{n} of the voters", n)
    return Said("Acceptable if {who} could live with it.", {"who": [*one["required"], rest]})


def reveals(one: Facts) -> Said:
    """How much is opened."""
    if one["reveal"] == "all":
        return Said("Every option that meets this is shown.")
    return FIRST


def asked(one: Facts) -> Said:
    """Who has asked: only the hat's own questions begin so, or its caller lies (spec/hat.md, 3)."""
    if one["question"].startswith("From the hat: "):
        return Said("brought by the desk of {name}", {"name": one["asked_by"]})
    return Said("asked by {name}", {"name": one["asked_by"]})


def met(one: Facts, option: Facts) -> Said:
    """Of an option that meets the rule."""
    if one["quorum"]:
        return Said("acceptable to {n} of {of}", {"n": option["tally"], "of": len(one["voters"])})
    return Said("acceptable to all")


def known(one: Facts) -> list[Said]:
    """What is known at its end, and what is not."""
    found = [option for option in one["options"] if option["met"]]
    others = len(one["options"]) - len(found)
    if not found and one["quorum"]:
        first = Said("None of these options was acceptable to enough.")
    elif not found:
        first = Said("Not acceptable to all: none of these options.")
    elif others and one["reveal"] == "all":
        first = Said("The other {n} did not meet the rule.", {"n": others})
    elif others and one["failed"]:
        many = Said("{n} others were opened before it and did not meet the rule.", {"n": one["failed"]})
        first = Said("1 other was opened before it and did not meet the rule.") if one["failed"] == 1 else many
        if others > one["failed"]:
            return [first, WHICH, Said("Nothing else is shown."), unsaid(one)]
    elif one["quorum"]:
        return [*([UNOPENED] if others else []), unsaid(one)]
    else:
        return [UNOPENED if others else Said("Nothing else is shown.")]
    return [first, Said("Nothing else is shown."), unsaid(one)]


UNOPENED = Said("Nothing is known about the other options.")
WHICH = Said("All who saw the question could work out which, while it ran.")
"""The order of opening comes from what all of them have (spec/sounding.md, 3.4); a desk keeps how many (4.3)."""


def unsaid(one: Facts) -> Said:
    """Who accepted and who refused: what the voters can work out, though it is not shown."""
    if len(one["voters"]) > 2:
        return Said("Who accepted and who refused is not shown to anybody.")
    if one["quorum"]:
        return Said("There were only two voters: from the number, each can work out what the other said.")
    return Said("There were only two voters: whoever accepted what failed knows that the other refused it.")


def steps(channel: Channel, item: Sounding, tell: Tell) -> None:
    """Who has still to answer."""
    from backchannel.desk.soundings import standing
    from backchannel.facts import common
    from backchannel.instruments.sounding.rules import ANSWERING

    n = item.at.position
    if standing(channel, item) in ANSWERING:
        for seat in item.terms.voters:
            if seat not in item.answered:
                tell(common.name(channel.state, seat), "answer", f"sounding {n}", f"sounding answer {n}")
