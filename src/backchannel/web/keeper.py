"""The desk behind the pages: absent, locked or open, and then in step with its relays (spec/web.md, 4 and 5)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from backchannel.desk import carried
from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.errors import BackchannelError, Misuse
from backchannel.web.answers import Answers
from backchannel.web.following import Follower, settled
from backchannel.web.jobs import Jobs, sweep

IDLE_SECONDS = 15 * 60.0
LOCK_SECONDS = 1.0
"""How long a lock waits for what is just being written. Whoever is slower gets an error, and keeps no key."""

_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def awake() -> float:
    """Seconds; those in which the machine slept count too: a lid that was shut for an hour has locked the desk."""
    return time.clock_gettime(_CLOCK)


class Locked(Misuse):
    """The vault is closed."""

    def __init__(self) -> None:
        super().__init__("locked", "This desk is locked.", "Open it with your passphrase.")


class Keeper:
    """One desk's folder. Everything that uses the desk does so inside `desk()`; a lock waits for that, for a moment."""

    def __init__(
        self,
        folder: Path,
        options: dict[str, Any],
        *,
        idle: float = IDLE_SECONDS,
        clock: Callable[[], float] = awake,
    ) -> None:
        self.folder, self._options, self._idle, self._clock = folder, options, idle, clock
        self._desk: Desk | None = None
        self._users = 0
        self._turn = threading.Condition()
        self._stop = threading.Event()
        self._followers: dict[bytes, Follower] = {}
        self._touched = clock()
        self.language: str | None = None
        """What was chosen; its desk remembers it."""
        self.version = 0
        """Grows with everything that is new."""
        self.trouble: dict[bytes, BackchannelError] = {}
        """Why a channel's relay cannot be asked, by channel id."""
        self.jobs = Jobs(self.changed)
        """Long work."""
        self.answers = Answers()
        self._sealed_to = b""
        self._locks = 0

    @property
    def state(self) -> str:
        """`absent`, `locked` or `open`."""
        if self._desk is not None:
            return "open"
        return "locked" if (self.folder / "vault.db").exists() else "absent"

    # --- opening and closing

    def create(self, passphrase: str) -> None:
        """Make the desk, and open it. Raises as `Desk.create`."""
        locks = self._locks
        self._take(Desk.create(self.folder, passphrase, **self._options), locks)

    def unlock(self, passphrase: str) -> None:
        """Open it. Raises as `Desk.open`."""
        locks = self._locks
        self._take(Desk.open(self.folder, passphrase, **self._options), locks)

    def _take(self, desk: Desk, locks: int | None = None) -> None:
        """`locks`: how often it had been locked when its passphrase came: a lock meanwhile is stronger."""
        with self._turn:
            if self._desk is not None or locks not in (None, self._locks):
                desk.close()  # two forms at once: one is enough
                return
            self._desk, self._stop = desk, threading.Event()
        sweep(self.folder)
        self._sealed_to = carried.public(desk)
        self.language = desk.setting("language") or self.language
        self.touch()
        self.follow()
        threading.Thread(target=self._watch_idle, args=(self._stop,), daemon=True).start()
        self.changed()

    def lock(self) -> None:
        """Close the vault: nobody uses it from now on, and no key of it stays in this process's hands.

        Whatever relays and pages do, that takes about `LOCK_SECONDS` at most (spec/web.md, 4.1).
        """
        with self._turn:
            self._locks += 1
            desk, self._desk = self._desk, None
            if desk is None:
                return
            self._stop.set()
            followers, self._followers = [*self._followers.values()], {}
        until = time.monotonic() + LOCK_SECONDS
        desk.hang_up()  # whoever waits for a relay waits no longer
        for one in followers:
            one.end(0.0)
        with self._turn:
            self._turn.wait_for(lambda: self._users == 0, timeout=until - time.monotonic())
        self.jobs.end(until)
        for one in followers:
            one.end(until)
        desk.close()
        self.trouble.clear()
        self.answers.clear()
        self.changed()

    def sealed(self, place: str, fields: list[tuple[str, str]]) -> bytes:
        """A form that came while the desk is locked: only whoever opens it reads that."""
        return carried.seal(self._sealed_to, place, fields)

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """The open desk. Raises `Locked`."""
        with self._turn:
            if self._desk is None:
                raise Locked
            self._users += 1
            desk = self._desk
        try:
            yield desk
        finally:
            with self._turn:
                self._users -= 1
                self._turn.notify_all()

    @property
    def idle_minutes(self) -> int:
        """After how many minutes without a hand on it the desk locks itself."""
        return round(self._idle / 60) or 1

    def set_idle_minutes(self, minutes: int) -> None:
        """Another number, until this program ends."""
        self._idle = minutes * 60.0

    def set_language(self, language: str) -> None:
        """In which language the pages are, from now on."""
        self.language = language
        with suppress(Locked), self.desk() as desk:
            desk.set_setting("language", language)

    # --- what is new

    def touch(self) -> None:
        """Its person has asked for something."""
        self._touched = self._clock()

    def changed(self) -> None:
        """Something is new: whoever waits is told."""
        with self._turn:
            self.version += 1
            self._turn.notify_all()

    def wait(self, since: int, seconds: float) -> int:
        """The version, as soon as it is beyond `since`, or after so many seconds."""
        with self._turn:
            self._turn.wait_for(lambda: self.version > since, timeout=seconds)
            return self.version

    def follow(self) -> None:
        """Follow the relay of every channel, new ones too."""
        with self.desk() as desk, self._turn:
            for channel in desk.channels():
                if channel.id not in self._followers:
                    heard = partial(self._heard, channel.id)
                    self._followers[channel.id] = Follower(channel, self._stop, heard, self.changed)

    def settle(self, channel: Channel) -> None:
        """Let what was written there be posted; where its relay answers soon, wait until it has been read back."""
        follower = self._followers.get(channel.id)
        if follower is None:
            if channel.id not in self.trouble:
                settled(channel)
        elif channel.id in self.trouble:
            follower.ask()
        else:
            follower.settle()
        self.changed()

    def _heard(self, channel: bytes, problem: object) -> None:
        before = self.trouble.get(channel)
        if isinstance(problem, BackchannelError):
            self.trouble[channel] = problem
        else:
            self.trouble.pop(channel, None)
        if (before is None) != (channel not in self.trouble):
            self.changed()

    def _watch_idle(self, stop: threading.Event) -> None:
        while not stop.wait(min(5.0, self._idle / 4)):
            if self._clock() - self._touched >= self._idle:
                self.lock()
                return
            with suppress(BackchannelError), self.desk() as desk:  # locking is worth more than a sweep that fails
                desk.sweep()
