"""In step with a channel's relay, beside the pages: one thread follows what comes, one posts what was written.

No page asks a relay while its form is done: what is written lies in the vault, and a page waits for the relay's word a
moment at most (spec/web.md, 5).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from backchannel.desk import handovers
from backchannel.desk.channel import Channel
from backchannel.desk.sending import sending
from backchannel.errors import BackchannelError

SETTLE_SECONDS = 2.0
"""How long a page waits for its own words to come back from the relay."""

AGAIN_SECONDS = 15.0
"""How long a channel is left alone whose relay lies, or refuses for good."""


def settled(channel: Channel) -> None:
    """Post what was written, and read it back, where the relay answers; pages tell how it stands otherwise."""
    with suppress(BackchannelError):
        channel.post()
        # What takes long, files and dossiers, goes on by itself: nobody waits for it before a page.
        channel.look() if sending(channel.session) or handovers.giving(channel) else channel.sync()


class Follower:
    """Follows one channel until `stop` is set. `heard`: how its relay is, a problem or None; `changed`: news."""

    def __init__(
        self,
        channel: Channel,
        stop: threading.Event,
        heard: Callable[[object], None],
        changed: Callable[[], None],
    ) -> None:
        self._channel, self._stop, self._heard, self._changed = channel, stop, heard, changed
        self._turn = threading.Condition()
        self._asked = self._done = 0
        self.threads = [threading.Thread(target=run, daemon=True) for run in (self._follow, self._post)]
        channel.posting = self.ask
        for thread in self.threads:
            thread.start()

    def ask(self) -> int:
        """Something was written: post it, and read it back. The number of this request."""
        with self._turn:
            self._asked += 1
            self._turn.notify_all()
            return self._asked

    def settle(self) -> None:
        """Ask, and wait until that is done, but no longer than `SETTLE_SECONDS`, nor after a stop."""
        wanted = self.ask()
        with self._turn:
            self._turn.wait_for(lambda: self._done >= wanted or self._stop.is_set(), timeout=SETTLE_SECONDS)

    def end(self, until: float) -> None:
        """The stop was set: wait for the threads, but no longer than until then (`time.monotonic`)."""
        with self._turn:
            self._turn.notify_all()
        for thread in self.threads:
            if thread is not threading.current_thread():
                thread.join(timeout=max(0.0, until - time.monotonic()))

    def _post(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._stop.is_set() or self._asked > self._done)
                wanted = self._asked
            if self._stop.is_set():
                return
            settled(self._channel)
            with self._turn:
                self._done = wanted
                self._turn.notify_all()
            self._changed()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                for events in self._channel.watch(self._stop, self._heard):
                    self._heard(None)
                    if events:
                        self._changed()
                    if self._stop.is_set():
                        return
                return  # this seat has left: there is nothing more to read
            except BackchannelError as problem:
                if not self._stop.is_set():  # else the vault was closed under it
                    self._heard(problem)
                self._stop.wait(AGAIN_SECONDS)
