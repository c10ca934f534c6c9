"""A party's track record in a period: its promises, each with what became of it and why (spec/step.md, 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from backchannel.channel.state import DAY
from backchannel.entry.ids import EntryId
from backchannel.instruments.step.standing import Standing, reading
from backchannel.instruments.step.values import Ladder, Step

GROUPS = {
    "verified": "kept and verified",
    "kept": "kept on its own word",
    "late": "late now",
    "broken": "broken",
    "disputed": "disputed",
    "excused": "excused",
    "withdrawn": "withdrawn",
    "open": "open",
}
"""There is no number that adds them up."""


class Reason(NamedTuple):
    """Something that was said of a step, or that the clock did: `what`, when, by which party, in which words.

    `what`: pledged, reported, reported late, inspected, kept, doubted, broken, excused, another hour, withdrawn; late
    and broken by the clock, without a party. `until`: the hour that an excuse asks for. `party` is empty where nobody
    is to be named, too.
    """

    what: str
    unit: int
    party: str
    words: str = ""
    until: int = 0


class Row(NamedTuple):
    """A promise: which, the one of `GROUPS` it is in, whether it was kept late, where in time it counts, and why."""

    ladder: EntryId
    place: int
    step: Step
    group: str
    late: bool
    hour: int | None
    unit: int
    reasons: tuple[Reason, ...]


def track(
    ladders: Iterable[Ladder], party: str, first: int, last: int, unit: int, *, named: bool = True
) -> tuple[Row, ...]:
    """The promises of a party that count from arrival unit `first` to before `last`, as they stand at `unit`.

    `named`: whether it is said who found what (no, under `chatham`).
    """
    rows = (row for ladder in ladders for row in _rows(ladder, party, unit, named=named))
    return tuple(sorted((row for row in rows if first <= row.unit < last), key=lambda row: row.unit))


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """How many are in each group."""
    found = dict.fromkeys(GROUPS, 0)
    for row in rows:
        found[row.group] += 1
    return found


def _rows(ladder: Ladder, party: str, unit: int, *, named: bool) -> Iterator[Row]:
    for place, one in enumerate(ladder.steps):
        if one.promise.doer == party and one.pledged is not None:
            now = reading(ladder, place, unit)
            pledged = Reason("pledged", one.pledged.arrival, party)
            reasons = (pledged, *sorted(_reasons(one, now, unit, named=named), key=lambda reason: reason.unit))
            said = max(reason.unit for reason in reasons)
            counts_at = said if now.hour is None else now.hour
            yield Row(ladder.id, place, one, _group(one, now), one.late, now.hour, counts_at, reasons)


def _group(one: Step, now: Standing) -> str:
    if now.state == "reported":
        return "open" if one.fulfilled is None else "kept"
    return now.state if now.state in GROUPS else "open"


def _reasons(one: Step, now: Standing, unit: int, *, named: bool) -> Iterator[Reason]:
    doer = one.promise.doer
    for report in one.reports:
        yield Reason("reported late" if report.late else "reported", report.at.arrival, doer, report.words)
    for visit in one.visits:
        yield Reason("inspected", visit.at.arrival, visit.party if named else "", visit.words)
    for found in one.findings:
        yield Reason(found.verdict, found.at.arrival, found.party if named else "", found.words)
    for word in one.excuses:
        what = "another hour" if word.until else "excused"
        yield Reason(what, word.at.arrival, word.party if named else "", word.reason, word.until)
    if one.state == "withdrawn":
        yield Reason("withdrawn", one.since.arrival, doer, one.reason)
    if one.state == "pledged" and now.hour is not None and unit >= now.hour:
        yield Reason("late", now.hour, "")
        if now.state == "broken":
            yield Reason("broken", now.hour + one.promise.grace * DAY, "")
