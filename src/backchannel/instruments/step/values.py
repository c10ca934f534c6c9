"""A ladder of steps, as its audience knows it (spec/step.md). Frozen; only the fold makes one."""

from __future__ import annotations

from backchannel.channel.state import At
from backchannel.entry.codec import Value
from backchannel.entry.ids import Count, EntryId, SeatId
from backchannel.instruments.step.acts import File, Promise, StepId


class Reported(Value, frozen=True):
    """A report: by which seat of the doer's party, whether the step was late then."""

    at: At
    by: SeatId
    words: str
    files: tuple[File, ...]
    late: bool


class Found(Value, frozen=True):
    """A finding. `on`: how many reports there were then; only those on the newest count (3.3)."""

    at: At
    by: SeatId
    party: str
    verdict: str
    words: str
    files: tuple[File, ...]
    on: Count


class Visited(Value, frozen=True):
    """An inspection."""

    at: At
    by: SeatId
    party: str
    words: str


class Excused(Value, frozen=True):
    """What a party said of another hour. `held`: whether all to whom the step is owed have said the same by now."""

    at: At
    by: SeatId
    party: str
    until: Count
    reason: str
    held: bool


class Step(Value, frozen=True):
    """One step. `promise` names other steps by their ids only.

    `state`: proposed, pledged, reported, verified, disputed, excused, broken, withdrawn; for due and late, ask
    `standing`. `since`: where it came to that. `until`: another hour, by an excuse; 0: none. `doubted`: whether anybody
    ever doubted it.
    """

    id: StepId
    promise: Promise
    at: At
    by: SeatId
    party: str
    state: str
    since: At
    pledged: At | None
    fulfilled: At | None
    until: Count
    reason: str
    doubted: bool
    reports: tuple[Reported, ...]
    findings: tuple[Found, ...]
    visits: tuple[Visited, ...]
    excuses: tuple[Excused, ...]
    reminded: tuple[Count, ...]


class Ladder(Value, frozen=True):
    """Steps that may wait for each other, in the order in which they were proposed."""

    id: EntryId
    at: At
    author: SeatId
    audience: tuple[SeatId, ...]
    title: str
    steps: tuple[Step, ...]
