"""The relay as a process: opens the store, listens, stops when told to."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from os import urandom
from pathlib import Path
from typing import Any

import uvicorn

from backchannel.errors import Misuse
from backchannel.relay.app import create_app
from backchannel.relay.limits import Limits
from backchannel.relay.memory import MemoryStore
from backchannel.relay.protocol import bounded
from backchannel.relay.service import Relay
from backchannel.relay.sqlite import SqliteStore
from backchannel.relay.store import Store

_MESSAGE_BYTES = 1 << 16
_GRACE_SECONDS = 5
_KEEP_ALIVE_SECONDS = 75

Ready = Callable[[str, str], None]
"""Called once the relay listens, with its address and verifier key."""


def open_store(url: str) -> Store:
    """The store of `sqlite:PATH` or `memory:`; Misuse `store` for any other address."""
    scheme, _, rest = url.partition(":")
    if scheme == "sqlite" and rest:
        return SqliteStore(Path(rest))
    if url == "memory:":
        return MemoryStore(urandom(32))
    raise Misuse("store", f"'{url}' is no store.", "Write sqlite:PATH.")


def application(
    store: Store,
    *,
    limits: Limits | None = None,
    founding_code: bytes | None = None,
    clock: Callable[[], float] = time.time,
    ticks: Callable[[], float] = time.monotonic,
    running: Callable[[Relay], None] | None = None,
) -> Callable[..., Awaitable[None]]:
    """The ASGI application on an open store, which it closes when its lifespan ends.

    `running` is called with the Relay when it has started.
    """
    relays: list[Relay] = []

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        relay = Relay(store, limits or Limits(), clock, ticks, founding_code)
        relays.append(relay)
        if running is not None:
            running(relay)
        try:
            yield
        finally:
            await relay.close()
            store.close()

    return create_app(lambda: relays[0], lifespan)


def serve(
    store_url: str,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    limits: Limits | None = None,
    founding_code: bytes | None = None,
    certfile: str | None = None,
    keyfile: str | None = None,
    uds: str | None = None,
    clock: Callable[[], float] = time.time,
    ready: Ready | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; requests that were being answered are finished first.

    port 0 takes a free one. founding_code: 32 bytes that whoever founds a log must bear. certfile, keyfile: TLS.
    uds: path of a Unix socket to listen on instead. Misuse where the store cannot be opened.
    """
    store = open_store(store_url)
    relays: list[Relay] = []
    app = application(store, limits=limits, founding_code=founding_code, clock=clock, running=relays.append)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        uds=uds,
        loop="uvloop",
        http=bounded((limits or Limits()).request_seconds),
        ws="websockets-sansio",
        ws_max_size=_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        interface="asgi3",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_certfile=certfile,
        ssl_keyfile=keyfile,
    )

    def listening(address: Any) -> None:
        if ready is not None:
            ready(_url(config, address), relays[0].verifier_key)

    with _signals_end_quietly():
        _Server(config, listening).run()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, listening: Callable[[Any], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._listening(self.servers[0].sockets[0].getsockname())


def _url(config: uvicorn.Config, address: Any) -> str:
    if config.uds:
        return f"unix:{config.uds}"
    host, port = address[:2]
    scheme = "https" if config.ssl_certfile else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


@contextmanager
def _signals_end_quietly() -> Iterator[None]:
    """uvicorn raises the signal that stopped it once more when it is done: that is not to kill us."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _ignore) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore(number: int, frame: object) -> None:
    """A signal that was already acted upon."""
