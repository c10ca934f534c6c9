"""A ladder of steps, as its audience knows it (spec/step.md). Frozen; only the fold makes one.

As arrays: there may be ten thousand, written after every batch.
"""

from __future__ import annotations

from backchannel.channel.state import At
from backchannel.entry.codec import Value
from backchannel.entry.ids import Count, EntryId, SeatId
from backchannel.instruments.step.acts import File, Promise, StepId


class Reported(Value, frozen=True, array_like=True):
    """A report: by which seat of the doer's party, whether the step was late then."""

    at: At
    by: SeatId
    words: str
    files: tuple[File, ...]
    late: bool


class Found(Value, frozen=True, array_like=True):
    """A finding."""

    at: At
    by: SeatId
    party: str
    verdict: str
    words: str
    files: tuple[File, ...]


class Visited(Value, frozen=True, array_like=True):
    """An inspection."""

    at: At
    by: SeatId
    party: str
    words: str


class Excused(Value, frozen=True, array_like=True):
    """What a party said of another hour. `held`: with this, all to whom the step is owed had said the same."""

    at: At
    by: SeatId
    party: str
    until: Count
    reason: str
    held: bool


class Past(Value, frozen=True, array_like=True):
    """Arrival units from `first` to before `last` in which a step was fulfilled, or else was broken, and is no more."""

    fulfilled: bool
    first: Count
    last: Count


class Step(Value, frozen=True, array_like=True):
    """One step. `promise` is as it was said; `after` and `returns` name the same steps by their places in the ladder.

    `state`: proposed, pledged, reported, verified, disputed, excused, broken, withdrawn; for due and late, ask
    `standing`. `since`: where it came to that. `fulfilled`: where it came to be, if it is (2.1). `past`: when it was
    fulfilled or broken before. `until`: another hour, by an excuse; 0: none. `late`: its hour had come before it was
    reported, found kept or let go. `base`: the position behind which findings count (3.3): that of the newest report,
    or of an excuse that asks for another. `reminded`: the shortest lead time that was said; 0: none.
    """

    id: StepId
    promise: Promise
    after: tuple[tuple[Count, ...], ...]
    returns: tuple[Count, ...]
    at: At
    by: SeatId
    party: str
    state: str
    since: At
    pledged: At | None
    fulfilled: At | None = None
    until: Count = 0
    reason: str = ""
    late: bool = False
    base: Count = 0
    reminded: Count = 0
    reports: tuple[Reported, ...] = ()
    findings: tuple[Found, ...] = ()
    visits: tuple[Visited, ...] = ()
    excuses: tuple[Excused, ...] = ()
    past: tuple[Past, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether a report stands: nobody has asked for another since."""
        return bool(self.reports) and self.reports[-1].at.position == self.base

    @property
    def found(self) -> dict[str, Found]:
        """The findings that count: of each party its newest on the newest report (3.3)."""
        return {one.party: one for one in self.findings if one.at.position > self.base}


class Ladder(Value, frozen=True):
    """Steps that may wait for each other, in the order in which they were proposed.

    `said`: of each party, how many bytes its entries about it have (1.6).
    """

    id: EntryId
    at: At
    author: SeatId
    audience: tuple[SeatId, ...]
    title: str
    steps: tuple[Step, ...]
    said: tuple[tuple[str, Count], ...] = ()

    def place(self, step: StepId) -> int | None:
        """Where in the ladder a step is."""
        return next((n for n, one in enumerate(self.steps) if one.id == step), None)
