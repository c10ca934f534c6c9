"""What a step promises, in words, all of it: its person reads it once more before it is promised, or proposed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from backchannel.desk.plans.reading import Plan
from backchannel.instruments.step.acts import Promise, Reference
from backchannel.instruments.step.standing import Standing
from backchannel.instruments.step.values import Step
from backchannel.web.hours import by
from backchannel.web.words import Words

CLIP = 80
"""Characters of a step that is only named."""


class Line(NamedTuple):
    """A step by its number; `after`, `returns` and `owes` (what it is given for, and nobody has promised) by theirs."""

    number: int
    promise: Promise
    after: tuple[tuple[int, ...], ...]
    returns: tuple[int, ...]
    owes: tuple[int, ...] = ()


def planned(made: Plan, known: Sequence[Step]) -> list[Line]:
    """The steps of a plan, behind those that a ladder has."""
    places = {one.id: n for n, one in enumerate(known, 1)}

    def number(of: Reference) -> int:
        return places[of] if isinstance(of, bytes) else len(known) + of + 1

    return [
        Line(n, one, tuple(tuple(map(number, some)) for some in one.after), tuple(map(number, one.returns)))
        for n, one in enumerate(made.promises, len(known) + 1)
    ]


def there(steps: Sequence[Step], stands: Sequence[Standing], numbers: Iterable[int]) -> list[Line]:
    """Some steps of a ladder."""
    return [
        Line(
            n,
            steps[n - 1].promise,
            tuple(tuple(place + 1 for place in some) for some in steps[n - 1].after),
            tuple(place + 1 for place in steps[n - 1].returns),
            tuple(place + 1 for place in stands[n - 1].owes),
        )
        for n in numbers
    ]


def open_(words: Words, lines: Sequence[Line]) -> list[str]:
    """What is to be known of hours where steps wait for others."""
    if not any(line.after or line.returns for line in lines):
        return []
    return [
        words.say(
            "A step is open when what it waits for is fulfilled, and what it is given for is promised. While it is not "
            "open it is never late: its hour moves on."
        )
    ]


def told(words: Words, lines: Sequence[Line], known: Sequence[Step] = ()) -> str:
    """Each step with all that it promises; `known`: the steps of the ladder, to name those that are not among them."""
    here = {line.number for line in lines}
    others = {n: one.promise for n, one in enumerate(known, 1) if n not in here}
    return "\n\n".join("\n– ".join(filter(None, _line(words, line, others))) for line in lines)


def _line(words: Words, line: Line, others: Mapping[int, Promise]) -> list[str]:
    return [f"{line.number}. {line.promise.doer}: {line.promise.what}", *_facts(words, line, others)]


def _facts(words: Words, line: Line, others: Mapping[int, Promise]) -> Iterator[str]:
    say, count, one = words.say, words.count, line.promise
    yield one.where and say("where: {place}", place=one.where)
    yield _hour(words, line)
    if line.after:
        yield say("waits for {steps}", steps=words.names([_either(words, some, others) for some in line.after]))
    if line.returns:
        yield say("in return for {steps}", steps=_steps(words, line.returns, others))
    if line.owes:
        yield say("not promised yet: {steps}", steps=_steps(words, line.owes, {}))
    yield say("owed to {parties}", parties=words.names(list(one.toward)))
    yield _verified(words, one)
    yield one.how and say("how: {words}", words=one.how)
    if one.visits:
        many = count("one visit a year", "{n} visits a year", one.visits)
        yield say("{visits}, of one party {n} at most", visits=many, n=words.number(one.share))
    yield one.late and say("if it is late: {words}", words=one.late)
    if one.grace:
        yield count("broken a day after its hour", "broken {n} days after its hour", one.grace)
    if one.remind:
        yield say("reminders: {days} days before", days=words.names([words.number(days) for days in one.remind]))
    yield "" if one.reversible else say("cannot be undone")
    yield say("announced, in return for nothing") if one.announced else ""


def _hour(words: Words, line: Line) -> str:
    """spec/step.md, 2.2: of a day and so many days after it is open (one, if nothing is said), the later."""
    say, count, one = words.say, words.count, line.promise
    within = count("within a day of being open", "within {n} days of being open", one.days or 1)
    if not one.by:
        return within if one.days else say("without an hour")
    hour = by(words, one.by, whole=True)
    if one.days or line.after or line.returns:
        return say("by {hour}; or {days}, if that is later", hour=hour, days=within)
    return say("by {hour}", hour=hour)


def _verified(words: Words, one: Promise) -> str:
    say, parties = words.say, words.names(list(one.verifiers))
    if not one.verifiers:
        return say("verified by nobody: its doer’s word is enough")
    if one.needed == len(one.verifiers):
        return say("verified by {parties}", parties=parties)
    return say("verified by {n} of {parties}", n=words.number(one.needed), parties=parties)


def _steps(words: Words, numbers: Sequence[int], others: Mapping[int, Promise]) -> str:
    return words.names([_step(words, n, others) for n in numbers])


def _either(words: Words, some: Sequence[int], others: Mapping[int, Promise]) -> str:
    if len(some) == 1:
        return _step(words, some[0], others)
    return words.say("one of {steps}", steps=_steps(words, some, others))


def _step(words: Words, number: int, others: Mapping[int, Promise]) -> str:
    """One that stands in the same words by its number; another with what it is."""
    if number not in others:
        return words.say("step {n}", n=number)
    said = " ".join(others[number].what.split())
    what = said if len(said) <= CLIP else said[:CLIP].rstrip() + "…"
    return words.say("step {n} ({party}: “{what}”)", n=number, party=others[number].doer, what=what)
