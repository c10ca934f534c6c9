"""Who is at the other end of a connection: not another user of this machine, nobody slow, not too many.

Addresses of the loopback interface are everybody's on a machine, and cookies ignore ports (spec/web.md, 1.3).
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""Where Linux says whose a socket is; other systems do not."""

HEAD_SECONDS = 10.0
"""In which a request's head has to come."""

MOST = 128
"""Connections at once: a browser has six a window's host, and a few that it opens in advance."""

_MAPPED = "0000000000000000FFFF0000"

Place = tuple[str, int]


def owner(theirs: Place, ours: Place, tables: tuple[Path, ...] = TABLES) -> int | None:
    """The user whose socket is at `theirs`, connected to `ours`; None where that cannot be known."""
    wanted = _written(theirs), _written(ours)
    for table in tables:
        try:
            rows = table.read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, rows):
            if (fields[1].removeprefix(_MAPPED), fields[2].removeprefix(_MAPPED)) == wanted:
                return int(fields[7])
    return None


def _written(place: Place) -> str:
    """As the kernel writes it: the address as a number of this machine's own byte order."""
    host = bytes(map(int, place[0].split(".")))
    return f"{int.from_bytes(host, sys.byteorder):08X}:{place[1]:04X}"


class Near(H11Protocol):
    """Serves this user's own programs; closes what is slow before it has asked, and what is too many."""

    _slow: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        theirs, ours = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if len(self.connections) > MOST or owner(theirs[:2], ours[:2]) not in (None, os.getuid()):
            transport.abort()
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
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
