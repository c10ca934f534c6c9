"""The relay: durable appends over loopback, beside what the disk can do, and beside Matrix Synapse."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import httpx
import uvloop

from backchannel.ledger.wire import Frame, encode_frames
from bench import Row, bench
from bench.load import Load, drive
from bench.peers import synapse_rate
from tests.relay.host import FAST, Channel, RelayProcess, running

SECONDS = 6.0
BODY = 1024


def requests(channel: Channel, client: int) -> Iterator[bytes]:
    """Appends of one entry of 1 KiB, each another one."""
    number = 0
    filler = os.urandom(BODY)
    while True:
        number += 1
        body = (b"%d:%d:" % (client, number)) + filler
        content = encode_frames([Frame(sha256(body).digest(), body[:BODY])])
        yield (
            f"POST {channel.path}/entries HTTP/1.1\r\nHost: relay\r\n"
            f"Authorization: {channel.auth['Authorization']}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        ).encode() + content


def append(relay: RelayProcess, clients: int, seconds: float = SECONDS) -> Load:
    """Durable appends by so many clients, each to wait for its answer; one log for every four clients."""
    channels = [Channel(number) for number in range(max(1, clients // 4))]
    for channel in channels:
        httpx.post(relay.url + channel.path, json=channel.keys).raise_for_status()
    host, port = relay.url.removeprefix("http://").split(":")
    sources: list[Callable[[], Iterator[bytes]]] = [
        lambda n=n: requests(channels[n % len(channels)], n)  # type: ignore[misc]
        for n in range(clients)
    ]
    return uvloop.run(drive(host, int(port), sources, seconds))


def fdatasync_rate(seconds: float = 1.5) -> float:
    """Appends of 4 KiB with fdatasync to a bare file, a second."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.open(Path(folder) / "f", os.O_CREAT | os.O_WRONLY)
        page, count, start = bytes(4096), 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            os.write(file, page)
            os.fdatasync(file)
            count += 1
        os.close(file)
        return count / (time.perf_counter() - start)


def sqlite_rate(seconds: float = 1.5) -> float:
    """Commits of one row of 1 KiB, synchronous=FULL, a second."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(Path(folder) / "d", isolation_level=None)) as db,
    ):
        db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (x)")
        row, count, start = os.urandom(BODY), 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            db.execute("INSERT INTO t VALUES (?)", (row,))
            count += 1
        return count / (time.perf_counter() - start)


def measured(clients: int) -> Load:
    """One fresh relay process with its SQLite store; limits of rate and storage lifted."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "relay.db", *FAST, f"--log-bytes={1 << 40}") as relay,
    ):
        return append(relay, clients)


@bench("relay.append.http8")
def append_http8() -> list[Row]:
    """8 HTTP clients, one entry of 1 KiB a request, acknowledged when durable (rate limits lifted by settings)."""
    load = measured(8)
    peer = synapse_rate()
    limit = sqlite_rate()
    return [
        Row("relay.append.http8", load.rate, "entries/s", "SQLite FULL commits of one row", limit, *peer),
        Row("relay.append.http8.p50", load.quantile(0.50) * 1e3, "ms"),
        Row("relay.append.http8.p99", load.quantile(0.99) * 1e3, "ms"),
        Row("relay.append.http8.fdatasync", fdatasync_rate(), "fdatasync/s"),
    ]


@bench("relay.append.http1")
def append_http1() -> list[Row]:
    """One HTTP client: every append is a commit of its own."""
    load = measured(1)
    return [
        Row("relay.append.http1", load.rate, "entries/s", "fdatasync", fdatasync_rate()),
        Row("relay.append.http1.p99", load.quantile(0.99) * 1e3, "ms"),
    ]


@bench("relay.append.http64")
def append_http64() -> list[Row]:
    """64 HTTP clients on 16 logs: saturated."""
    load = measured(64)
    return [
        Row("relay.append.http64", load.rate, "entries/s"),
        Row("relay.append.http64.p99", load.quantile(0.99) * 1e3, "ms"),
    ]
