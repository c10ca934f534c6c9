"""What can be promised: a step by itself, and the references between steps (spec/step.md, 1)."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from backchannel import labels
from backchannel.channel.state import DAY, State
from backchannel.entry import text
from backchannel.entry.ids import ChannelId, EntryId, SeatId
from backchannel.errors import Rejected
from backchannel.instruments.base import Spoken
from backchannel.instruments.step.acts import Promise, Reference, StepId
from backchannel.instruments.step.values import Step
from backchannel.seal import primitives as p

MOST_PROMISES = 500
MOST_STEPS = 10_000
MOST_REFERENCES = 100_000
MOST_NAMED = 32
MOST_DAYS = 3_650
MOST_VISITS = 366
MOST_LEADS = 8
LONGEST_LEAD = 365
FARTHEST = 36_525 * DAY
"""How far ahead an hour can be: a hundred years."""


def step_id(channel: ChannelId, entry: EntryId, n: int) -> StepId:
    """1.2: the id of the n-th step of an entry, from 0."""
    return p.labelled_hash(labels.STEP, channel, entry, n)[:8]


def speaking(audience: Sequence[SeatId], state: State) -> frozenset[str]:
    """The parties that have an active seat in an audience, one that speaks (1.1)."""
    return frozenset(one.party for one in state.active if one.speaks and one.id in audience)


def made(promises: Sequence[Promise], before: Sequence[Step], spoken: Spoken) -> tuple[Step, ...]:
    """The steps that an entry adds to those that stand before it; `Rejected` for what cannot be promised."""
    if not 1 <= len(promises) <= MOST_PROMISES or len(before) + len(promises) > MOST_STEPS:
        raise Rejected("size", f"An entry has 1 to {MOST_PROMISES} steps, and a ladder at most {MOST_STEPS:,} in all.")
    parties, party = speaking(spoken.audience, spoken.state), spoken.state.member(spoken.sender).party
    for one in promises:
        check(one, parties, spoken.at.arrival)
        if one.announced and (one.doer != party or one.returns):
            raise Rejected("announced", "A party announces steps of its own only, in return for nothing.")
    places = {step.id: n for n, step in enumerate(before)}
    after = [tuple(_places(some, places, len(before), len(promises)) for some in one.after) for one in promises]
    returns = [_places(one.returns, places, len(before), len(promises)) for one in promises]
    doers = [*(step.promise.doer for step in before), *(one.doer for one in promises)]
    if any(doers[n] == one.doer for one, given in zip(promises, returns, strict=True) for n in given):
        raise Rejected("returns", "A step is given in return for steps of other parties.")
    new = tuple(
        Step(
            step_id(spoken.state.channel, spoken.id, n),
            one,
            after[n],
            returns[n],
            spoken.at,
            spoken.sender,
            party,
            "pledged" if one.announced else "proposed",
            spoken.at,
            spoken.at if one.announced else None,
        )
        for n, one in enumerate(promises)
    )
    if sum(len(step.returns) + sum(map(len, step.after)) for step in (*before, *new)) > MOST_REFERENCES:
        raise Rejected("size", f"A ladder has at most {MOST_REFERENCES:,} references.")
    _circles(promises, after, len(before))
    return new


def check(one: Promise, parties: frozenset[str], unit: int) -> None:
    """A promise by itself (1.1, 1.3 to 1.5); `Rejected`, or `Malformed` for its words, unless it can be made."""
    text.prose(one.what, "step", 2_000)
    for words, what, most in ((one.where, "place", 500), (one.how, "way", 1_000), (one.late, "consequence", 1_000)):
        if words:
            text.prose(words, what, most)
    others = parties - {one.doer}
    if one.doer not in parties or not _some(one.verifiers, others) or not _some(one.toward, others) or not one.toward:
        raise Rejected(
            "parties",
            "Doer, verifiers and those to whom a step is owed are parties that read it; the doer is no other.",
        )
    for wrong, code, what in (
        (not bool(one.verifiers) <= one.needed <= len(one.verifiers), "needed", "how many must find it kept"),
        (not _lists(one.after), "after", "what it waits for"),
        (len(one.returns) > MOST_NAMED, "returns", "what it is given for"),
        (one.by > unit + FARTHEST or one.days > MOST_DAYS, "by", "its hour"),
        (one.visits > MOST_VISITS, "visits", "visits"),
        (not bool(one.visits) <= one.share <= one.visits, "share", "how many visits are one party's"),
        (one.grace > MOST_DAYS, "grace", "its grace"),
        (not _leads(one), "remind", "its reminders"),
    ):
        if wrong:
            raise Rejected(code, f"A step cannot be promised so: {what}.")


def _some(named: Sequence[str], parties: frozenset[str]) -> bool:
    return list(named) == sorted(set(named)) and parties.issuperset(named)


def _lists(after: Sequence[Sequence[Reference]]) -> bool:
    return len(after) <= MOST_NAMED and all(1 <= len(some) <= MOST_NAMED for some in after)


def _leads(one: Promise) -> bool:
    """From the longest down; there is nothing to remind of without an hour."""
    if list(one.remind) != sorted(set(one.remind), reverse=True) or len(one.remind) > MOST_LEADS:
        return False
    return not one.remind or (one.remind[-1] > 0 and one.remind[0] <= LONGEST_LEAD and bool(one.by or one.days))


def _places(some: Sequence[Reference], places: dict[StepId, int], first: int, new: int) -> tuple[int, ...]:
    """References as places in the ladder (1.2)."""
    found = []
    for one in some:
        place = places.get(one) if isinstance(one, bytes) else first + one if one < new else None
        if place is None:
            raise Rejected("reference", "A step refers to one that is not there.")
        found.append(place)
    if len(set(found)) != len(found):
        raise Rejected("reference", "A step refers to another twice in one list.")
    return tuple(found)


def _circles(promises: Sequence[Promise], after: Sequence[Sequence[Sequence[int]]], first: int) -> None:
    """1.3: steps of earlier entries name none of this one, so that a circle lies within it."""
    graph = {n: {ref - first for some in lists for ref in some if ref >= first} for n, lists in enumerate(after)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as problem:
        circle = problem.args[1][::-1]  # each waits for the next; the last is the first again
        named = " waits for ".join(f'"{_short(promises[n].what)}"' for n in circle[:5])
        more = f" .. ({len(circle) - 1} steps)" if len(circle) > 5 else ""
        raise Rejected("circle", f"These steps wait for each other in a circle: {named}{more}.") from problem


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= 60 else f"{line[:57]}..."
