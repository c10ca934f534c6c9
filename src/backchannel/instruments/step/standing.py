"""Where the steps of a ladder stand at an hour: read off what was said, by the log's clock (spec/step.md, 2).

A step's standing follows from its neighbours' entries alone, so that one pass gives all, and nothing is followed round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from backchannel.channel.state import DAY
from backchannel.instruments.step.values import Ladder, Step

YEAR = 365 * DAY

LOST = frozenset({"withdrawn", "broken"})
"""The standings from which a step is never fulfilled (2.1), unless a broken one is excused or found otherwise."""


class Standing(NamedTuple):
    """Where a step stands.

    `opened`: since when it is open, None if it is not; `hour`: by when it is to be done, None if that is not known.
    `waits`: the lists of which none is fulfilled, `owes`: the steps in return for which it is given and that are not
    pledged, by their places. `held`: what it waits for, or is given for, is lost.
    """

    state: str
    hour: int | None
    opened: int | None
    waits: tuple[tuple[int, ...], ...]
    owes: tuple[int, ...]
    held: bool

    @property
    def lost(self) -> bool:
        """Whether it is never fulfilled."""
        return self.state in LOST


def stand(ladder: Ladder, unit: int) -> tuple[Standing, ...]:
    """The standing of every step at an arrival unit."""
    steps = ladder.steps
    read = [_read(steps, one, unit) for one in steps]
    lost = [one.lost for one in read]
    return tuple(
        found._replace(held=True) if _held(one, lost.__getitem__) else found
        for one, found in zip(steps, read, strict=True)
    )


def standing(ladder: Ladder, place: int, unit: int) -> Standing:
    """The standing of one step at an arrival unit."""
    steps = ladder.steps
    found = _read(steps, steps[place], unit)
    return found._replace(held=_held(steps[place], lambda n: _read(steps, steps[n], unit).lost))


def _read(steps: Sequence[Step], one: Step, unit: int) -> Standing:
    done = [_earliest(steps, any_of) for any_of in one.after]
    waits = tuple(any_of for any_of, hour in zip(one.after, done, strict=True) if hour is None)
    given = [steps[n] for n in one.returns]
    owes = tuple(n for n, of in zip(one.returns, given, strict=True) if of.pledged is None or of.state in LOST)
    opened = None
    if one.pledged is not None and not waits and not owes:
        pledges = (at.arrival for of in given if (at := of.pledged) is not None)
        opened = max([one.pledged.arrival, *pledges, *(hour for hour in done if hour is not None)])
    hour = _hour(one, opened)
    return Standing(_state(one, opened, hour, unit), hour, opened, waits, owes, False)


def _earliest(steps: Sequence[Step], any_of: Sequence[int]) -> int | None:
    found = [at.arrival for n in any_of if (at := steps[n].fulfilled) is not None]
    return min(found, default=None)


def _hour(one: Step, opened: int | None) -> int | None:
    """2.2: nobody is late for waiting, so that a step has a day at least from when it became open."""
    promise = one.promise
    if opened is None or not (promise.by or promise.days):
        return None
    return max(promise.by, one.until, opened + (promise.days or 1) * DAY)


def _state(one: Step, opened: int | None, hour: int | None, unit: int) -> str:
    if one.state != "pledged" or opened is None:
        return one.state
    if hour is None or unit < hour:
        return "due"
    return "broken" if one.promise.grace and unit >= hour + one.promise.grace * DAY else "late"


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
