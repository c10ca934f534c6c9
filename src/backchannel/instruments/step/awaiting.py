"""What is awaited of whom on a ladder, and whether anything can be, without another entry (spec/step.md, 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from backchannel.instruments.step.standing import Standing
from backchannel.instruments.step.values import Ladder, Step

MOVED_BY_THE_CLOCK = ("proposed", "pledged")
"""States in which a step's standing changes without an entry about it; in the others it is what was said (2.3)."""


class Turn(NamedTuple):
    """Something that is awaited from a party: `verb` is pledge, report, answer (a doubt), find or excuse."""

    place: int
    party: str
    verb: str
    hour: int | None


def awaited(item: Ladder, stands: Sequence[Standing]) -> list[Turn]:
    """What is awaited, from whom; what has the nearest hour first."""
    found = [
        Turn(place, party, verb, now.hour if verb == "report" else None)
        for place, (one, now) in enumerate(zip(item.steps, stands, strict=True))
        for party, verb in _awaited(one, now.state, held=now.held)
    ]
    return sorted(found, key=lambda turn: (turn.hour is None, turn.hour or 0, turn.place))


def rests(item: Ladder) -> bool:
    """Whether nothing is awaited of anybody before something else is said of it; files may be on their way for ever."""
    return not any(
        one.state in MOVED_BY_THE_CLOCK
        or any(True for _ in _awaited(one, one.state, held=False))
        or any(said.files for said in one.reports)
        or any(said.files for said in one.findings)
        for one in item.steps
    )


def _awaited(one: Step, state: str, *, held: bool) -> Iterator[tuple[str, str]]:
    promise = one.promise
    if state == "proposed" and not held:
        yield promise.doer, "pledge"
    if state in ("due", "late"):
        yield promise.doer, "report"
    if state == "disputed":
        yield promise.doer, "answer"
    if state in ("reported", "disputed"):
        yield from ((party, "find") for party in promise.verifiers if party not in one.found)
    if one.excuses and state not in ("proposed", "verified", "excused", "withdrawn"):
        yield from ((party, "excuse") for party in _asked(one))


def _asked(one: Step) -> Iterable[str]:
    """To whom it is owed, too, if another of them has excused it and they have not said the same."""
    held = max((n for n, word in enumerate(one.excuses, 1) if word.held), default=0)
    said = {word.party: word.until for word in one.excuses[held:]}
    newest = one.excuses[-1].until
    return [party for party in one.promise.toward if said and said.get(party) != newest]
