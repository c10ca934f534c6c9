"""A ladder as people write it, in TOML: steps with keys of their own, parties by name, days as dates."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from backchannel.entry import text
from backchannel.errors import Misuse
from backchannel.instruments.step.acts import Promise, Reference
from backchannel.instruments.step.values import Step
from backchannel.ledger.leaf import ARRIVAL_UNIT

MOST_BYTES = 2_000_000
UNDONE = "Nothing was done."


class Plan(NamedTuple):
    """A title, and what is promised."""

    title: str
    promises: tuple[Promise, ...]


class Field(NamedTuple):
    """How a line of the file is read: what it must be, and what it is if it is not there (`None`: it must be)."""

    kind: type | tuple[type, ...]
    called: str
    default: Any = None


FIELDS: dict[str, Field] = {
    "key": Field(str, "a word", ""),
    "who": Field(str, "a party"),
    "what": Field(str, "text"),
    "where": Field(str, "text", ""),
    "after": Field(list, "a list of keys; a list in the list means any of these", ()),
    "in_return_for": Field(list, "a list of keys", ()),
    "by": Field(date, "a day, like 1979-03-01", date.min),
    "within_days": Field(int, "a number of days", 0),
    "verified_by": Field(list, "a list of parties", ()),
    "findings_needed": Field(int, "a number of parties", -1),
    "how": Field(str, "text", ""),
    "visits_a_year": Field(int, "a number of visits", 0),
    "visits_from_one": Field(int, "a number of visits", -1),
    "owed_to": Field(list, "a list of parties", ()),
    "if_late": Field(str, "text", ""),
    "broken_after_days": Field(int, "a number of days", 0),
    "remind_days": Field(list, "a list of numbers of days", ()),
    "reversible": Field(bool, "true or false", True),
    "announced": Field(bool, "true or false", False),
}


def end_of(day: date) -> int:
    """The arrival unit in which a day has ended (UTC). `Misuse("day")` for one before 1970, or after the year 9998."""
    if not 1970 <= day.year < date.max.year:
        raise Misuse("day", f"{day} is too far away.", "As: 2026-12-01", UNDONE)
    after = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    return int(after.timestamp()) // ARRIVAL_UNIT


def read(raw: bytes, party: Callable[[str], str], known: Sequence[Step] = ()) -> Plan:
    """A ladder from a file. `party` gives a party's name as the roster has it; `known`: the steps that are there.

    Raises `Misuse`, naming the step and the line, for whatever is not as `FIELDS` says.
    """
    try:
        if len(raw) > MOST_BYTES:
            raise ValueError("it is longer than two megabytes")
        data = tomllib.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as problem:
        why = "it is not text in UTF-8" if isinstance(problem, UnicodeDecodeError) else str(problem) or "it is too deep"
        raise Misuse("plan", f"This file cannot be read as a ladder: {why}.", _FORM, UNDONE) from problem
    steps = data.pop("step", [])
    title = data.pop("title", "")
    if data or not isinstance(title, str) or not isinstance(steps, list) or not all(isinstance(s, dict) for s in steps):
        extra = ", ".join(map(repr, data)) or "something that is no step"
        raise Misuse("plan", f"A ladder has a title and steps; this file has {extra}.", _HELP, UNDONE)
    return plan(title, steps, party, known)


def plan(
    title: str, steps: Sequence[Mapping[str, Any]], party: Callable[[str], str], known: Sequence[Step] = ()
) -> Plan:
    """A ladder from what its file says of each step; as `read`."""
    lines = [_line(n, step) for n, step in enumerate(steps, 1)]
    keys = _keys(lines) | {f"#{n}": Named(step.id, step.promise.doer) for n, step in enumerate(known, 1)}
    return Plan(text.tidy(title), tuple(_promise(line, party, keys) for line in lines))


_HELP = "See a template: backchannel step template"
_FORM = f'Words stand in "quotes"; a day is written 2026-12-01, without quotes. {_HELP}'


class Named(NamedTuple):
    """A step that others can refer to: how, and its doer as the file or the ladder has it."""

    reference: Reference
    doer: Any


class Line(NamedTuple):
    """One step of the file."""

    n: int
    said: Mapping[str, Any]

    def fail(self, what: str) -> Misuse:
        """That something is wrong with this step."""
        key = f" ({self.said['key']})" if self.said.get("key") else ""
        return Misuse("plan", f"Step {self.n}{key}: {what}", _HELP, UNDONE)


def _line(n: int, step: Mapping[str, Any]) -> Line:
    line = Line(n, step)
    unknown = sorted(set(step) - set(FIELDS))
    if unknown:
        raise line.fail(f"there is no {unknown[0]!r} in a step; there are {', '.join(FIELDS)}.")
    said = {}
    for name, field in FIELDS.items():
        value = step.get(name, field.default)
        if value is None:
            raise line.fail(f"{name!r} is missing: {field.called}.")
        right = isinstance(value, field.kind) and (field.kind is bool or not isinstance(value, bool))
        if name in step and (not right or isinstance(value, datetime)):
            raise line.fail(f"{name!r} should be {field.called}.")
        said[name] = text.tidy(value) if isinstance(value, str) else value
    return Line(n, said)


def _keys(lines: Sequence[Line]) -> dict[str, Named]:
    keys: dict[str, Named] = {}
    for place, line in enumerate(lines):
        key = line.said["key"]
        if key.startswith("#") or key in keys:
            raise line.fail("a key is a word of its own, and does not begin with #.")
        if key:
            keys[key] = Named(place, line.said["who"])
    return keys


def _promise(line: Line, party: Callable[[str], str], keys: Mapping[str, Named]) -> Promise:
    said = line.said

    def parties(name: str) -> tuple[str, ...]:
        return tuple(sorted({_party(line, party, one) for one in said[name]}))

    def step(key: Any) -> Named:
        if not isinstance(key, str) or key not in keys:
            raise line.fail(f"no step is called {key!r}. A step that is there already is called by its number: #3.")
        return keys[key]

    after = tuple(
        tuple(step(key).reference for key in (one if isinstance(one, list) else [one])) for one in said["after"]
    )
    returns = [step(key) for key in said["in_return_for"]]
    verifiers, doer = parties("verified_by"), _party(line, party, said["who"])
    owed = parties("owed_to") or tuple(sorted({_party(line, party, one.doer) for one in returns}))
    if not owed:
        raise line.fail("'owed_to' is missing: to whom is it promised?")
    visits, lead = _number(line, "visits_a_year"), [_count(line, "remind_days", one) for one in said["remind_days"]]
    return Promise(
        doer=doer,
        what=said["what"],
        where=said["where"],
        after=after,
        returns=tuple(one.reference for one in returns),
        by=0 if said["by"] == date.min else _hour(line, said["by"]),
        days=_number(line, "within_days"),
        how=said["how"],
        verifiers=verifiers,
        needed=_number(line, "findings_needed", len(verifiers)),
        visits=visits,
        share=_number(line, "visits_from_one", visits),
        toward=owed,
        late=said["if_late"],
        grace=_number(line, "broken_after_days"),
        remind=tuple(sorted(set(lead), reverse=True)),
        reversible=said["reversible"],
        announced=said["announced"],
    )


def _hour(line: Line, day: date) -> int:
    try:
        return end_of(day)
    except Misuse as problem:
        raise line.fail(problem.what) from problem


def _number(line: Line, name: str, otherwise: int = 0) -> int:
    """A number of the file; `otherwise` if it is not there."""
    value = line.said[name]
    return otherwise if value == FIELDS[name].default and value < 0 else _count(line, name, value)


def _count(line: Line, name: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 32:
        raise line.fail(f"{name!r} should be {FIELDS[name].called}.")
    return value


def _party(line: Line, party: Callable[[str], str], name: Any) -> str:
    if not isinstance(name, str):
        raise line.fail(f"{name!r} is no name of a party.")
    try:
        return party(name)
    except Misuse as problem:
        raise line.fail(problem.what) from problem
