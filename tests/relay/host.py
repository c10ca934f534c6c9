"""Relays for tests: in this process over ASGI, or a real process; and a log with its credentials."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from backchannel.ledger.history import History
from backchannel.ledger.leaf import Leaf
from backchannel.ledger.note import VerifierKey
from backchannel.ledger.origin import control_hash, credential_hash, log_name, origin_line
from backchannel.ledger.wire import Frame, decode_range, encode_frames
from backchannel.relay.access import encode_bearer
from backchannel.relay.app import create_app
from backchannel.relay.limits import Limits
from backchannel.relay.memory import MemoryStore
from backchannel.relay.service import Relay
from backchannel.relay.store import Change, LogRow, Snapshot, Store

NOW = 1_795_000_000.0
SEED = bytes(range(32))
FREE = Limits(entries_rate=1e9, entries_burst=1e9, reads_rate=1e9, reads_burst=1e9, founded_an_hour=1e9)
"""No limits of rate."""


@dataclass
class Clock:
    """A clock that tests set."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


def token(number: int) -> bytes:
    return sha256(b"token %d" % number).digest()


def frame(number: int, size: int = 40) -> Frame:
    """An entry that token(number) erases."""
    return Frame(sha256(token(number)).digest(), (b"%d:" % number).ljust(size, b"."))


def hashes(credential: bytes, control: bytes) -> dict[str, str]:
    return {"credential": credential_hash(credential).hex(), "control": control_hash(control).hex()}


@dataclass
class Channel:
    """A log as a desk knows it; requests go through an httpx client that the caller gives."""

    number: int = 0
    credential: bytes = field(default=b"c" * 32)
    control: bytes = field(default=b"k" * 32)

    @property
    def name(self) -> str:
        return log_name(self.number.to_bytes(32, "big"))

    @property
    def path(self) -> str:
        return f"/v1/logs/{self.name}"

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": encode_bearer(self.credential)}

    @property
    def keys(self) -> dict[str, str]:
        return hashes(self.credential, self.control)

    def rotated(self, by: int) -> Channel:
        """The same log under new keys."""
        return Channel(self.number, bytes([by]) * 32, bytes([by + 100]) * 32)

    def rotation(self, to: Channel, carrier: Frame) -> dict[str, Any]:
        """The request that rotates to the keys of `to`."""
        return {
            "url": f"{self.path}/rotate",
            "json": {**to.keys, "frame": base64.b64encode(encode_frames([carrier])).decode()},
            "headers": {"Authorization": encode_bearer(self.control)},
        }

    def append(self, frames: Iterable[Frame]) -> dict[str, Any]:
        return {"url": f"{self.path}/entries", "content": encode_frames(frames), "headers": self.auth}

    def erasure(self, index: int, key: bytes) -> dict[str, Any]:
        return {
            "url": f"{self.path}/erase",
            "json": {"index": index, "token": key.hex()},
            "headers": self.auth,
        }

    def reading(self, start: int = 0, **query: int) -> dict[str, Any]:
        return {"url": f"{self.path}/entries", "params": {"start": start, **query}, "headers": self.auth}

    def history(self, public_key: bytes) -> History:
        return History(origin_line(self.name), public_key)


async def sync(client: httpx.AsyncClient, channel: Channel, history: History, now: float = NOW) -> None:
    """Read to the head as a desk does, with every check."""
    while True:
        response = await client.get(**channel.reading(history.size))
        assert response.status_code == 200, response.text
        verified = history.check(decode_range(response.content), now)
        history.commit(verified)
        if verified.at_head:
            return


@dataclass
class Host:
    """A relay in this process."""

    relay: Relay
    client: httpx.AsyncClient
    store: Store
    clock: Clock
    ticks: Clock

    async def founded(self, number: int = 0) -> Channel:
        channel = Channel(number)
        response = await self.client.post(channel.path, json=channel.keys)
        assert response.status_code == 201, response.text
        return channel

    async def read(self, channel: Channel) -> History:
        history = channel.history(self.relay.public_key)
        await sync(self.client, channel, history, self.clock.now)
        return history


