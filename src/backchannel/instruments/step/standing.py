"""Where the steps of a ladder stand at an hour: read off what was said, by the log's clock (spec/step.md, 2).

A step's standing follows from its neighbours' entries alone, so that one pass gives all, and nothing is followed round.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from backchannel.channel.state import DAY
from backchannel.instruments.step import clock
from backchannel.instruments.step.values import Ladder, Step

YEAR = 365 * DAY

LOST = frozenset({"withdrawn", "broken"})
"""The standings from which a step is never fulfilled (2.1), unless a broken one is excused or found otherwise."""


class Standing(NamedTuple):
    """Where a step stands.

    `opened`: since when it is open, None if it is not; `hour`: by when it is to be done, None if it has no hour or none
    yet; while the clock stands it moves on.
    `waits`: the lists of which none is fulfilled, `owes`: the steps in return for which it is given and that are not
    pledged, by their places. `held`: what it waits for, or is given for, is lost.
    """

    state: str
    hour: int | None
    opened: int | None
    waits: tuple[tuple[int, ...], ...]
    owes: tuple[int, ...]
    held: bool

    def overdue(self, unit: int) -> bool:
        """Whether its hour has come; if the clock stands, had come before."""
        return self.hour is not None and unit >= self.hour

    @property
    def lost(self) -> bool:
        """Whether it is never fulfilled."""
        return self.state in LOST


def stand(ladder: Ladder, unit: int) -> tuple[Standing, ...]:
    """The standing of every step at an arrival unit."""
    read = [reading(ladder, place, unit) for place in range(len(ladder.steps))]
    lost = [one.lost for one in read]
    return tuple(
        found._replace(held=True) if _held(one, lost.__getitem__) else found
        for one, found in zip(ladder.steps, read, strict=True)
    )


def standing(ladder: Ladder, place: int, unit: int) -> Standing:
    """The standing of one step at an arrival unit."""
    held = _held(ladder.steps[place], lambda n: reading(ladder, n, unit).lost)
    return reading(ladder, place, unit)._replace(held=held)


def reading(ladder: Ladder, place: int, unit: int) -> Standing:
    """The standing of one step, but for `held`, which takes more than its neighbours."""
    steps, one = ladder.steps, ladder.steps[place]
    waits = tuple(any_of for any_of in one.after if all(steps[n].fulfilled is None for n in any_of))
    owes = tuple(n for n in one.returns if steps[n].pledged is None or steps[n].state in LOST)
    spells = clock.spells(steps, one)
    opened = spells[-1][0] if spells and not waits and not owes else None
    hour = clock.hour(one, spells, unit)
    return Standing(_state(one, opened, hour, unit), hour, opened, waits, owes, False)


def _state(one: Step, opened: int | None, hour: int | None, unit: int) -> str:
    """2.3: what was broken by the clock does not come back when something else is disputed."""
    if one.state != "pledged":
        return one.state
    if hour is not None and one.promise.grace and unit >= hour + one.promise.grace * DAY:
        return "broken"
    if opened is None:
        return "pledged"
    return "due" if hour is None or unit < hour else "late"


def _held(one: Step, lost: Callable[[int], bool]) -> bool:
    return any(map(lost, one.returns)) or any(all(map(lost, any_of)) for any_of in one.after)


class Quota(NamedTuple):
    """How many visits a party has left, and the arrival unit from which the next is possible; None: never."""

    left: int
    next: int | None


def quota(one: Step, party: str, unit: int) -> Quota:
    """What is left to a party of the visits that a doer takes in any 365 days (3.4)."""
    visits, share = one.promise.visits, one.promise.share
    if not visits:
        return Quota(0, None)
    every = [visit.at.arrival for visit in one.visits if visit.at.arrival > unit - YEAR]
    own = [visit.at.arrival for visit in one.visits if visit.party == party and visit.at.arrival > unit - YEAR]
    left = max(0, min(visits - len(every), share - len(own)))
    freed = [some[-most] + YEAR for some, most in ((every, visits), (own, share)) if len(some) >= most]
    return Quota(left, max(freed, default=unit))
