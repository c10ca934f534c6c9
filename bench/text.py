"""Texts: a long text with thousands of amendments folds, and any two of its versions are compared."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from backchannel.channel.charter import Terms
from backchannel.channel.state import Agreed, At, Seat, State
from backchannel.entry.codec import decode, encode
from backchannel.instruments.base import Spoken
from backchannel.instruments.text import standing
from backchannel.instruments.text.acts import (
    Amend,
    Change,
    Decide,
    Delete,
    Insert,
    Issue,
    Merge,
    Move,
    Open,
    Replace,
    Split,
)
from backchannel.instruments.text.redline import redline as compare
from backchannel.instruments.text.rules import TEXT
from backchannel.instruments.text.values import Text, digest
from backchannel.seal.keys import Keys
from bench import Row, bench

PARAGRAPHS, AMENDMENTS = 500, 5_000
SAID = "the parties shall may respect islands waters of and any force on date treaty ratify to in [shall][should] [not]"
WORDS = SAID.split()
CHANNEL = bytes(32)


class Table:
    """Ten parties and a pen; what they say goes straight into the fold, and only the fold is timed."""

    def __init__(self) -> None:
        self.dice, self.spent, self.n = random.Random(7), 0.0, 0
        keys, start = Keys(bytes(32), bytes(1952), bytes(32)), At(0, 0)
        self.seats = tuple(bytes([n]) * 16 for n in range(1, 12))
        members = tuple(
            Seat(
                seat,
                keys,
                f"Seat {n}",
                f"Party {n}",
                "envoy" if n else "intermediary",
                "active",
                True,
                0,
                (),
                None,
                start,
            )
            for n, seat in enumerate(self.seats)
        )
        terms = Terms("Bench", "To measure.", "envoy", "attributed", 30, "all", "all", "none")
        self.state = State(CHANNEL, "open", 1, seats=members, charter=Agreed(terms, self.seats, bytes(32), start))
        self.item: Text = self.say(None, 0, Open("Bench", self.seats[0], tuple(map(self.words, [60] * PARAGRAPHS))))

    def words(self, count: int) -> str:
        return " ".join(self.dice.choice(WORDS) for _ in range(count))

    def say(self, item: Text | None, by: int, act: Any) -> Any:
        self.n += 1
        kind = next(name for name, kind in TEXT.kinds.items() if isinstance(act, kind.body))
        at = At(self.n, self.n)
        spoken = Spoken(at, self.n.to_bytes(32, "big"), self.seats[by], self.seats, kind, act, self.state)
        start = time.perf_counter()
        after = TEXT.fold(item, spoken)
        self.spent += time.perf_counter() - start
        return after

    def change(self) -> Change:
        """Mostly other words for a paragraph; now and then all else that can be done."""
        one, other = self.dice.sample(self.item.here, 2)
        do, words = self.dice.random(), self.item.said(one).split()
        for _ in range(4):
            words[self.dice.randrange(len(words))] = self.dice.choice(WORDS)
        said = " ".join(words)
        if do < 0.9:
            return Replace(one.id, one.revision, said)
        if do < 0.93:
            return Insert(one.id, (self.words(60),))
        if do < 0.95:
            return Delete(one.id, one.revision)
        if do < 0.98:
            return Move(one.id, other.id)
        if do < 0.99:
            return Split(one.id, one.revision, said, self.words(30))
        here = self.item.here
        after = here[min(here.index(one) + 1, len(here) - 1)]
        return Merge(one.id, one.revision, after.id, after.revision, said)

    def amend(self) -> None:
        """Some propose, the pen decides; now and then a version."""
        for n in range(AMENDMENTS // 10):
            ids = []
            for by in range(1, 11):
                self.item = self.say(self.item, by, Amend(self.item.id, (self.change(),), ""))
                ids.append(self.item.proposed[-1].id)
            for one in ids:
                self.item = self.say(self.item, 0, Decide(self.item.id, one, True, ""))
            if n % 50 == 0:
                said = [(one.id, self.item.said(one)) for one in self.item.here]
                number = len(self.item.versions) + 1
                issued = digest(CHANNEL, self.item.id, number, said)
                self.item = self.say(self.item, 0, Issue(self.item.id, number, issued))


@cache
def table() -> Table:
    """The whole negotiation, made once."""
    made = Table()
    made.amend()
    return made


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@bench("text.fold")
def fold() -> list[Row]:
    """500 paragraphs, 5,000 amendments proposed and decided: the fold, and what is written after every batch."""
    item = table().item
    raw = encode(item)
    return [
        Row("text.fold", table().spent, "s", "the promise", 1.0),
        Row("text.fold.size", len(raw) / 1e6, "MB"),
        Row("text.fold.encode", 1e3 * timed(lambda: encode(item)), "ms"),
        Row("text.fold.decode", 1e3 * timed(lambda: decode(raw, Text)), "ms"),
    ]


@bench("text.redline")
def redline() -> list[Row]:
    """The same text: its first version against the last words; what stands in the way."""
    item, state = table().item, table().state
    return [
        Row("text.redline", timed(lambda: compare(item, 1)), "s", "the promise", 0.5),
        Row("text.redline.way", timed(lambda: standing.in_the_way(item, state)), "s"),
    ]
