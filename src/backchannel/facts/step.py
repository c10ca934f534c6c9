"""A ladder as facts: what is awaited from whom, who does what by when, where it stands, what was said of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from backchannel.desk import evidence, sending
from backchannel.desk.channel import Channel
from backchannel.desk.evidence import Named
from backchannel.desk.promised import numbers as places
from backchannel.desk.promised import promised
from backchannel.desk.steps import earliest, hour, standings
from backchannel.facts import Facts, Tell
from backchannel.facts.common import at, name, names
from backchannel.facts.passed import passes
from backchannel.facts.saying import FEW
from backchannel.facts.saying import by as until
from backchannel.facts.saying import numbers as listed
from backchannel.instruments.step.acts import File
from backchannel.instruments.step.awaiting import Turn
from backchannel.instruments.step.awaiting import awaited as awaiting
from backchannel.instruments.step.rules import STATES
from backchannel.instruments.step.standing import Standing, quota
from backchannel.instruments.step.values import Found, Ladder


@passes
def facts(channel: Channel, item: Ladder) -> Facts:
    """A ladder: how each step stands, and what is awaited from whom."""
    stands = standings(channel, item)
    here = channel.session.book.pieces.counts(item.at.position)
    return {
        **_head(channel, item, stands),
        "steps": [step_facts(channel, item, n, now, here) for n, now in enumerate(stands, 1)],
        "awaited": awaited(channel, item, awaiting(item, stands), here),
    }


@passes
def line(channel: Channel, item: Ladder) -> Facts:
    """A ladder without its steps."""
    stands = standings(channel, item)
    here = channel.session.book.pieces.counts(item.at.position)
    return {**_head(channel, item, stands), "awaited": awaited(channel, item, awaiting(item, stands), here)}


def _head(channel: Channel, item: Ladder, stands: Sequence[Standing]) -> Facts:
    charter = channel.state.charter
    return {
        "number": item.at.position,
        "title": item.title,
        "proposed_by": name(channel.state, item.author),
        "proposed": at(item.at.arrival),
        "readers": names(channel.state, channel.state.current(item.audience)),
        "read_up_to": at(hour(channel)),
        "attribution": charter.terms.attribution if charter is not None else "",
        "counts": dict(Counter(now.state for now in stands)),
    }


def step_facts(
    channel: Channel, item: Ladder, number: int, now: Standing, here: Mapping[tuple[str, bytes], int] | None = None
) -> Facts:
    """One step: what was promised, where it stands, what was said of it."""
    one, state = item.steps[number - 1], channel.state
    said, party = one.promise, state.member(channel.me).party
    if here is None:
        here = channel.session.book.pieces.counts(item.at.position)
    counting = {found.at.position for found in one.found.values()}
    return {
        **promised(number, one, now, at),
        "state_says": STATES[now.state],
        "waits_for": places(now.waits),
        "not_pledged": [n + 1 for n in now.owes],
        "held": now.held,
        "remind_days": list(said.remind),
        "visits_left": quota(one, party, hour(channel)).left if party in said.verifiers else 0,
        "not_before": stamp(one.until),
        "earliest": stamp(earliest(one)) if now.hour is None else None,
        "reports": [
            {
                "at": at(report.at.arrival),
                "by": name(state, report.by),
                "text": report.words,
                "late": report.late,
                "files": _files(report.files),
            }
            for report in one.reports
        ],
        "findings": [_finding(found, counts=found.at.position in counting) for found in one.findings],
        "inspections": [
            {"at": at(visit.at.arrival), "party": visit.party, "text": visit.words} for visit in one.visits
        ],
        "excuses": [
            {
                "at": at(word.at.arrival),
                "party": word.party,
                "until": stamp(word.until),
                "reason": word.reason,
                "held": word.held,
            }
            for word in one.excuses
        ],
        "evidence": [evidence_facts(file, party) for file in evidence.of(one, here)],
    }


def _finding(found: Found, *, counts: bool) -> Facts:
    return {
        "at": at(found.at.arrival),
        "party": found.party,
        "verdict": found.verdict,
        "text": found.words,
        "counts": counts,
        "files": _files(found.files),
    }


def _files(files: Iterable[File]) -> list[Facts]:
    return [{"name": file.name, "size": file.size, "sha256": file.sha256.hex()} for file in files]


def evidence_facts(one: Named, party: str) -> Facts:
    """A file that was named, and how much of it is here."""
    return {
        **_files([one.file])[0],
        "party": one.party,
        "mine": one.party == party,
        "here": one.here,
        "pieces": one.pieces,
    }


def stamp(unit: int | None) -> str | None:
    """An arrival unit as a time; None if there is none."""
    return at(unit) if unit else None


WHAT = {
    "pledge": ("promise", "{}"),
    "report": ("report", "{}"),
    "answer": ("answer", "the doubt on {}, with another report"),
    "find": ("say", "what was found of {}"),
    "excuse": ("say", "whether to excuse {}, as another has"),
    "send": ("send", "the rest of the files of {}"),
}
"""What is awaited: to do what."""
COMMANDS = {"find": "find {} kept|doubted|broken", "answer": "report {}", "send": "send {} FILE"}
"""Of what is awaited; else the verb's own name."""


