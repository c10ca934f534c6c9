"""Ladders in memory: seats that say things about steps, and their fold; no sealing, no files, no network.

walk = Walk([promise("Open the gate"), promise("Leave the hill", after=[[0]])])  # Pia proposes; Ana is to do it
walk.pledge(1, 2); walk.day = 3; walk.report(1); walk.find("Vic", 1)
assert walk.states == ["verified", "due"]
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from backchannel.channel.state import DAY, At, State
from backchannel.entry.codec import Value, decode, encode
from backchannel.instruments.base import Spoken
from backchannel.instruments.step import standing
from backchannel.instruments.step.acts import (
    Add,
    Excuse,
    File,
    Find,
    Inspect,
    Pledge,
    Promise,
    Propose,
    Remind,
    Report,
    Withdraw,
)
from backchannel.instruments.step.rules import STEP
from backchannel.instruments.step.standing import Standing
from backchannel.instruments.step.values import Ladder, Step
from tests.instruments.text.kit import CHANNEL, MORNING, seat
from tests.instruments.text.kit import state as channel

PEOPLE = {
    "Ana": ("Arland", "envoy"),
    "Axl": ("Arland", "expert"),
    "Ben": ("Borland", "envoy"),
    "Vic": ("Vigil", "guarantor"),
    "Wim": ("Watch", "guarantor"),
    "Pia": ("Pact", "intermediary"),
    "Ola": ("Olan", "envoy"),
    "Obi": ("Olan", "observer"),
}
"""As the steps of `promise` have it: Ana and Axl do, Ben is owed, Vic (and Wim) verify, Pia proposes, Ola looks on."""

BY = {"doer": "Ana", "verifier": "Vic", "beneficiary": "Ben", "proposer": "Pia", "other": "Ola", "observer": "Obi"}

NOTE = File("photo.jpg", 10, hashlib.sha256(b"0123456789").digest())


def promise(what: str = "Open the gate", **changes: Any) -> Promise:
    """A step of Arland, owed to Borland, verified by Vigil, due ten days after it is open."""
    given: dict[str, Any] = {
        "doer": "Arland",
        "what": what,
        "where": "at the bridge",
        "after": (),
        "returns": (),
        "by": 0,
        "days": 10,
        "how": "by eye",
        "verifiers": ("Vigil",),
        "needed": 1,
        "visits": 2,
        "share": 1,
        "toward": ("Borland",),
        "late": "talks stop",
        "grace": 0,
        "remind": (7, 1),
        "reversible": True,
        "announced": False,
    }
    made = {**given, **changes}
    if made["verifiers"] == () and "needed" not in changes:
        made["needed"] = 0
    if made["visits"] == 0 and "share" not in changes:
        made["share"] = 0
    if not (made["by"] or made["days"]) and "remind" not in changes:
        made["remind"] = ()
    made["after"] = tuple(map(tuple, made["after"]))
    return Promise(**made)


def word(**changes: Any) -> Promise:
    """A step that nobody verifies."""
    return promise(**{"verifiers": (), "visits": 0, **changes})


class Walk:
    """One ladder and what is said about it, as every desk folds it. `day` is the time of what is said next."""

    def __init__(self, promises: Sequence[Promise] = (), *, by: str = "Pia", state: State | None = None) -> None:
        self.state = state or channel(PEOPLE)
        self.day, self.n, self.said = 0.0, 0, list[Spoken]()
        self.item: Any = None
        self.say(by, Propose("The hill", tuple(promises) or (promise(),)))

    @property
    def unit(self) -> int:
        return MORNING + round(self.day * DAY)

    def spoken(self, by: str, act: Value, *, to: Iterable[bytes] | None = None) -> Spoken:
        """An entry as it would stand in the log now."""
        (kind,) = [name for name, kind in STEP.kinds.items() if isinstance(act, kind.body)]
        at, id_ = At(self.n, self.unit), hashlib.sha256(b"%d" % self.n).digest()
        audience = tuple(s.id for s in self.state.active) if to is None else to
        read = decode(encode(act), STEP.kinds[kind].body)
        return Spoken(at, id_, seat(by), tuple(sorted(audience)), kind, read, self.state)

    def say(self, by: str, act: Value, *, to: Iterable[bytes] | None = None) -> Ladder:
        """Fold it; what is refused changes nothing but time."""
        spoken = self.spoken(by, act, to=to)
        self.n += 1
        self.item = STEP.fold(self.item, spoken)
        self.said.append(spoken)
        assert decode(encode(self.item), Ladder) == self.item
        return self.item  # type: ignore[no-any-return]

    def leave(self, *names: str) -> None:
        """These have left the channel."""
        gone = set(map(seat, names))
        members = tuple(replace(s, standing="gone") if s.id in gone else s for s in self.state.seats)
        self.state = replace(self.state, seats=members)

    # --- short forms; a step's number is its place, from 1

    @property
    def id(self) -> bytes:
        return self.item.id  # type: ignore[no-any-return]

    def step(self, number: int = 1) -> Step:
        return self.item.steps[number - 1]  # type: ignore[no-any-return]

    def key(self, number: int) -> bytes:
        return self.step(number).id

    def now(self, number: int = 1) -> Standing:
        found = standing.standing(self.item, number - 1, self.unit)
        assert found == standing.stand(self.item, self.unit)[number - 1]
        return found

    @property
    def states(self) -> list[str]:
        return [one.state for one in standing.stand(self.item, self.unit)]

    def at(self, number: int = 1) -> str:
        return self.now(number).state

    def hour(self, number: int = 1) -> float | None:
        """The hour of a step, in days."""
        found = self.now(number).hour
        return None if found is None else (found - MORNING) / DAY

    def add(self, *promises: Promise, by: str = "Pia") -> None:
        self.say(by, Add(self.id, promises))

    def pledge(self, *numbers: int, by: str = "Ana") -> None:
        self.say(by, Pledge(self.id, tuple(self.key(n) for n in numbers or (1,))))

    def withdraw(self, number: int = 1, by: str = "Ana", reason: str = "") -> None:
        self.say(by, Withdraw(self.id, self.key(number), reason))

    def report(self, number: int = 1, by: str = "Ana", words: str = "Done.", files: Sequence[File] = ()) -> None:
        self.say(by, Report(self.id, self.key(number), words, tuple(files)))

    def inspect(self, by: str = "Vic", number: int = 1) -> None:
        self.say(by, Inspect(self.id, self.key(number), "We come on Monday."))

    def find(self, by: str = "Vic", number: int = 1, verdict: str = "kept", files: Sequence[File] = ()) -> None:
        self.say(by, Find(self.id, self.key(number), verdict, "We looked.", tuple(files)))

    def excuse(self, by: str = "Ben", number: int = 1, day: float | None = None) -> None:
        """To another day, or for good."""
        until = 0 if day is None else MORNING + round(day * DAY)
        self.say(by, Excuse(self.id, self.key(number), until, "Snow."))

    def remind(self, lead: int, by: str = "Vic", number: int = 1) -> None:
        self.say(by, Remind(self.id, self.key(number), lead))


def standing_in(which: str, **changes: Any) -> Walk:
    """A ladder whose first step stands so; the second is what it waits for."""
    given = {"grace": 5, "after": [[1]], **changes}
    walk = Walk([promise(**given), word(what="Clear the road", doer="Olan", toward=("Borland",), grace=0)])
    if which == "proposed":
        return walk
    if which == "withdrawn":
        walk.withdraw(1)
        return walk
    walk.pledge(1)
    walk.pledge(2, by="Ola")
    if which == "pledged":
        return walk
    walk.report(2, by="Ola")
    after_days = {"due": 2.5, "late": 10.5, "broken": 15.5}
    if which in after_days:
        walk.day = after_days[which]
        return walk
    if which == "excused":
        walk.excuse()
        return walk
    walk.report(1)
    if which != "reported":
        walk.find(verdict={"verified": "kept", "disputed": "doubted", "found broken": "broken"}[which])
    return walk


__all__ = ["BY", "CHANNEL", "MORNING", "NOTE", "PEOPLE", "Walk", "channel", "promise", "seat", "standing_in", "word"]