@asynccontextmanager
async def hosted(
    store: Store | None = None, limits: Limits = FREE, founding_code: bytes | None = None
) -> AsyncIterator[Host]:
    """A relay on a store (in memory by default), spoken to over ASGI."""
    store = MemoryStore(SEED) if store is None else store
    clock, ticks = Clock(), Clock()
    relay = Relay(store, limits, clock, ticks, founding_code)
    transport = httpx.ASGITransport(create_app(lambda: relay), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://relay") as client:
        try:
            yield Host(relay, client, store, clock, ticks)
        finally:
            await relay.close()


def with_host(test: Callable[[Host], Awaitable[None]], store: Store | None = None, limits: Limits = FREE) -> None:
    """Run an asynchronous test on a relay of its own."""

    async def run() -> None:
        async with hosted(store, limits) as host:
            await test(host)

    asyncio.run(run())


class FaultyStore:
    """A store whose operations fail as a table says: operation -> outcomes of its next calls."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.commits: list[Sequence[Change]] = []
        self.before: dict[str, list[Exception | None]] = {}
        self.after: dict[str, list[Exception | None]] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.inner, name)

        def call(*args: Any) -> Any:
            _fail(self.before.get(name))
            if name == "commit":
                self.commits.append(args[0])
            result = method(*args)
            _fail(self.after.get(name))
            return result

        return call

    # What the Store protocol names, for the type checker.
    def seed(self) -> bytes:
        return self.__getattr__("seed")()  # type: ignore[no-any-return]

    def log(self, name: bytes) -> LogRow | None:
        return self.__getattr__("log")(name)  # type: ignore[no-any-return]

    def leaves(self, log: int) -> Iterator[bytes]:
        return self.__getattr__("leaves")(log)  # type: ignore[no-any-return]

    def record(self, log: int, index: int) -> int | None:
        return self.__getattr__("record")(log, index)  # type: ignore[no-any-return]

    def read(self, log: int, start: int, most: int, most_bytes: int) -> Snapshot:
        return self.__getattr__("read")(log, start, most, most_bytes)  # type: ignore[no-any-return]

    def commit(self, changes: Sequence[Change]) -> None:
        self.__getattr__("commit")(changes)

    def probe(self) -> None:
        self.__getattr__("probe")()

    def close(self) -> None:
        self.__getattr__("close")()


def _fail(outcomes: list[Exception | None] | None) -> None:
    error = outcomes.pop(0) if outcomes else None
    if error is not None:
        raise error


def leaf_of(number: int, arrival: int) -> Leaf:
    made = frame(number)
    return Leaf(sha256(made.body).digest(), arrival, len(made.body), made.erase)


# --- real processes -------------------------------------------------------------------------------


@dataclass
class RelayProcess:
    """A relay process; `url` and `key` are what it announced."""

    process: subprocess.Popen[str]
    url: str
    key: VerifierKey

    def kill(self) -> None:
        """As a power cut would, for the process."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def stop(self) -> int:
        """As its host stops it."""
        self.process.terminate()
        return self.process.wait(30)


def start(path: Path, *options: str) -> RelayProcess:
    """Start a relay on the SQLite file at `path`, on a free port of the loopback interface."""
    command = [sys.executable, "-m", "backchannel.relay", "--store", f"sqlite:{path}", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("relay ready on "):
        _, errors = process.communicate(timeout=30)
        raise RuntimeError(errors)
    *_, url, _, key = line.split()
    return RelayProcess(process, url, VerifierKey.parse(key))


@contextmanager
def running(path: Path, *options: str) -> Iterator[RelayProcess]:
    """A relay process, stopped at the end."""
    relay = start(path, *options)
    try:
        yield relay
    finally:
        if relay.process.poll() is None:
            relay.stop()
        relay.process.communicate()


FAST = tuple(
    f"--{name}={10**9}" for name in ("entries-rate", "entries-burst", "reads-rate", "reads-burst", "founded-an-hour")
)
"""Options that lift the limits of rate."""
