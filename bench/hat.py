"""The hat: a round among desks that are all online, from the call to open slips on the last of them; its traffic."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from backchannel.desk import hats, nonpapers
from backchannel.desk.desk import Desk
from backchannel.instruments.hat import rules
from bench import Row, bench
from bench.sounding import PASSPHRASE, RUNS, channel_of

OPEN = ("opened", "closed")
LIMITS = {3: 2.0, 10: 8.0}


def formula(n: int, size: int = rules.USUAL) -> int:
    """Bytes of all words of a round (spec/hat.md, 5), before they are filled up and sealed."""
    wrapped = 2_304 * n + size + 16
    return n * (2_548 + wrapped) + n * (n * (wrapped + 3) - 568 * n * (n + 1))


def _online(folder: Path, pipe: Connection) -> None:
    """Another process: a desk that watches; it drops a slip or calls when told, and tells when the slips were open."""
    with Desk.open(folder, PASSPHRASE) as desk:
        channel, stop = desk.channel(), threading.Event()

        def obey() -> None:
            while (told := pipe.recv()) is not None:
                if told == "drop":
                    nonpapers.drop(channel, "An idea", "What if it were nobody's?")
                else:
                    pipe.send(("called", time.time(), 0, 0))
                    hats.call(channel)
            stop.set()

        threading.Thread(target=obey, daemon=True).start()
        seen, ready = set[int](), False
        for _ in channel.watch(stop):
            now, held = time.time(), channel.items("hat")
            if not ready:
                ready = True
                pipe.send(("ready", now, 0, 0))
            if held and held[-1].value.state in OPEN and held[-1].position not in seen:
                seen.add(held[-1].position)
                log = channel.session.book.entries.log(held[-1].position)
                own = sum(one.leaf.length for one in log if one.item == held[-1].position and one.kind != "hat.close")
                pipe.send(("open", now, own, sum(one.leaf.length for one in log)))


class Round(list[tuple[float, int, int]]):
    """For each run: seconds, bytes of the round's messages, bytes of all that was posted meanwhile."""


def measured(n: int) -> Round:
    """Rounds among n desks, in processes of their own, on a relay in another; one of them has an idea."""
    runs, context = Round(), multiprocessing.get_context("spawn")
    with channel_of([f"Seat {number}" for number in range(n)]) as folders:
        pipes, processes = [], []
        for folder in folders:
            ours, theirs = context.Pipe()
            processes.append(context.Process(target=_online, args=(folder, theirs), daemon=True))
            processes[-1].start()
            pipes.append(ours)
        for pipe in pipes:
            _await(pipe, "ready")
        for _ in range(RUNS):
            pipes[1].send("drop")
            pipes[0].send("call")
            start = _await(pipes[0], "called")[1]
            told = [_await(pipe, "open") for pipe in pipes]
            runs.append((max(when for _, when, _, _ in told) - start, told[0][2], told[0][3]))
            time.sleep(2)  # what comes of the round is posted, and its messages erased
        for pipe in pipes:
            pipe.send(None)
        for process in processes:
            process.join(30)
    return runs


def _await(pipe: Connection, what: str) -> tuple[str, float, int, int]:
    while True:
        assert pipe.poll(120), "a desk says nothing"
        told: tuple[str, float, int, int] = pipe.recv()
        if told[0] == what:
            return told


def rows(n: int) -> list[Row]:
    """The rows of one size; the load says how far to trust them on a machine that is not idle."""
    load = os.getloadavg()[0]
    runs = measured(n)
    own, whole = (statistics.median(run[at] for run in runs) / 1_000 for at in (1, 2))
    return [
        Row(
            f"hat.n{n}", statistics.median(run[0] for run in runs), "s", f"at most (load before: {load:.1f})", LIMITS[n]
        ),
        Row(f"hat.n{n}.traffic", own, "kB", "words, by spec/hat.md, 5", formula(n) / 1_000),
        Row(f"hat.n{n}.traffic.all", whole, "kB"),
    ]


@bench("hat.n3")
def three() -> list[Row]:
    """A round of 3 desks, slips of 4,096 bytes: from the call to open slips everywhere; bytes down each desk's line."""
    return rows(3)


@bench("hat.n10")
def ten() -> list[Row]:
    """The same of 10 desks."""
    return rows(10)
