"""Sounding: which options could all, or enough, live with, and nothing else (spec/sounding.md, 2 to 4).

This module says who may post what when and keeps what was posted; the arithmetic is `tally`, what a desk owes `rounds`.
"""

from __future__ import annotations

from msgspec.structs import replace

from backchannel import labels
from backchannel.channel.state import DAY, At
from backchannel.entry import text
from backchannel.entry.codec import encode
from backchannel.entry.ids import ZERO32
from backchannel.errors import Rejected
from backchannel.instruments.base import Instrument, Kind, Rules, Spoken, remaining, step
from backchannel.instruments.sounding import tally
from backchannel.instruments.sounding.rounds import GRACE, late, left, owed
from backchannel.instruments.sounding.values import (
    Ack,
    Ballot,
    Blind,
    Key,
    Open,
    Opening,
    Posted,
    Result,
    Share,
    Sounding,
    Sums,
    Withdraw,
    alike,
    posted,
)
from backchannel.seal import primitives as p

MOST_OPTIONS, MOST_FIRST, MOST_VOTERS = 1_000, 32, 32
MOST_TESTS = 4_096
"""A BLIND has 128 bytes for each test, and a relay takes entries of up to 2^20 bytes."""
LONGEST = 90 * DAY
STATES = {
    "keys": "the desks get ready",
    "ballots": "the answers of the voters are awaited",
    "blinds": "all have answered; the desks work out what meets the rule",
    "opening": "the desks open as much of the result as was asked for",
    "closed": "the result stands",
    "lapsed": "the hour passed before it was done; nothing is known",
    "withdrawn": "the asker took it back before anybody had answered",
}

RULES: Rules = {
    ("", "sounding.open", "speaker"): ("keys",),
    ("keys", "sounding.key", "voter"): ("keys", "ballots"),
    ("keys", "sounding.key", "releaser"): ("keys", "ballots"),
    ("keys", "sounding.withdraw", "asker"): ("withdrawn",),
    ("ballots", "sounding.ballot", "voter"): ("ballots", "blinds"),
    ("ballots", "sounding.withdraw", "asker"): ("withdrawn",),
    ("blinds", "sounding.blind", "voter"): ("blinds", "opening"),
    ("opening", "sounding.share", "voter"): ("opening",),
    ("opening", "sounding.ack", "voter"): ("opening",),
    ("opening", "sounding.release", "releaser"): ("opening", "closed"),
    ("opening", "sounding.show", "voter"): ("opening", "closed"),
    ("closed", "sounding.show", "voter"): ("closed",),
}

LIVE = ("keys", "ballots", "blinds", "opening")
ANSWERING = ("keys", "ballots")
"""In which people are awaited; then their desks do the rest."""

_NOTHING = Sums((), b"", (), (), (), ())
_EMPTY = Opening((), (), (), (), (), (), False)


def fold(item: Sounding | None, spoken: Spoken) -> Sounding:
    """The sounding after an entry about it."""
    if spoken.kind == "sounding.open":
        return _opened(spoken)
    if not isinstance(item, Sounding):
        raise Rejected("item", "An entry speaks of a sounding that its audience does not have.")
    to = item.terms.voters if spoken.kind == "sounding.share" else remaining(item.audience, spoken.state)
    if spoken.audience != to:
        raise Rejected("audience", "A message of a sounding went to others than those whom it is for.")  # 3
    withdraws = spoken.kind == "sounding.withdraw" and spoken.sender == item.asker
    step(RULES, item.state, spoken.kind, "asker" if withdraws else item.who(spoken.sender))
    if late(item, spoken.at):  # 4.1
        raise Rejected("late", "The hour of this sounding has passed; it has lapsed and nothing is known.")
    if left(item, spoken.state):  # 4.1
        raise Rejected("left", "Somebody who takes part in this sounding has left the channel; it has lapsed.")
    return _FOLDS[spoken.kind](item, spoken)


