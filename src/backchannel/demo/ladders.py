"""Ladders on the stage: steps proposed, promised, reported with a file, found, excused; the record; the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from backchannel.demo.desks import Desks
from backchannel.demo.disclosing import command
from backchannel.demo.scenario import Act
from backchannel.desk import evidence, files, steps
from backchannel.errors import Misuse
from backchannel.instruments.step.standing import Standing, quota
from backchannel.instruments.step.track import Row, track
from backchannel.instruments.step.values import Ladder, Step

Facts = dict[str, Any]

FOLDER, MADE_UP = "ladder", "made-up"
PICTURES = ("ladder.svg", "ladder.png", "ladder.ics")
EVER = 1 << 40
"""Later than any hour, in arrival units."""


class Stand(NamedTuple):
    """A step as a desk shows it: its number from 1, and where it stands."""

    number: int
    step: Step
    now: Standing


class Ladders:
    """The ladders of a talk, by the labels of the scenario."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks
        self._began: dict[str, int] = {}

    def item(self, label: str, key: str) -> Ladder:
        """A ladder as the desk of seat `key` has it."""
        held = self._desks.channels[key].session.book.items.at(self._began[label])
        if held is None or not isinstance(held.value, Ladder):
            raise Misuse("item", f"The desk of {self._desks.scenario.who(key).short} does not have {label!r}.")
        return held.value

    def stands(self, label: str, key: str) -> list[Stand]:
        """Where every step stands, as the desk of seat `key` shows it."""
        item = self.item(label, key)
        found = steps.standings(self._desks.channels[key], item)
        return [Stand(n, *pair) for n, pair in enumerate(zip(item.steps, found, strict=True), 1)]

    def file(self, act: Act) -> Path:
        """Where the file of a report was made."""
        return self._desks.folder / MADE_UP / act.file

    def named(self, act: Act, key: str) -> list[evidence.Named]:
        """The files of a report's step, as the desk of seat `key` has them."""
        return evidence.named(self._desks.channels[key], self.item(act.item, key), act.number)

    # --- acts

    def ladder(self, act: Act) -> Facts:
        """Propose a ladder, as people write it."""
        channel = self._desks.channels[act.who]
        steps.propose(channel, steps.plan(channel, act.plan.encode()))
        self._desks.together()
        self._began[act.label] = int(channel.items("step")[-1].position)
        return self._facts(act.label, act.who)

    def pledge(self, act: Act) -> Facts:
        """Promise some steps, for one's party."""
        item = self.item(act.item, act.who)
        steps.pledge(self._desks.channels[act.who], item, [steps.step(item, n) for n in act.steps])
        return self._after(act)

    def report(self, act: Act) -> Facts:
        """Report that a step is done; with a file, if there is one."""
        channel, item = self._desks.channels[act.who], self.item(act.item, act.who)
        named, path = [], self.file(act)
        if act.file:
            path.parent.mkdir(exist_ok=True)
            path.write_text(act.lines, encoding="utf-8")
            named = [files.take(channel.session, item.at.position, path).file]
        steps.report(channel, item, steps.step(item, act.number), act.text, named)
        files.carry(channel)
        return {"file": f"{MADE_UP}/{act.file}", "size": sum(one.size for one in named), **self._after(act)}

    def inspect(self, act: Act) -> Facts:
        """Announce a visit; which it is, of how many a year."""
        channel, item = self._desks.channels[act.who], self.item(act.item, act.who)
        one = steps.step(item, act.number)
        left = quota(one, channel.state.member(channel.me).party, steps.hour(channel)).left
        steps.inspect(channel, item, one, act.text)
        return {"visit": one.promise.visits - left + 1, "visits": one.promise.visits, **self._after(act)}

    def find(self, act: Act) -> Facts:
        """Say what was found."""
        item = self.item(act.item, act.who)
        steps.find(self._desks.channels[act.who], item, steps.step(item, act.number), act.stance, act.text)
        return self._after(act)

    def standing(self, act: Act) -> Facts:
        """Look where the steps stand now."""
        return self._facts(act.item, act.who)

    def excuse(self, act: Act) -> Facts:
        """Let a step go for good."""
        item = self.item(act.item, act.who)
        one = steps.step(item, act.number)
        steps.excuse(self._desks.channels[act.who], item, one, 0, act.text)
        return {"of": one.promise.doer, **self._after(act)}

    def record(self, act: Act) -> Facts:
        """The track record of a party: its promises, each with what became of it and why."""
        party = self._desks.scenario.who(act.whom).party
        return {"party": party, "rows": self.track(act.item, act.who, party)}

    def track(self, label: str, key: str, party: str) -> Sequence[Row]:
        """The same, on the desk of seat `key`."""
        hour = steps.hour(self._desks.channels[key])
        return track([self.item(label, key)], party, 0, EVER, hour)

    def picture(self, act: Act) -> Facts:
        """Have `backchannel step` draw it, at that desk."""
        desks, item = self._desks, self.item(act.item, act.who)
        folder = desks.folder / FOLDER
        folder.mkdir()
        with desks.away(act.who) as desk, ThreadPoolExecutor() as at_once:
            said = [["step", "export", str(item.at.position), str(folder / name)] for name in PICTURES]
            list(at_once.map(lambda one: command(one, desk, desks.passphrase(act.who)), said))
        return {"folder": FOLDER, "files": PICTURES}

    def _after(self, act: Act) -> Facts:
        self._desks.together()
        return self._facts(act.item, act.who)

    def _facts(self, label: str, key: str) -> Facts:
        return {"title": self.item(label, key).title, "stands": self.stands(label, key)}


STEPPED: dict[str, Callable[[Ladders, Act], Facts]] = {
    "ladder": Ladders.ladder,
    "pledge": Ladders.pledge,
    "report": Ladders.report,
    "inspect": Ladders.inspect,
    "find": Ladders.find,
    "standing": Ladders.standing,
    "excuse": Ladders.excuse,
    "record": Ladders.record,
    "picture": Ladders.picture,
}
"""What can be done to a ladder, by the acts of the scenario."""
