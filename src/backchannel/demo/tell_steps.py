"""The telling of steps, of their record, and of a seat that passes to a successor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich.text import Text

from backchannel.demo.ladders import Stand
from backchannel.demo.lines import BEAT, Lines
from backchannel.demo.scenario import Act
from backchannel.demo.stage import Shown
from backchannel.demo.tell_text import count
from backchannel.instruments.step.track import GROUPS, Row

_OPEN = ("proposed", "pledged", "due", "late")
_SAID = {"another hour": "given another hour", "late": "late by the log's clock"}
_PASSES = {
    "note": "note",
    "understanding": "understanding",
    "step": "ladder",
    "text": "text",
    "mandate": "mandate",
    "disclosure": "disclosure",
}
NOT_PASSED = (
    "What was between those who sat here does not pass: soundings, non-papers, what came from a hat. Who wrote what "
    "was passed on, nobody can check any more; so the new desk marks each piece of it as passed on by the old one."
)


class StepLines(Lines):
    """Prints what becomes of a ladder, and of a seat."""

    def _ladder(self, act: Act, shown: Shown) -> None:
        stands: Sequence[Stand] = shown.facts["stands"]
        self._row(act.who, Text(f"proposes {count(len(stands), 'step')}: “{shown.facts['title']}”"))
        widest = max(len(one.step.promise.doer) for one in stands) + 2
        for one in stands:
            words = f"{one.step.promise.doer.ljust(widest)}{one.step.promise.what}"
            self._put(Text.assemble(("│ ", self._colours[act.who]), (f"{one.number} ", "dim"), words), 4)
        mutual = [
            f"{one.number} and {n + 1}"
            for one in stands
            for n in one.step.returns
            if one.number <= n and one.number - 1 in stands[n].step.returns
        ]
        self._aside(f"In return for each other: {', '.join(mutual)}. {_waiting(stands)}")
        self._beat("".join(one.step.promise.what for one in stands))

    def _pledge(self, act: Act, shown: Shown) -> None:
        stands = shown.facts["stands"]
        mine = [one for one in stands if one.number in act.steps]
        alone = all(one.now.owes for one in mine)
        came = "none of it binds before the other side promises too" if alone else f"now both are bound. {_due(stands)}"
        self._row(act.who, Text(f"promises steps {_numbers(act.steps)}: {came}"))
        self._pause(BEAT)

    def _report(self, act: Act, shown: Shown) -> None:
        late = ", late" if _at(act, shown).step.late else ""
        self._row(act.who, Text(f"reports step {act.number} as done{late}:"))
        self._quote(act.who, act.text)
        if act.file:
            self._aside(
                f"With it goes a file of {shown.facts['size']:,} bytes, made up for this: {shown.facts['file']}"
            )

    def _inspect(self, act: Act, shown: Shown) -> None:
        visit, visits = shown.facts["visit"], shown.facts["visits"]
        self._row(act.who, Text(f"announces a visit to step {act.number}, number {visit} of {visits} in a year:"))
        self._quote(act.who, act.text)

    def _find(self, act: Act, shown: Shown) -> None:
        one = _at(act, shown)
        self._row(act.who, Text(f"finds step {act.number} {act.stance}: it is {one.now.state}"))
        if act.text:
            self._quote(act.who, act.text)
        self._pause(BEAT)

    def _standing(self, act: Act, shown: Shown) -> None:
        stands = shown.facts["stands"]
        late = [one for one in stands if one.now.state == "late"]
        said = "; ".join(f"step {one.number} of {one.step.promise.doer} is late" for one in late) or "nothing is late"
        self._row(act.who, Text(f"looks at the steps: {said}"))
        for words in (
            "Nobody had to say so: it follows from the record and the relay's hours in it, the same on all desks, "
            "whatever a desk's own clock says.",
            _waiting(stands),
        ):
            self._aside(words)
            self._beat(words)

    def _excuse(self, act: Act, shown: Shown) -> None:
        self._row(act.who, Text(f"excuses {shown.facts['of']} from step {act.number}, for good:"))
        self._quote(act.who, act.text)
        late = "that it was late, and " if _at(act, shown).step.late else ""
        self._aside(f"The record keeps {late}who excused it. {_due(shown.facts['stands'])}")

    def _record(self, act: Act, shown: Shown) -> None:
        rows: Sequence[Row] = shown.facts["rows"]
        self._row(act.who, Text(f"looks at the track record of {shown.facts['party']}:"))
        for group, words in GROUPS.items():
            found = [row for row in rows if row.group == group]
            if found:
                steps = _numbers(sorted(row.place + 1 for row in found))
                noun = "step" if len(found) == 1 else "steps"
                self._put(Text.assemble(("│ ", self._colours[act.who]), f"{words}: {noun} {steps}"), 4)
            for row in found:
                why = _why(row)
                if why:
                    self._put(Text.assemble(("│   ", self._colours[act.who]), (why, "dim")), 4)
        self._pause(2 * BEAT)

    def _picture(self, act: Act, shown: Shown) -> None:
        picture, drawing, calendar = shown.facts["files"]
        self._row(
            act.who,
            Text(
                f"draws the steps: {picture} and {drawing} in {shown.facts['folder']}/, with {calendar} for a calendar"
            ),
        )
        self._pause(BEAT)

    # --- a seat

    def _hand_over(self, act: Act, shown: Shown) -> None:
        self._line()
        name = shown.facts["name"]
        self._row(act.who, Text(f"hands over the seat, to {name}; the code goes on paper. All desks show it"))
        self._pause(BEAT)

    def _take_over(self, act: Act, shown: Shown) -> None:
        facts, holder = shown.facts, self._short(shown.facts["holder"])
        self._row(act.who, Text("signs the charter as it stands. Nobody has to do anything more:"))
        for line in (
            "from now on whatever is said to the one seat is said to the other too, so that nothing falls between",
            f"{holder}'s desk passes on, sealed for this seat alone: {_listed(facts['counts'])}",
            f"{self._short(act.who)}'s desk says that all of it is here; {holder}'s leaves, and opens nothing more",
        ):
            for at, row in enumerate(self._wrapped(Text(line), 6)):
                self._print(Text("    · " if at == 0 else "      ") + row)
            self._pause(2 * BEAT)
        self._line()
        self._put(Text(NOT_PASSED, "italic"), self._indent)
        self._beat(NOT_PASSED)
        self._line()


def _at(act: Act, shown: Shown) -> Stand:
    found: Stand = shown.facts["stands"][act.number - 1]
    return found


def _numbers(numbers: Iterable[object]) -> str:
    """1, 3 and 5."""
    *before, last = map(str, numbers)
    return f"{', '.join(before)} and {last}" if before else last


def _due(stands: Sequence[Stand]) -> str:
    due = [one.number for one in stands if one.now.state == "due"]
    waiting = _waiting(stands)
    return f"Due: {_numbers(due)}.{' ' if waiting else ''}{waiting}"


def _waiting(stands: Sequence[Stand]) -> str:
    """What waits for what, of those that are not done: steps that wait for the same, together."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for one in stands:
        if one.now.waits and one.now.state in _OPEN:
            groups.setdefault(tuple(n + 1 for some in one.now.waits for n in some), []).append(one.number)
    return " ".join(
        f"{_numbers(who)} {'waits' if len(who) == 1 else 'wait'} for {_numbers(what)}." for what, who in groups.items()
    )


def _why(row: Row) -> str:
    """What was said of a promise, but for that it was promised."""
    said = [_SAID.get(one.what, one.what) + (f" by {one.party}" if one.party else "") for one in row.reasons[1:]]
    late = "late; " if row.late and not any("late" in what for what in said) else ""
    return f"{row.place + 1}: {late}{', '.join(said)}" if said else ""


def _listed(counts: Mapping[str, int]) -> str:
    return _numbers(count(many, _PASSES[name]) for name, many in counts.items())


DRAWN: dict[str, Callable[[Any, Act, Shown], None]] = {
    "ladder": StepLines._ladder,
    "pledge": StepLines._pledge,
    "report": StepLines._report,
    "inspect": StepLines._inspect,
    "find": StepLines._find,
    "standing": StepLines._standing,
    "excuse": StepLines._excuse,
    "record": StepLines._record,
    "picture": StepLines._picture,
    "hand-over": StepLines._hand_over,
    "take-over": StepLines._take_over,
}
