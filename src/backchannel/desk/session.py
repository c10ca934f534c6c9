"""A channel as this process holds it: verified log, engine, book; read again when another process has written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from backchannel.channel.engine import Engine
from backchannel.channel.state import At, State
from backchannel.desk.book.book import Book
from backchannel.desk.known import Known
from backchannel.desk.vault.vault import Vault
from backchannel.instruments import ANCHORS, ERASABLE
from backchannel.ledger.history import History
from backchannel.ledger.leaf import arrival_unit
from backchannel.seal.keys import Random

FORGET_SECONDS = 0.2


class Session:
    """One channel in memory. Everything that reads, decides and writes does it inside `turn`."""

    def __init__(self, vault: Vault, c: int, clock: Callable[[], float], random: Random) -> None:
        self.vault, self.book, self.clock, self.random = vault, Book(vault, c), clock, random
        self.history: History
        self.engine: Engine
        self.known = Known()
        self._version: int | None = None
        self._threads = threading.RLock()
        self._depth = 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Nobody else, thread or process, changes this desk during the block; what is in memory is what is on disk.

        If the block fails, memory is thrown away and read again: nothing half done is ever seen.
        """
        with self._threads, self.vault.lock.held():
            if self._depth == 0:  # inside a turn nobody else writes
                self._reload()
            self._depth += 1
            try:
                yield
            except BaseException:
                self._version = None
                raise
            finally:
                self._depth -= 1

    @property
    def state(self) -> State:
        """The roster, as far as the log was read."""
        with self.turn():
            return self.engine.state

    def now(self) -> At:
        """The place of an entry that would be appended now."""
        with self.turn():
            return At(self.history.size, arrival_unit(self.clock()))

    def forget(self) -> None:
        """The vault was closed: no key of it stays here. Who is in a turn still meets its end at the next statement."""
        if self._threads.acquire(timeout=FORGET_SECONDS):
            self.__dict__.pop("engine", None)
            self.__dict__.pop("history", None)
            self.known, self._version = Known(), None
            self._threads.release()

    def _reload(self) -> None:
        version = self.vault.version()
        if version == self._version:
            return
        self.history = self.book.history()
        self.engine = Engine(
            self.book.wallet(),
            self.book.state(),
            self.book.lines(),
            erasable=ERASABLE,
            root_at=lambda size: self.history.root(size),
            anchors=ANCHORS,
        )
        self._version, self.known = version, Known()
