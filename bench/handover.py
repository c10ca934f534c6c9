"""Handover: the seat of a long channel passes to a successor, from the offer until the old desk has left."""

from __future__ import annotations

import time
from collections.abc import Callable

from backchannel.desk import handovers
from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from bench import Row, bench
from bench.desk import PASSPHRASE, _fill, two_desks

ENTRIES = 20_000
MOST_ROUNDS = 500


class Clockwork:
    """Desks that sync in turn; how long each took, and the longest time in which a person saw nothing move."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.silent = 0.0
        self._seen = time.perf_counter()

    def sees(self, *_: object) -> None:
        """Something moves on a screen."""
        now = time.perf_counter()
        self.silent, self._seen = max(self.silent, now - self._seen), now

    def run(self, name: str, work: Callable[[], object]) -> None:
        """Do something at a desk."""
        start = time.perf_counter()
        work()
        self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - start
        self.sees()

    def sync(self, desks: dict[str, Channel]) -> None:
        """All sync, each telling how far it is."""
        for name, channel in desks.items():
            self.run(name, lambda channel=channel: channel.sync(self.sees))  # type: ignore[misc]


@bench("handover")
def handover() -> list[Row]:
    """20,000 notes of 500 characters: offered, joined, the charter signed, the dossier sealed and taken, the old desk
    gone. One desk after the other on this machine, as three people's would be at the same time."""
    with two_desks() as (folder, a, b), Desk.create(folder / "c", PASSPHRASE) as third:
        _fill(a, ENTRIES)
        a.sync()
        b.sync()
        clock, start = Clockwork(), time.perf_counter()
        invite = handovers.offer(b, b.me, "Three")
        b.sync()
        made: list[Channel] = []
        clock.run("successor", lambda: made.append(third.join(b.code(invite))))
        c = made[0]
        desks = {"others": a, "holder": b, "successor": c}
        a.sync()
        clock.sync(desks)
        c.sign_charter(c.state.charter)
        rounds = 0
        while b.state.member(b.me).standing != "gone" and rounds < MOST_ROUNDS:
            clock.sync(desks)
            rounds += 1
        taken = time.perf_counter() - start
        clock.sync({"others": a, "successor": c})
        assert a.state.member(b.me).standing == "gone"
        assert len(c.items("note")) == ENTRIES
        assert {seat.id for seat in a.state.active} == {a.me, c.me}
    return [
        Row("handover", taken, "s", "the promise", 20.0),
        *(Row(f"handover.{name}", seconds, "s") for name, seconds in clock.spent.items()),
        Row("handover.silent", clock.silent, "s"),
    ]
