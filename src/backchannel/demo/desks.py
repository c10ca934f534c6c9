"""The desks of a talk: one for each seat, in a folder, and the one channel that they share."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from backchannel.demo.clock import Clock
from backchannel.demo.scenario import Act, Scenario, Seat
from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.errors import Misuse

_MOST_ROUNDS = 9


class Sight(NamedTuple):
    """What one desk has of the entry at `position`: `wrote`, `open`, `closed`, or `away` (not there yet)."""

    seat: Seat
    sight: str
    position: int
    length: int


class Desks:
    """Open desks. They go by `clock`, as their relay must.

    `left`: seats that were handed over; their desks stay as they are, and are out of step from then on.
    """

    def __init__(self, folder: Path, scenario: Scenario, clock: Clock) -> None:
        self.folder, self.scenario, self.clock = folder, scenario, clock
        self.desks: dict[str, Desk] = {}
        self.channels: dict[str, Channel] = {}
        self.offline: set[str] = set()
        self.left: set[str] = set()
        self.codes: dict[str, str] = {}
        self._labels: dict[str, Act] = {}
        self._cast: dict[str, tuple[str, ...]] = {}
        # Bound and never listening: whoever goes through it is cut off.
        self._dead = socket.socket()
        self._dead.bind(("127.0.0.1", 0))

    def make_desks(self) -> None:
        """A desk for every seat, each with a vault and a passphrase of its own; who takes one over brings a desk."""
        for seat in self.scenario.begin:
            self.desks[seat.key] = Desk.create(self.folder / seat.key, seat.passphrase, clock=self.clock)

    def close(self) -> None:
        """Close every desk."""
        for desk in self.desks.values():
            desk.close()
        self.desks.clear()
        self.channels.clear()
        self._dead.close()

    @property
    def seated(self) -> dict[str, Channel]:
        """The desks of those who sit here now."""
        return {key: channel for key, channel in self.channels.items() if key not in self.left}

    @property
    def first(self) -> str:
        """The first of them."""
        return next(iter(self.seated))

    def cast(self, act: Act) -> dict[str, Channel]:
        """The desks of those who sat here when this was begun."""
        return {key: self.channels[key] for key in self._cast[act.label]}

    def heir(self, key: str) -> str:
        """Who sits now where `key` sat."""
        return self.scenario.heirs[key] if key in self.left else key

    def act(self, label: str) -> Act:
        """The act that bears this label."""
        return self._labels[label]

    def passphrase(self, key: str) -> str:
        """What opens the desk of seat `key`."""
        return self.scenario.who(key).passphrase

    @contextmanager
    def away(self, key: str) -> Iterator[Path]:
        """The folder of a desk that is shut meanwhile, so that a command can sit down at it."""
        self.desks[key].close()
        try:
            yield self.folder / key
        finally:
            self._open(key)

    def short(self, seat: bytes) -> str:
        """The seat of this id by its short name."""
        return next(self.scenario.who(key).short for key, channel in self.channels.items() if channel.me == seat)

    def labelled(self, act: Act, key: str) -> Any:
        """The note or understanding that an act brought about, as the desk of seat `key` has it."""
        author = self.channels[act.who].me
        channel = self.channels[key]
        if act.do in ("take-up", "propose"):
            found = [i.value for i in channel.items("understanding") if i.value.terms.title == act.title]
        else:
            notes = (i.value for i in channel.items("note"))
            found = [note for note in notes if (note.author, note.text) == (author, act.text.strip())]
        if not found:
            raise Misuse("item", f"The desk of {self.scenario.who(key).short} does not have {act.label!r}.")
        return found[-1]

    def sights(self, position: int, author: str, among: Iterable[str] = ()) -> tuple[Sight, ...]:
        """What every desk has of the entry at `position`; that of everybody who sits here now, or of these."""
        found = []
        for seat in map(self.scenario.who, among or self.seated):
            logged = self.channels[seat.key].session.book.entries.log(position, 1)
            verdict = logged[0].verdict if logged else "away"
            sight = "open" if verdict == "line" else verdict
            length = logged[0].leaf.length if logged else 0
            found.append(Sight(seat, "wrote" if seat.key == author else sight, position, length))
        return tuple(found)

    def together(self) -> None:
        """Sync every desk that is online until all have the same."""
        online = [channel for key, channel in self.seated.items() if key not in self.offline]
        for _ in range(_MOST_ROUNDS):
            before = [channel.size for channel in online]
            for channel in online:
                channel.sync()
            if before == [channel.size for channel in online] and len(set(before)) == 1:
                return

    def backup_file(self, key: str) -> Path:
        """Where the backup of a desk goes."""
        return self.folder / f"{key}.backup"

    def _reopen(self, key: str, **options: Any) -> None:
        self.desks[key].close()
        self._open(key, **options)

    def _open(self, key: str, **options: Any) -> None:
        self.desks[key] = Desk.open(self.folder / key, self.passphrase(key), clock=self.clock, **options)
        self.channels[key] = self.desks[key].channel()
