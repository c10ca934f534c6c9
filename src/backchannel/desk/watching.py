"""Watching: sync, then follow what the relay pushes, over lost connections and new rosters, until told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from backchannel.channel.engine import Event
from backchannel.desk.intake import take
from backchannel.desk.link.client import passing
from backchannel.desk.link.stream import Stream
from backchannel.desk.syncing import Syncer
from backchannel.errors import RelayRefused, Unreachable

RESYNC_SECONDS = 900.0
"""How long a stream is followed before the next sync: what is due by the clock is due without news too."""


class Watcher:
    """Keeps a syncer in step for as long as somebody watches."""

    def __init__(self, syncer: Syncer) -> None:
        self._syncer = syncer
        self._closed = -1  # the epoch whose credential a stream has called replaced; a second time is a lie

    def watch(self, stop: threading.Event, heard: Callable[[object], None] = lambda _: None) -> Iterator[list[Event]]:
        """Sync, then take what the relay pushes, until `stop` is set; yields what came, each time something came.

        `heard(error)` is told when the relay is lost, `heard(None)` when it is back. Raises as `sync`, but what passes.
        """
        failures, keeper = 0, _Keeper(stop)
        try:
            while not stop.is_set():
                try:
                    events = self._syncer.sync().events
                    if failures:
                        failures = 0
                        heard(None)
                    yield events
                    if self._syncer.gone():
                        return
                    yield from self._follow(keeper, heard)
                except (Unreachable, RelayRefused) as problem:
                    if not passing(problem):
                        raise
                    failures += 1
                    heard(problem)
                    wish = getattr(problem, "wait", None)
                    stop.wait(self._syncer.client.backoff.delay(failures, self._syncer.client.chance(), wish))
        finally:
            keeper.over()

    def _follow(self, keeper: _Keeper, heard: Callable[[object], None]) -> Iterator[list[Event]]:
        """Take what is pushed until the stream ends, or must be opened anew."""
        with self._syncer.session.turn():
            epoch, credential = self._syncer.session.book.credential()
            start = self._syncer.session.history.size
        # What is pushed may have waited here while this computer slept: no older than the stream is all that is sure.
        opened = self._syncer.session.clock()
        stream = Stream(self._syncer.client, self._syncer.name, credential, start, heard=heard)
        keeper.keep(stream)
        try:
            with self._syncer.remembered():
                for answer in stream:
                    events = take(self._syncer.session, answer, opened)
                    yield events  # first to whoever watches: what this desk owes is soon enough after that
                    self._syncer.pushed(events)
                    with self._syncer.session.turn():
                        moved = self._syncer.session.history.size != stream.position
                        if moved or self._syncer.session.book.credential()[0] != epoch:
                            return  # another process has read on, or the credential is new: start again from there
        except RelayRefused as problem:
            if problem.code != "rotated" or self._closed == epoch:
                raise
            self._closed = epoch
        finally:
            stream.stop()


class _Keeper:
    """Ends the present stream when `stop` is set, and from time to time (RESYNC_SECONDS)."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop, self._over = stop, False
        self._stream: Stream | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def keep(self, stream: Stream) -> None:
        """This is the present stream."""
        self._stream = stream
        if self._stop.is_set():
            stream.stop()

    def over(self) -> None:
        """Nobody watches any more."""
        self._over, self._stream = True, None

    def _run(self) -> None:
        while not self._over:
            stopped = self._stop.wait(RESYNC_SECONDS)
            stream = self._stream
            if stream is not None:
                stream.stop()
            if stopped:
                return