def hushed(item: Sounding) -> Sounding:
    """The sounding without the messages of its rounds (4.3)."""
    return replace(item, keys=(), ballots=(), blinds=(), openings=(), sums=_NOTHING)


def _opened(spoken: Spoken) -> Sounding:
    act: Open = spoken.act
    step(RULES, "", "sounding.open", spoken.part)
    check(act, spoken.at)
    seats = {*act.voters, act.releaser, spoken.sender}
    if spoken.audience != tuple(sorted(seats)):
        raise Rejected("audience", "A sounding is read by its voters, its releaser and its asker, and nobody else.")
    for seat_id in seats:
        seat = spoken.state.seat(seat_id)
        if seat is None or seat.standing != "active" or not seat.speaks:
            raise Rejected("voters", "A sounding names somebody who cannot take part.")
    body = encode(act)
    sid = p.labelled_hash(labels.SOUNDING_OPEN, spoken.state.channel, spoken.id, body)
    return Sounding(
        spoken.id, spoken.at, spoken.sender, spoken.audience, act, sid, "keys", (), (), (), (), _NOTHING, (), (), 0
    )


def check(act: Open, at: At) -> None:
    """`Rejected` or `Malformed` unless these terms can be asked at `at` (2)."""
    most = MOST_FIRST if act.reveal == "first" else MOST_OPTIONS
    if not 1 <= len(act.options) <= most:
        raise Rejected("options", f"A sounding has 1 to {most} options, no two alike.")
    text.prose(act.question, "question", 2_000)
    for option in act.options:
        text.prose(option, "option", 500)
    if len(set(map(alike, act.options))) != len(act.options):
        raise Rejected("options", f"A sounding has 1 to {most} options, no two alike.")
    voters, others = act.voters, len(act.voters) - len(act.required)
    if not 2 <= len(voters) <= MOST_VOTERS or list(voters) != sorted(set(voters)) or act.releaser in voters:
        raise Rejected("voters", f"A sounding has 2 to {MOST_VOTERS} voters, and a releaser who does not vote.")
    required_fits = list(act.required) == sorted(set(act.required)) and set(act.required) <= set(voters)
    plain = act.rule == "all" and not act.required and act.quorum == 0
    if not plain and not (act.rule == "quorum" and required_fits and 1 <= act.quorum <= others):
        raise Rejected("rule", "The rule of a sounding is all, or required seats and a number of the others.")
    if act.rule == "quorum" and len(act.options) * (others - act.quorum + 1) > MOST_TESTS:
        raise Rejected(
            "tests", "That is too much to open at once: ask about fewer options, or a larger number of seats."
        )
    if act.reveal not in ("first", "all"):
        raise Rejected("reveal", "A sounding reveals the first option that meets the rule, or all.")
    if not at.arrival < act.ballots_by < act.ends_by <= at.arrival + LONGEST:
        raise Rejected("hours", "A sounding's hours lie in the future, in order, within 90 days.")


def _key(item: Sounding, spoken: Spoken) -> Sounding:
    act: Key = spoken.act
    keys = _once(item.keys, spoken)
    if (act.commit == ZERO32) != (item.terms.reveal == "all" or spoken.sender == item.terms.releaser):
        raise Rejected("commit", "A desk got ready for another kind of sounding.")
    tally.check_key(item.sid, spoken.sender, act.h, act.proof)
    if len(keys) < len(item.part):
        return replace(item, keys=keys)
    total = tally.key([tally.read(Key, m).h for m in keys])
    threads = (tally.thread(item.sid, 1, keys),)
    return replace(item, state="ballots", keys=keys, sums=replace(_NOTHING, threads=threads, key=total))


