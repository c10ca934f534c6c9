"""Steps at this desk: a ladder of who does what by when (spec/step.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from backchannel.desk.channel import Channel
from backchannel.desk.duties import read_up_to
from backchannel.desk.plans import reading
from backchannel.desk.plans.reading import Plan
from backchannel.entry import text
from backchannel.entry.codec import Value
from backchannel.entry.ids import SeatId
from backchannel.errors import Malformed, Misuse
from backchannel.instruments.step import acts
from backchannel.instruments.step.acts import File
from backchannel.instruments.step.promises import check, speaking
from backchannel.instruments.step.standing import Standing, stand
from backchannel.instruments.step.values import Ladder, Step
from backchannel.ledger.leaf import ARRIVAL_UNIT


def hour(channel: Channel) -> int:
    """The log's clock, as far as this desk has read: the arrival unit before which nothing is still to come.

    What was read is never later than that: arrivals never fall (spec/step.md, 2).
    """
    session = channel.session
    with session.turn():
        size = session.history.size
        newest = session.history.leaf(size - 1).arrival if size else 0
        return max(newest, read_up_to(session))


def day(unit: int) -> str:
    """The day (UTC) of an arrival unit."""
    return datetime.fromtimestamp(unit * ARRIVAL_UNIT, UTC).strftime("%Y-%m-%d")


def standings(channel: Channel, item: Ladder) -> tuple[Standing, ...]:
    """Where every step stands now."""
    unit = hour(channel)
    return channel.session.known.by_item(item, "standings", unit, lambda: stand(item, unit))


def earliest(one: Step) -> int:
    """The earliest hour of a step that has none yet, for it never opened: as promised, or as an excuse has it; or 0."""
    return max(one.promise.by, one.until)


def ladder_at(channel: Channel, position: int) -> Ladder:
    """The ladder with this number."""
    held = channel.session.book.items.at(position)
    if held is None or not isinstance(held.value, Ladder):
        raise Misuse("item", f"There is no ladder number {position} here.", "See: backchannel step list", "")
    return held.value


def step(item: Ladder, number: int) -> Step:
    """The step with this number, from 1."""
    if not 1 <= number <= len(item.steps):
        raise Misuse("step", f"There is no step {number}; this ladder has {len(item.steps)}.", "", "Nothing was done.")
    return item.steps[number - 1]


def plan(channel: Channel, raw: bytes, item: Ladder | None = None) -> Plan:
    """A ladder, or more of one, as people write it."""
    return reading.read(raw, lambda name: party(channel, name), item.steps if item is not None else ())


def gesture(
    channel: Channel, said: Mapping[str, Any], title: str = "", to: Iterable[SeatId] = (), item: Ladder | None = None
) -> Plan:
    """One step of one's own party, announced: lines as in a file; owed to all who read it if it names nobody."""
    state, mine = channel.state, channel.state.member(channel.me).party
    here = state.current(item.audience) if item is not None else tuple(to) or tuple(seat.id for seat in state.active)
    others = sorted(speaking(here, state) - {mine})
    lines = {"who": mine, "announced": True, **said, "owed_to": said.get("owed_to") or others}
    return reading.plan(title, [lines], lambda name: party(channel, name), item.steps if item is not None else ())


def party(channel: Channel, name: str) -> str:
    """A party as the roster writes it; `Misuse("party")` if none is called so."""
    here = sorted(channel.state.parties())
    found = [one for one in here if text.folded(one) == text.folded(name)]
    if not found:
        raise Misuse("party", f"no party here is called {name!r}; there are {', '.join(here)}.")
    return found[0]


def propose(channel: Channel, made: Plan, to: Iterable[SeatId] | None = None) -> None:
    """A new ladder, for everybody or for some."""
    audience = _audience(channel, to)
    _check(channel, made, audience)
    channel.say("step.propose", acts.Propose(made.title, made.promises), audience)


def _audience(channel: Channel, to: Iterable[SeatId] | None) -> tuple[SeatId, ...]:
    return tuple(seat.id for seat in channel.state.active) if to is None else tuple(sorted({channel.me, *to}))


def check_plan(channel: Channel, made: Plan, to: Iterable[SeatId] | None = None, item: Ladder | None = None) -> None:
    """`Misuse` for what `propose`, or `add`, would refuse of its steps, before anybody is asked."""
    _check(channel, made, _audience(channel, to) if item is None else channel.state.current(item.audience))


def add(channel: Channel, item: Ladder, made: Plan) -> None:
    """More steps in a ladder."""
    _check(channel, made, channel.state.current(item.audience))
    _say(channel, item, "step.add", acts.Add(item.id, made.promises))


def pledge(channel: Channel, item: Ladder, steps: Sequence[Step]) -> None:
    """Promise them, for one's party."""
    _say(channel, item, "step.pledge", acts.Pledge(item.id, tuple(one.id for one in steps)))


def withdraw(channel: Channel, item: Ladder, one: Step, reason: str = "") -> None:
    """Take a step back."""
    _say(channel, item, "step.withdraw", acts.Withdraw(item.id, one.id, text.tidy(reason)))


def report(channel: Channel, item: Ladder, one: Step, words: str, files: Sequence[File] = ()) -> None:
    """Say that it is done; the files' bytes follow by themselves (`sending`)."""
    _say(channel, item, "step.report", acts.Report(item.id, one.id, text.tidy(words), tuple(files)))


def inspect(channel: Channel, item: Ladder, one: Step, words: str = "") -> None:
    """Announce a visit, which counts against the quota."""
    _say(channel, item, "step.inspect", acts.Inspect(item.id, one.id, text.tidy(words)))


def find(channel: Channel, item: Ladder, one: Step, verdict: str, words: str = "", files: Sequence[File] = ()) -> None:
    """Say what one's party has found: a word of `acts.VERDICTS`."""
    _say(channel, item, "step.find", acts.Find(item.id, one.id, verdict, text.tidy(words), tuple(files)))


def excuse(channel: Channel, item: Ladder, one: Step, until: int, reason: str = "") -> None:
    """Give another hour, an arrival unit, or let it go for good (0)."""
    _say(channel, item, "step.excuse", acts.Excuse(item.id, one.id, until, text.tidy(reason)))


def _say(channel: Channel, item: Ladder, kind: str, body: Value) -> None:
    channel.say(kind, body, channel.state.current(item.audience))


def _check(channel: Channel, made: Plan, audience: Sequence[SeatId]) -> None:
    """Each step by itself, so that its person learns which one it is; the whole is for the fold."""
    parties, unit = speaking(audience, channel.state), channel.session.now().arrival
    for n, one in enumerate(made.promises, 1):
        if 0 < one.by <= unit:
            what = f"Step {n} (“{one.what[:40]}”) is to be done by a day that has passed."
            raise Misuse("by", what, "Give a later day.", reading.UNDONE)
        try:
            check(one, parties, unit)
        except Malformed as problem:
            what = f"Step {n} (“{one.what[:40]}”): {problem.what}"
            raise Misuse(problem.code, what, "", reading.UNDONE) from problem
