"""A client's connections, so that all of them can be ended at once, from another thread."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from backchannel.desk.link.dial import unreachable
from backchannel.errors import Unreachable


class Lines:
    """Connections that are open. `ended`: no more of them, and nobody waits for one any longer."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self._open: set[socket.socket] = set()
        self._turn = threading.Lock()

    def keep(self, line: socket.socket) -> None:
        """It ends with the others from now on. Raises Unreachable `closed` if they have ended."""
        with self._turn:
            if not self.ended.is_set():
                self._open = {one for one in self._open if one.fileno() >= 0} | {line}  # some never came about
                return
        line.close()
        raise closed()

    def close(self, line: socket.socket) -> None:
        """It is not needed any more."""
        with self._turn:
            self._open.discard(line)
        line.close()

    def end(self) -> None:
        """End them all: who waits for an answer gets an error at once."""
        with self._turn:
            self.ended.set()
            for line in self._open:
                with suppress(OSError):  # it may have ended by itself
                    # Not SSLSocket's own: that changes what the thread in it is using.
                    socket.socket.shutdown(line, socket.SHUT_RDWR)


def closed() -> Unreachable:
    """The error for what is asked of a client that was closed."""
    return unreachable("closed", "This desk has closed its connections.", "Open the desk again.")