class Awaited(NamedTuple):
    """What is awaited of a party, of some steps at once."""

    party: str
    verb: str
    places: tuple[int, ...]
    mine: bool
    hour: int | None = None


def awaited(
    channel: Channel, item: Ladder, found: Sequence[Turn], here: Mapping[tuple[str, bytes], int]
) -> list[Facts]:
    """What is awaited, from this seat's party first, with the command to do it; promises of one party together."""
    return [_told(item, one) for one in _in_order(channel, item, found, here)]


def _in_order(
    channel: Channel, item: Ladder, found: Sequence[Turn], here: Mapping[tuple[str, bytes], int]
) -> list[Awaited]:
    me = channel.state.member(channel.me)
    mine = me.party if me.speaks else ""
    every = [
        Awaited(turn.party, turn.verb, (turn.place,), turn.party == mine, turn.hour)
        for turn in found
        if turn.verb != "pledge"
    ]
    promises: dict[str, list[int]] = {}
    for turn in found:
        if turn.verb == "pledge":
            promises.setdefault(turn.party, []).append(turn.place)
    every += [Awaited(party, "pledge", tuple(places), party == mine) for party, places in promises.items()]
    going = {file.sha256 for _, file in sending.going(channel.session)}  # by itself: nothing is to be done about it
    for place, one in enumerate(item.steps):
        if not one.reports and not one.findings:
            continue
        left = [file for file in evidence.of(one, here) if file.here < file.pieces]
        if any(file.party == me.party and file.file.sha256 not in going for file in left):
            every.append(Awaited(me.party, "send", (place,), me.speaks))
    return sorted(every, key=lambda one: not one.mine)


def _told(item: Ladder, one: Awaited) -> Facts:
    numbers = [place + 1 for place in one.places]
    which = f"{item.at.position} {' '.join(map(str, numbers))}"
    return {
        "party": one.party,
        "mine": one.mine,
        "verb": one.verb,
        "do": WHAT[one.verb][0],
        "rest": WHAT[one.verb][1].format(listed(numbers, "step")),
        "steps": numbers,
        "hour": stamp(one.hour),
        "command": f"backchannel step {COMMANDS.get(one.verb, one.verb + ' {}').format(which)}",
    }


def steps(channel: Channel, item: Ladder, tell: Tell) -> None:
    """What is awaited by its hour, some of it: from this seat's party, and from others."""
    me, here = name(channel.state, channel.me), channel.session.book.pieces.counts(item.at.position)
    every = _in_order(channel, item, awaiting(item, standings(channel, item)), here)
    for own in (True, False):
        for one in [turn for turn in every if turn.mine is own][:FEW]:
            told = _told(item, one)
            by = f", by {until(told['hour'])}" if told["hour"] else ""
            rest = f"{told['rest']} of ladder {item.at.position}{by}"
            tell(me if own else one.party, told["do"], rest, told["command"].removeprefix("backchannel "))