def _ballot(item: Sounding, spoken: Spoken) -> Sounding:
    act: Ballot = spoken.act
    ballots = _once(item.ballots, spoken)
    tally.check_ballot(item, spoken.sender, act.pairs, act.proof)
    after = replace(item, ballots=ballots, answered=tuple(m.seat for m in ballots))
    if len(ballots) < len(item.terms.voters):
        return after
    tests = tally.tests(after, [tally.read(Ballot, m).pairs for m in ballots])
    threads = (*item.sums.threads, tally.thread(item.sid, 2, ballots))
    return replace(after, state="blinds", sums=replace(item.sums, threads=threads, tests=tests))


def _blind(item: Sounding, spoken: Spoken) -> Sounding:
    act: Blind = spoken.act
    blinds = _once(item.blinds, spoken)
    committed = next(tally.read(Key, m).commit for m in item.keys if m.seat == spoken.sender)
    if item.terms.reveal == "first":
        if tally.commitment(item.sid, spoken.sender, act.order) != committed:
            raise Rejected("order", "A desk opened another order than the one it had committed to.")
    elif act.order != ZERO32:
        raise Rejected("order", "A desk opened an order where there is none.")
    tally.check_blind(item, spoken.sender, act.blinds)
    after = replace(item, blinds=blinds)
    if len(blinds) < len(item.terms.voters):
        return after
    acts = [tally.read(Blind, m) for m in blinds]
    x, y = tally.blinded([a.blinds for a in acts])
    threads = (*item.sums.threads, tally.thread(item.sid, 3, blinds))
    order = tally.order(item, [a.order for a in acts])
    after = replace(after, state="opening", sums=replace(item.sums, threads=threads, x=x, y=y, order=order))
    return replace(after, openings=(_opening(after, 0),))


def _opening(item: Sounding, position: int) -> Opening:
    chosen = range(len(item.terms.options)) if item.terms.reveal == "all" else (item.sums.order[position],)
    numbers = tuple(z for z, test in enumerate(item.sums.tests) if test.option in chosen)
    return replace(_EMPTY, tests=numbers)


def _at_position(item: Sounding, position: int) -> Opening:
    if position != len(item.openings) - 1 or item.openings[position].done:
        raise Rejected("position", "A message of a sounding opens what is not to be opened now.")
    return item.openings[position]


def _with(item: Sounding, position: int, opening: Opening) -> Sounding:
    return replace(item, openings=(*item.openings[:position], opening, *item.openings[position + 1 :]))


def _share(item: Sounding, spoken: Spoken) -> Sounding:
    act: Share = spoken.act
    opening = _at_position(item, act.position)
    shares = _once(opening.shares, spoken)
    tally.check_share(item, spoken.sender, act)
    return _with(item, act.position, replace(opening, shares=shares))


def _ack(item: Sounding, spoken: Spoken) -> Sounding:
    """Who has all shares knows what an ACK must say. Who has none, like the releaser, only whether all say the same."""
    act: Ack = spoken.act
    opening = _at_position(item, act.position)
    acks = _once(opening.acks, spoken)
    if opening.shares and not _all_shares(item, opening):
        raise Rejected("early", "A desk acknowledged shares that are not all here.")
    if opening.shares and act.value != tally.ack_value(item, act.position):
        raise Rejected("ack", "A desk has seen other shares than this one.")
    return _with(item, act.position, replace(opening, acks=acks))


def _release(item: Sounding, spoken: Spoken) -> Sounding:
    """It is for the releaser to wait for all ACKs, and a desk that has all shares takes what it is given (3.7).

    Else one voter who hides its ACK from another would keep the result from that one alone.
    """
    act: Share = spoken.act
    opening = _at_position(item, act.position)
    release = _once(opening.release, spoken)
    if not _all_shares(item, opening) and (opening.shares or len(opening.acks) < len(item.terms.voters)):
        raise Rejected("early", "The releaser released before all had acknowledged.")
    tally.check_share(item, spoken.sender, act)
    released = _with(item, act.position, replace(opening, release=release))
    return _decide(released, act.position, opening.shares)


