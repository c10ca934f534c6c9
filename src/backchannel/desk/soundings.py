"""Soundings at this desk: a person asks, or answers; everything between is done by reflex (spec/sounding.md)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from backchannel.channel.state import DAY
from backchannel.desk.channel import Channel
from backchannel.desk.naming import called
from backchannel.entry import text
from backchannel.entry.ids import SeatId
from backchannel.errors import Misuse
from backchannel.instruments.hat.values import FROM_HAT
from backchannel.instruments.sounding import rounds
from backchannel.instruments.sounding.values import Open, Sounding, Withdraw, alike


def ask(
    channel: Channel,
    question: str,
    options: Sequence[str],
    voters: Sequence[SeatId],
    *,
    releaser: SeatId | None = None,
    quorum: int = 0,
    required: Sequence[SeatId] = (),
    reveal: str = "first",
    hours: int = 24,
    window: int = 48,
) -> None:
    """Ask which of the options the voters could live with. `quorum` 0: all must; else `required` and so many others.

    `hours` to answer, `window` more hours to open. Without a releaser the asker is it, who then must not vote.
    """
    if text.tidy(question).startswith(FROM_HAT):
        raise Misuse("question", f"A question that begins with “{FROM_HAT.strip()}” comes from there, and only there.")
    with channel.session.turn():
        now = channel.session.now().arrival
    unit = DAY // 24
    body = Open(
        text.tidy(question),
        tuple(text.tidy(option) for option in options),
        "quorum" if quorum else "all",
        tuple(sorted(set(required))),
        quorum,
        reveal,
        tuple(sorted(set(voters))),
        channel.me if releaser is None else releaser,
        now + hours * unit,
        now + (hours + window) * unit,
    )
    channel.say("sounding.open", body, (*body.voters, body.releaser))


def grid(start: str, end: str, step: str, unit: str = "") -> list[str]:
    """The options of a question for a number: from `start` to `end` in steps."""
    try:
        low, high, by = Decimal(start), Decimal(end), Decimal(step)
        finite = all(number.is_finite() for number in (low, high, by))
    except ArithmeticError as problem:
        raise Misuse("grid", "A grid needs three numbers: from, to and step.") from problem
    if not finite or by <= 0 or high < low or (high - low) / by > 1000:
        raise Misuse("grid", "A grid goes from a number up to a larger one, in at most 1,000 steps.")
    count = int((high - low) / by) + 1
    return [f"{low + by * k:f} {unit}".strip() for k in range(count)]


def asked_before(channel: Channel, item: Sounding) -> list[tuple[str, int]]:
    """(option, number of the sounding) for what this seat has answered before, together with another voter (6)."""
    wanted = {alike(option): option for option in item.terms.options}
    voters = set(item.terms.voters)
    found = []
    for held in channel.items("sounding"):
        other: Sounding = held.value
        # Whichever was asked first: what counts is what this seat has answered. Else two could be asked at once.
        if other.id != item.id and cast(channel, other) and len(voters & set(other.terms.voters)) >= 2:
            found += [(wanted[o], other.at.position) for o in map(alike, other.terms.options) if o in wanted]
    return found


def answer(channel: Channel, item: Sounding, yes: Sequence[int], *, again: bool = False) -> None:
    """Say yes to these options (by number from 0) and no to all others. It cannot be changed.

    Raises `Misuse` as `may_answer` does.
    """
    session = channel.session
    with session.turn():
        position = item.at.position
        item = channel.sounding_at(position)  # as it is now
        may_answer(channel, item, yes, again=again)
        answers = tuple(k in set(yes) for k in range(len(item.terms.options)))
        with session.vault.transaction():
            pocket = session.book.items.pocket(position)
            session.book.items.set_pocket(position, rounds.with_answer(pocket, answers))
    channel.work()


def may_answer(channel: Channel, item: Sounding, yes: Sequence[int] = (), *, again: bool = False) -> None:
    """Whether this seat can answer, and so, now.

    Raises `Misuse`: `voter`, `answered`, `over`, `restored`, `option`, and `again` unless its person consents to being
    asked again.
    """
    pocket = channel.session.book.items.pocket(item.at.position)
    if item.who(channel.me) != "voter":
        raise Misuse("voter", "This seat does not vote in this sounding.")
    if any(not 0 <= k < len(item.terms.options) for k in yes):
        raise Misuse("option", f"The options are numbered from 1 to {len(item.terms.options)}.")
    if rounds.over(item, channel.session.now()) or item.state not in ("keys", "ballots"):
        raise Misuse("over", "Answers are no longer awaited in this sounding.")
    if rounds.answered(pocket):
        raise Misuse("answered", "This seat has answered already; an answer cannot be changed.")
    if not pocket:
        raise Misuse(
            "restored",
            "This desk cannot take part in this sounding: it was restored, or is not ready yet.",
            "Sync, and try again.",
        )
    before = asked_before(channel, item)
    if before and not again:
        named = "; ".join(f"{option} (number {number})" for option, number in before[:5])
        raise Misuse(
            "again",
            f"These voters were asked before about: {named}. Answers to the same question narrow down who refuses.",
            "To agree to being asked again, say so with --again.",
        )


def may_withdraw(channel: Channel, item: Sounding) -> bool:
    """Whether this seat can take its question back, now."""
    return channel.me == item.asker and not item.answered and standing(channel, item) in ("keys", "ballots")


def withdraw(channel: Channel, item: Sounding) -> None:
    """Take one's question back, before anybody has answered. `Misuse("withdraw")` if that cannot be."""
    if not may_withdraw(channel, item):
        who = called(channel.state, channel.state.member(item.asker))
        raise Misuse(
            "withdraw",
            f"Only {who}, who asked, can take it back, and only before anybody has answered.",
            "A sounding that was answered runs to its end, or lapses.",
            "Nothing was changed.",
        )
    channel.say("sounding.withdraw", Withdraw(item.id), item.audience)


def cast(channel: Channel, item: Sounding) -> bool:
    """Whether this desk's person has answered."""
    return channel.me in item.answered or rounds.answered(channel.session.book.items.pocket(item.at.position))


def standing(channel: Channel, item: Sounding) -> str:
    """The sounding's state as of now: `lapsed` too once its hour has passed, or somebody in it has left."""
    if item.state in ("closed", "lapsed", "withdrawn"):
        return item.state
    lapsed = rounds.left(item, channel.state) or rounds.late(item, channel.session.now())
    return "lapsed" if lapsed else item.state


def progress(item: Sounding) -> tuple[int, int, tuple[SeatId, ...]]:
    """How far it is: messages that are in, of how many in this state, and whose are missing."""
    voters, part = item.terms.voters, item.part
    if item.state == "opening":
        opening = item.openings[-1]
        if len(opening.acks) < len(voters) and not opening.release:
            return _counted([m.seat for m in opening.acks], voters)
        if not opening.release:
            return _counted((), (item.terms.releaser,))
        return _counted([m.seat for m in opening.shows], voters)
    expected = {"keys": part, "ballots": voters, "blinds": voters}.get(item.state, ())
    there = {"keys": item.keys, "ballots": item.ballots, "blinds": item.blinds}.get(item.state, ())
    return _counted([m.seat for m in there], expected)


def _counted(there: Sequence[SeatId], expected: Sequence[SeatId]) -> tuple[int, int, tuple[SeatId, ...]]:
    missing = tuple(seat for seat in expected if seat not in there)
    return len(expected) - len(missing), len(expected), missing
