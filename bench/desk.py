"""The desk: from a note sent to the same note opened on another desk, and a cold sync of a long channel."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from backchannel.channel.charter import Terms
from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.desk.sealing import _start
from backchannel.entry.codec import encode
from backchannel.instruments import note
from backchannel.ledger.wire import Frame
from backchannel.seal.chain import LONGEST, seal_entry
from backchannel.seal.primitives import ed25519_public, ed25519_sign, ed25519_verify
from bench import Row, bench
from bench.peers import synapse_download, synapse_latency
from tests.relay.host import FAST, running

PASSPHRASE = "a passphrase for benchmarks only"
NOTES, RATE = 300, 20.0
ENTRIES = 50_000
TEXT = "We should like to know whether the limit that was meant is the meridian, or the cape. " * 6


@contextmanager
def two_desks() -> Iterator[tuple[Path, Channel, Channel]]:
    """A channel of two seats on a real relay process; vaults as they are made for people."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            running(folder / "relay.db", *FAST, f"--log-bytes={10**10}") as relay,
            Desk.create(folder / "a", PASSPHRASE) as first,
            Desk.create(folder / "b", PASSPHRASE) as second,
        ):
            a = first.found(relay.url, title="Bench", purpose="To measure.", name="One", party="North", role="envoy")
            invitation = a.invite("Two", "South", "envoy")
            a.sync()
            b = second.join(a.code(invitation))
            a.sync()
            a.propose_charter(Terms("Bench", "To measure.", "envoy", "attributed", 30, "all", "all", "none"))
            b.sync()
            b.sign_charter(b.state.charter)
            for channel in (a, b):
                channel.sync()
            yield folder, a, b


def _listen(folder: str, pipe: Connection, wanted: int) -> None:
    """Another process: open the desk, watch, and report when each note was there to be read."""
    with Desk.open(folder, PASSPHRASE) as desk:
        channel, opened, stop = desk.channel(), dict[str, float](), threading.Event()
        for events in channel.watch(stop):
            now = time.time()
            for event in events:
                if event.kind == "note.send":
                    text = channel.note_at(event.record.at.position).text
                    opened[text.split(":")[0]] = now
            if len(opened) == 0 and not events:
                pipe.send("ready")
            if len(opened) >= wanted:
                break
        stop.set()
        pipe.send(opened)


@bench("desk.latency")
def latency() -> list[Row]:
    """Send to opened on another desk in another process, 20 notes a second of 500 characters."""
    with two_desks() as (folder, a, b):
        b.client.close()
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        listener = multiprocessing.get_context("spawn").Process(target=_listen, args=(str(folder / "b"), theirs, NOTES))
        listener.start()
        assert ours.recv() == "ready"
        stop = threading.Event()
        threading.Thread(target=lambda: [None for _ in a.watch(stop)], daemon=True).start()
        sent: dict[str, float] = {}
        start = time.monotonic()
        for number in range(NOTES):
            time.sleep(max(0.0, start + number / RATE - time.monotonic()))
            sent[str(number)] = time.time()
            a.send_note(f"{number}: {TEXT[:500]}")
        while not isinstance(opened := ours.recv(), dict):
            continue
        stop.set()
        listener.join(20)
    taken = sorted((opened[number] - sent[number]) * 1e3 for number in sent)
    p50, p99 = statistics.median(taken), taken[int(len(taken) * 0.99) - 1]
    peer, peer50, peer99 = synapse_latency()
    return [
        Row("desk.latency.p50", p50, "ms", "at most", 6.0, peer, peer50),
        Row("desk.latency.p99", p99, "ms", "at most", 15.0, peer, peer99),
    ]


def _fill(a: Channel, entries: int) -> None:
    """Entries as desk A would post them, 200 an append."""
    session, frames = a.session, list[Frame]()
    with session.turn():
        audience = tuple(sorted(seat.id for seat in session.state.active))
        credential = session.book.credential()[1]
        size, root = session.history.size, session.history.root()
        sending, dist = _start(session, "talk", audience)
    frames.append(dist)
    for number in range(entries):
        if sending.cursor.i == LONGEST:
            with session.turn():
                sending, dist = _start(session, "talk", audience)
            frames.append(dist)
        sealed, cursor = seal_entry(
            session.state.channel,
            sending.chain,
            sending.cursor,
            sending.seed,
            kind="note.send",
            body=encode(note.Send(f"{number}: {TEXT}", False, 30)),
            erasable=True,
            size=size,
            root=root,
            salt=os.urandom(16),
        )
        sending = sending._replace(cursor=cursor)
        frames.append(Frame(sealed.erase, sealed.body))
        if len(frames) >= 200:
            a.client.append(a.name, credential, frames)
            frames = []
    if frames:
        a.client.append(a.name, credential, frames)


def verify_rate(threads: int, seconds: float = 1.5) -> float:
    """Ed25519 verifications a second, on so many threads."""
    seed, message = os.urandom(32), os.urandom(300)
    public, signature = ed25519_public(seed), ed25519_sign(seed, message)
    end = time.perf_counter() + seconds

    def work(_: int) -> int:
        count = 0
        while time.perf_counter() < end:
            assert ed25519_verify(public, message, signature)
            count += 1
        return count

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(work, range(threads))) / seconds


@bench("desk.cold_sync")
def cold_sync() -> list[Row]:
    """A desk that was away reads 50,000 notes of 500 characters: proofs, signatures, opening, folding, index, vault."""
    with two_desks() as (_, a, b):
        _fill(a, ENTRIES)
        start = time.perf_counter()
        b.sync()
        taken = time.perf_counter() - start
        assert len(b.items("note")) == ENTRIES
    peer, rate = synapse_download()
    return [
        Row("desk.cold_sync", ENTRIES / taken, "entries/s", "signature checks, 2 threads", verify_rate(2), peer, rate)
    ]
