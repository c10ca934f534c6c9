"""Two steps, of which the second waits for the first, against a model that keeps what was said in plain lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backchannel.channel.state import DAY
from backchannel.errors import Malformed
from backchannel.instruments.step import awaiting
from backchannel.instruments.step.standing import stand
from tests.instruments.step.kit import PEOPLE, Walk, promise, word

SPEAKERS = tuple(name for name in PEOPLE if PEOPLE[name][1] != "observer")
DOER = {1: "Arland", 2: "Borland"}
VERIFIERS = ("Vigil", "Watch")
OWED = {1: ("Borland", "Olan"), 2: ("Arland",)}
DAYS, GRACE = 10, 5


class Model:
    """A step: whether promised, the findings since the newest report, and how long it was open, hour by hour."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.promised = self.reported = self.held_kept = self.excused = self.withdrawn = self.broken = False
        self.found: dict[str, str] = {}
        self.words: dict[str, float] = {}
        self.open_for, self.until = 0, 0.0

    @property
    def state(self) -> str:
        """But for the clock."""
        if self.withdrawn or self.excused or not self.promised:
            return "withdrawn" if self.withdrawn else "excused" if self.excused else "proposed"
        if self.number == 2:
            return "pledged" if not self.reported else "disputed" if self.against else "reported"
        kept, broken = (all(self.found.get(one) == verdict for one in VERIFIERS) for verdict in ("kept", "broken"))
        if broken:
            return "broken"
        if kept and not self.against:
            return "verified"
        if not self.reported and not self.held_kept:
            return "pledged"
        return "disputed" if self.against else "reported"

    @property
    def against(self) -> bool:
        return any(verdict != "kept" for verdict in self.found.values())

    @property
    def fulfilled(self) -> bool:
        return self.state in ("verified", "excused") or (self.number == 2 and self.state == "reported")


class Ladders(RuleBasedStateMachine):
    """Whatever is said, the fold and the model agree: on what is allowed, and on where the steps stand."""

    def __init__(self) -> None:
        super().__init__()
        first = promise(verifiers=VERIFIERS, needed=2, toward=OWED[1], days=DAYS, grace=GRACE)
        second = word(doer="Borland", toward=OWED[2], after=[[0]], days=DAYS, grace=GRACE, remind=())
        self.walk = Walk([first, second])
        self.models = {1: Model(1), 2: Model(2)}

    def open(self, number: int) -> bool:
        return self.models[number].promised and (number == 1 or self.models[1].fulfilled)

    def at(self, number: int) -> str:
        """With the clock: it has run for as many days as the step was open."""
        one = self.models[number]
        if one.state != "pledged":
            return one.state
        over = one.open_for - DAYS if not one.until else self.walk.day - one.until
        ever = one.open_for > 0 or self.open(number)
        if ever and over >= GRACE:
            return "broken"
        if not self.open(number):
            return "pledged"
        return "late" if over >= 0 else "due"

    def expect(self, allowed: bool, act: Callable[[], None]) -> None:
        before = self.walk.item
        try:
            act()
        except Malformed:
            assert not allowed
            assert self.walk.item == before
            self.walk.n += 1
        else:
            assert allowed

    @rule(days=st.integers(1, 6))
    def wait(self, days: int) -> None:
        for _ in range(days):
            for number, one in self.models.items():
                one.open_for += self.open(number)
            self.walk.day += 1

    @rule(by=st.sampled_from(SPEAKERS), number=st.sampled_from([1, 2]))
    def pledge(self, by: str, number: int) -> None:
        one = self.models[number]
        allowed = PEOPLE[by][0] == DOER[number] and self.at(number) == "proposed"
        self.expect(allowed, lambda: self.walk.pledge(number, by=by))
        one.promised = one.promised or allowed

    @rule(by=st.sampled_from(SPEAKERS), number=st.sampled_from([1, 2]), sure=st.integers(0, 5))
    def withdraw(self, by: str, number: int, sure: int) -> None:
        if sure:
            return
        doer, proposer, at = PEOPLE[by][0] == DOER[number], PEOPLE[by][0] == "Pact", self.at(number)
        free = number == 2 and self.at(1) in ("withdrawn", "broken")
        allowed = (at == "proposed" and (doer or proposer)) or (at in ("pledged", "due", "late") and doer and free)
        self.expect(allowed, lambda: self.walk.withdraw(number, by=by))
        self.models[number].withdrawn = self.models[number].withdrawn or allowed

    @rule(by=st.sampled_from(SPEAKERS), number=st.sampled_from([1, 2]))
    def report(self, by: str, number: int) -> None:
        at = self.at(number)
        allowed = PEOPLE[by][0] == DOER[number] and at in ("pledged", "due", "late", "reported", "disputed")
        self.expect(allowed, lambda: self.walk.report(number, by=by))
        if allowed:
            one = self.models[number]
            one.reported, one.found, one.held_kept = True, {}, False

    @rule(
        by=st.sampled_from(SPEAKERS),
        number=st.sampled_from([1, 2]),
        verdict=st.sampled_from(["kept", "kept", "doubted", "broken"]),
    )
    def find(self, by: str, number: int, verdict: str) -> None:
        one, at, party = self.models[number], self.at(number), PEOPLE[by][0]
        allowed = party != DOER[number] and at in ("due", "late", "reported", "verified", "disputed", "broken")
        before = one.state
        self.expect(allowed, lambda: self.walk.find(by, number, verdict))
        if allowed:
            one.held_kept = before in ("verified", "disputed") and not one.reported
            one.found[party] = verdict

    @rule(by=st.sampled_from(SPEAKERS), number=st.sampled_from([1, 2]), later=st.sampled_from([0, 0, 20, 20, 21]))
    def excuse(self, by: str, number: int, later: int) -> None:
        """For good, or (of the first step, whose clock never stands) to a day that is always later than its hour."""
        one, at, party = self.models[number], self.at(number), PEOPLE[by][0]
        day = max(self.walk.day, one.until) + later if later and number == 1 else None
        allowed = party in OWED[number] and at in ("pledged", "due", "late", "reported", "disputed", "broken")
        allowed = allowed and not (day and at == "reported")
        self.expect(allowed, lambda: self.walk.excuse(by, number, day))
        if not allowed:
            return
        one.words[party] = day or 0
        if all(one.words.get(other) == one.words[party] for other in OWED[number]):
            one.words = {}
            one.excused = day is None
            if day is not None:
                one.until, one.found, one.reported, one.held_kept = day, {}, False, False

    @precondition(lambda self: not self.models[1].reported)
    @rule()
    def hurry(self) -> None:
        """Chance alone would seldom get as far as a verified step."""
        for by, number in (("Ana", 1), ("Ben", 2)):
            self.pledge(by, number)
        self.report("Ana", 1)
        for by in ("Vic", "Wim"):
            self.find(by, 1, "kept")

    @invariant()
    def agree(self) -> None:
        assert self.walk.states == [self.at(1), self.at(2)]
        for number, one in self.models.items():
            assert (self.walk.step(number).fulfilled is not None) == one.fulfilled
            counting: dict[str, Any] = {party: word.verdict for party, word in self.walk.step(number).found.items()}
            assert counting == one.found

    @invariant()
    def rest(self) -> None:
        """A ladder that rests owes nothing, now or at any hour to come."""
        item = self.walk.item
        for days in (0, DAYS, 100, 1000) if awaiting.rests(item) else ():
            assert awaiting.awaited(item, stand(item, self.walk.unit + days * DAY)) == []


Ladders.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLadders = Ladders.TestCase