def _show(item: Sounding, spoken: Spoken) -> Sounding:
    act: Share = spoken.act
    if act.position >= len(item.openings) or not item.openings[act.position].release:
        raise Rejected("early", "A desk showed its share before it was released.")
    opening = item.openings[act.position]
    shows = _once(opening.shows, spoken)
    before = posted(opening.shares, spoken.sender)
    if before is None:
        tally.check_share(item, spoken.sender, act)
    elif before.body != encode(act):
        raise Rejected("share", "A desk shows another share than the one that it gave.")
    after = _decide(_with(item, act.position, replace(opening, shows=shows)), act.position, shows)
    shown = all(len(o.shows) == len(item.terms.voters) for o in after.openings)
    return hushed(after) if after.state == "closed" and shown else after


def _withdraw(item: Sounding, _: Spoken) -> Sounding:
    if item.answered:  # 4.2
        raise Rejected("answered", "Somebody has answered already; the sounding runs to its end.")
    return hushed(replace(item, state="withdrawn"))


def _all_shares(item: Sounding, opening: Opening) -> bool:
    return len(opening.shares) == len(item.terms.voters)


def _decide(item: Sounding, position: int, shares: tuple[Posted, ...]) -> Sounding:
    """The result at a position, once all shares and the release are known here (3.8, 3.10)."""
    opening = item.openings[position]
    if opening.done or len(shares) < len(item.terms.voters):
        return item
    points = [tally.read(Share, m).points for m in (*shares, *opening.release)]
    passed = tally.passed(item, opening.tests, points)
    results = tuple(Result(item.sums.tests[z].option, item.sums.tests[z].tally) for z in passed)
    after = _with(item, position, replace(opening, passed=passed, done=True))
    failed = item.failed + (not passed)
    last = item.terms.reveal == "all" or position == len(item.sums.order) - 1
    if results or last:
        return replace(after, state="closed", results=(*item.results, *results), failed=failed)
    return replace(after, failed=failed, openings=(*after.openings, _opening(after, position + 1)))


def _once(messages: tuple[Posted, ...], spoken: Spoken) -> tuple[Posted, ...]:
    if posted(messages, spoken.sender) is not None:
        raise Rejected("repeat", "This seat has posted in this round already; the first counts.")
    return tuple(sorted((*messages, Posted(spoken.sender, encode(spoken.act))), key=lambda m: m.seat))


_FOLDS = {
    "sounding.key": _key,
    "sounding.ballot": _ballot,
    "sounding.blind": _blind,
    "sounding.share": _share,
    "sounding.ack": _ack,
    "sounding.release": _release,
    "sounding.show": _show,
    "sounding.withdraw": _withdraw,
}


def _until(item: Sounding) -> int | None:
    """When a desk that cannot read the log any more destroys the messages nevertheless (4.1); None if they are gone."""
    return item.terms.ends_by + GRACE if item.state in LIVE or item.keys else None


def _lapse(item: Sounding) -> Sounding:
    return hushed(replace(item, state="lapsed") if item.state in LIVE else item)


SOUNDING = Instrument(
    name="sounding",
    kinds={
        "sounding.open": Kind(Open, False),
        "sounding.key": Kind(Key, False),
        "sounding.ballot": Kind(Ballot, False),
        "sounding.blind": Kind(Blind, False),
        "sounding.share": Kind(Share, False),
        "sounding.ack": Kind(Ack, False),
        "sounding.release": Kind(Share, False),
        "sounding.show": Kind(Share, False),
        "sounding.withdraw": Kind(Withdraw, False),
    },
    passes=False,
    opens="sounding.open",
    item=Sounding,
    rules=RULES,
    fold=fold,
    text=lambda item: "\n".join((item.terms.question, *item.terms.options)),
    until=_until,
    lapse=_lapse,
    reflex=owed,
    idle=lambda item: item.terms.ends_by,
    settled=lambda item: item.state not in ANSWERING,
)
