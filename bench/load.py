"""A load generator that costs little: HTTP/1.1 over raw asyncio transports, one request at a time a connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast


@dataclass
class Load:
    """What was done, and how long each request took (seconds)."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds

    def quantile(self, q: float) -> float:
        """The latency that a part q of the requests did not exceed, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


class _Client(asyncio.Protocol):
    """Sends the next request when the answer to the last one is whole; an answer that is not 200 ends the run."""

    def __init__(self, requests: Iterator[bytes], until: float, load: Load, done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._until = until
        self._load = load
        self._done = done
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def _next(self) -> None:
        now = time.perf_counter()
        request = next(self._requests, None) if now < self._until else None
        if request is None:
            self._transport.close()
            if not self._done.done():
                self._done.set_result(None)
            return
        self._sent = now
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, blank, body = self._buffer.partition(b"\r\n\r\n")
        if not blank:
            return
        _, announced, length = head.lower().partition(b"content-length:")
        whole = len(body) >= int(length.partition(b"\r\n")[0]) if announced else body.endswith(b"0\r\n\r\n")
        if not whole:
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._done.set_exception(RuntimeError(self._buffer[:300].decode()))
            return
        self._load.latencies.append(time.perf_counter() - self._sent)
        self._buffer = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(error or RuntimeError("the connection was closed"))


async def drive(host: str, port: int, clients: list[Callable[[], Iterator[bytes]]], seconds: float) -> Load:
    """Every client at once, each waiting for its answer before its next request, for so many seconds."""
    loop = asyncio.get_running_loop()
    load = Load()
    start = time.perf_counter()
    waits = []
    for client in clients:
        done: asyncio.Future[None] = loop.create_future()
        protocol = _Client(client(), start + seconds, load, done)
        await loop.create_connection(lambda protocol=protocol: protocol, host, port)  # type: ignore[misc]
        waits.append(done)
    async with asyncio.timeout(seconds + 30):
        await asyncio.gather(*waits)
    load.seconds = time.perf_counter() - start
    return load
