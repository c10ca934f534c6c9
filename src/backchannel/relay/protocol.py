"""uvicorn's HTTP protocol, with the two bounds that it lacks: on the size and on the slowness of a request's head."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD = 64 << 10
"""Bytes of request line and headers."""


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose request head is larger than MOST_HEAD, or not whole after `head_seconds`."""

    head_seconds = 30.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._whole = False
        self._head_bytes = 0
        self._slow: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        super().data_received(data)
        if self._in_head and not self._whole:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD:
                self.transport.close()
            elif self._slow is None:
                self._watch()
        self._whole = False

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        self._unwatch()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The next thing to come is another request's head."""
        self._in_head = self._whole = True
        self._head_bytes = 0
        super().on_message_complete()

    def _watch(self) -> None:
        self._slow = self.loop.call_later(self.head_seconds, self.transport.close)

    def _unwatch(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None


def bounded(head_seconds: float) -> type[BoundedProtocol]:
    """The protocol with this bound."""
    return type("Protocol", (BoundedProtocol,), {"head_seconds": head_seconds})
