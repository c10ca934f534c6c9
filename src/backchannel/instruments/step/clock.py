"""A step's clock: it runs while the step is open, and stands while what it waits for is not there (spec/step.md, 2.2).

Spells are arrival units `(first, before)`, in order, none touching the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from backchannel.channel.state import DAY
from backchannel.instruments.step.values import Step

Spells: TypeAlias = list[tuple[int, int]]

EVER = 1 << 63


def spells(steps: Sequence[Step], one: Step) -> Spells:
    """When a step was open; the last spell has no end if it is now."""
    if one.pledged is None:
        return []
    every: Spells = [(one.pledged.arrival, EVER)]
    for n in one.returns:
        every = meet(every, _bound(steps[n]))
    for any_of in one.after:
        every = meet(every, join([spell for n in any_of for spell in _fulfilled(steps[n])]))
    return every


def _bound(of: Step) -> Spells:
    """When a step was pledged, and neither withdrawn nor found broken."""
    if of.pledged is None:
        return []
    lost = [(past.first, past.last) for past in of.past if not past.fulfilled]
    if of.state in ("withdrawn", "broken"):
        lost.append((of.since.arrival, EVER))
    starts = [of.pledged.arrival, *(last for _, last in lost)]
    ends = [*(first for first, _ in lost), EVER]
    return [(first, last) for first, last in zip(starts, ends, strict=True) if first < last]


def _fulfilled(of: Step) -> Spells:
    found = [(past.first, past.last) for past in of.past if past.fulfilled] if of.past else []
    return found if of.fulfilled is None else [*found, (of.fulfilled.arrival, EVER)]


def join(some: Iterable[tuple[int, int]]) -> Spells:
    """The spells in which any of these is."""
    found: Spells = []
    for first, last in sorted(some):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(last, found[-1][1])
        elif first < last:
            found.append((first, last))
    return found


def meet(some: Spells, others: Spells) -> Spells:
    """The spells in which both are."""
    found, a, b = [], 0, 0
    while a < len(some) and b < len(others):
        first, last = max(some[a][0], others[b][0]), min(some[a][1], others[b][1])
        if first < last:
            found.append((first, last))
        if some[a][1] < others[b][1]:
            a += 1
        else:
            b += 1
    return found


def hour(one: Step, opened: Spells, unit: int) -> int | None:
    """2.2: the hour of a step that was open in these spells, as it is at `unit`; None: none, or none yet."""
    promise = one.promise
    if not opened or not (promise.by or promise.days):
        return None
    first = opened[0][0]
    found = max(promise.by, first + (promise.days or 1) * DAY) + stood(opened, first, unit)
    if not one.until:
        return found
    said = next(word.at.arrival for word in reversed(one.excuses) if word.held)
    return max(found, one.until + stood(opened, said, unit))


def stood(opened: Spells, since: int, unit: int) -> int:
    """For how long, after `since`, the clock stood between spells, and until `unit` after the last."""
    ends = [last for _, last in opened]
    starts = [*(first for first, _ in opened[1:]), unit]
    return sum(max(0, start - max(end, since)) for end, start in zip(ends, starts, strict=True))
