"""Who is at the other end of a connection: not another user of this machine, nobody slow, not too many.

Addresses of the loopback interface are everybody's on a machine, and cookies ignore ports (spec/web.md, 1.3).
"""

from __future__ import annotations

import asyncio
import os

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from backchannel.web import owners

HEAD_SECONDS = 10.0
"""In which a request's head has to come."""

MOST_EARLY = 1 << 16

MOST = 128
"""Connections at once: a browser has six a window's host, and a few that it opens in advance."""


class Near(H11Protocol):
    """Serves this user's own programs; closes what is slow before it has asked, and what is too many."""

    _slow: asyncio.TimerHandle | None = None
    _early: bytes | None = None
    """What has come before it is known whose it is."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        theirs, ours = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        self._wait()
        if len(self.connections) > MOST:
            transport.abort()
            return
        try:
            self._known(owners.asked(theirs[:2], ours[:2]))
        except OSError:  # the kernel is not asked here: nothing is heard before its table was read, which may be long
            self._early = b""
            known = self.loop.run_in_executor(None, owners.listed, theirs[:2], ours[:2])
            known.add_done_callback(lambda done: self._known(done.result()))

    def _known(self, user: int | None) -> None:
        early, self._early = self._early, None
        if user not in (None, os.getuid()):
            self.transport.abort()
        elif early and not self.transport.is_closing():
            self.data_received(early)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._early is not None:
            self._early += data
            if len(self._early) > MOST_EARLY:
                self.transport.abort()
            return
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._hear()
        elif self._slow is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._hear()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._slow = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _hear(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None
