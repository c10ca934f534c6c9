"""Steps: a ladder of ten thousand folds and is read off, one of two hundred is drawn, a file goes through a channel."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections.abc import Callable
from functools import cache
from graphlib import TopologicalSorter
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from backchannel.channel.charter import Terms
from backchannel.channel.state import DAY, Agreed, At, Seat, State
from backchannel.desk import evidence, files, steps
from backchannel.desk.desk import Desk
from backchannel.entry.codec import decode, encode
from backchannel.instruments.base import Spoken
from backchannel.instruments.step.acts import PIECE, Add, Find, Pledge, Promise, Propose, Report
from backchannel.instruments.step.rules import STEP
from backchannel.instruments.step.standing import Standing, stand
from backchannel.instruments.step.values import Ladder
from backchannel.papers.ladder import whole
from backchannel.papers.raster import png
from backchannel.papers.sheet import svg
from backchannel.seal.keys import Keys
from bench import Row, bench
from bench.desk import PASSPHRASE, two_desks
from tests.papers.ladders import some

STEPS, REFERENCES, AN_ENTRY = 10_000, 30_000, 500
REPORTED = 500
DRAWN = 200
SIZE = 200_000_000
PARTIES = ("Arland", "Borland", "Vigil")
PLAN = b"""
title = "A bench"
[[step]]
who = "North"
what = "Sends a large file."
owed_to = ["South"]
"""


class Walk:
    """Three parties; what they say goes straight into the fold, and only the fold is timed."""

    def __init__(self) -> None:
        self.dice, self.spent, self.n = random.Random(7), 0.0, 0
        keys, start = Keys(bytes(32), bytes(1952), bytes(32)), At(0, 0)
        self.seats = tuple(bytes([n]) * 16 for n in range(1, 4))
        members = tuple(
            Seat(seat, keys, f"Seat of {party}", party, "envoy", "active", True, 0, (), None, start)
            for seat, party in zip(self.seats, PARTIES, strict=True)
        )
        terms = Terms("Bench", "To measure.", "envoy", "attributed", 30, "all", "all", "none")
        agreed = Agreed(terms, self.seats, bytes(32), start)
        self.state = State(bytes(32), "open", 1, seats=members, charter=agreed)
        self.item: Ladder | None = None
        for first in range(0, STEPS, AN_ENTRY):
            made = tuple(self.promise(n, first) for n in range(first, first + AN_ENTRY))
            self.say(0, Add(self.item.id, made) if self.item is not None else Propose("Bench", made))
        for by in (0, 1):
            mine = [one.id for one in self.ladder.steps if one.promise.doer == PARTIES[by]]
            for first in range(0, len(mine), AN_ENTRY):
                self.say(by, Pledge(self.ladder.id, tuple(mine[first : first + AN_ENTRY])))
        for place in range(REPORTED):
            one = self.ladder.steps[place]
            self.say(PARTIES.index(one.promise.doer), Report(self.ladder.id, one.id, "Done.", ()))
            self.say(2, Find(self.ladder.id, one.id, "kept", "", ()))

    @property
    def ladder(self) -> Ladder:
        assert self.item is not None
        return self.item

    def promise(self, n: int, first: int) -> Promise:
        """A step that waits for one, and for one of two, near or far; now and then in return for the one before."""
        near = [self.reference(self.dice.randrange(max(0, n - 200), n), first) for _ in range(3) if n]
        doer = PARTIES[n % 2]
        toward = PARTIES[1 - n % 2]
        return Promise(
            doer=doer,
            what="Withdraw the second brigade from the heights above the river.",
            where="North bank",
            after=(tuple(near[:1]), tuple(dict.fromkeys(near[1:]))) if near else (),
            returns=(),
            by=0,
            days=10,
            how="By eye.",
            verifiers=("Vigil",),
            needed=1,
            visits=2,
            share=2,
            toward=(toward,),
            late="Talks stop.",
            grace=0,
            remind=(7, 1),
            reversible=True,
            announced=False,
        )

    def reference(self, place: int, first: int) -> int | bytes:
        """A step of the same entry by its place in it, an earlier one by its id."""
        return place - first if place >= first else self.ladder.steps[place].id

    def say(self, by: int, act: Any) -> None:
        self.n += 1
        kind = next(name for name, kind in STEP.kinds.items() if isinstance(act, kind.body))
        read = decode(encode(act), STEP.kinds[kind].body)
        at = At(self.n, self.n)
        spoken = Spoken(at, self.n.to_bytes(32, "big"), self.seats[by], self.seats, kind, read, self.state)
        start = time.perf_counter()
        self.item = STEP.fold(self.item, spoken)
        self.spent += time.perf_counter() - start


@cache
def walk() -> Walk:
    """The long ladder, folded once."""
    return Walk()


def timed(work: Callable[[], object], repeats: int = 3) -> float:
    """Seconds; the best of some."""
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def ordered(item: Ladder) -> int:
    """What graphlib does with the same graph: every step behind all that it waits for."""
    graph = TopologicalSorter({n: [m for any_of in one.after for m in any_of] for n, one in enumerate(item.steps)})
    return sum(1 for _ in graph.static_order())


@bench("step.fold")
def fold() -> list[Row]:
    """10,000 steps with 30,000 references proposed, pledged, some reported and found kept; then where all stand."""
    item = walk().ladder
    references = sum(len(any_of) for one in item.steps for any_of in one.after)
    assert len(item.steps) == STEPS
    assert references > REFERENCES * 0.99
    found: list[Standing] = []
    standing = timed(lambda: found.extend(stand(item, 20 * DAY)))
    assert {one.state for one in found} == {"verified", "late", "pledged"}
    raw = encode(item)
    return [
        Row("step.fold", walk().spent + standing, "s", "the promise", 1.0),
        Row(
            "step.fold.standing",
            1e3 * standing,
            "ms",
            peer="graphlib, the order of the same graph alone",
            peer_value=1e3 * timed(lambda: ordered(item)),
        ),
        Row("step.fold.size", len(raw) / 1e6, "MB"),
        Row("step.fold.encode", 1e3 * timed(lambda: encode(item)), "ms"),
        Row("step.fold.decode", 1e3 * timed(lambda: decode(raw, Ladder)), "ms"),
    ]


@bench("step.ladder")
def ladder() -> list[Row]:
    """A ladder of 200 steps of six parties, with lines of every kind: laid out and written as SVG, and as PNG."""
    picture = some(DRAWN, 6)
    as_svg, as_png = timed(lambda: svg(whole(picture))), timed(lambda: png(whole(picture)))
    return [
        Row("step.ladder", as_svg + as_png, "s", "the promise", 1.0),
        Row("step.ladder.svg", as_svg, "s"),
        Row("step.ladder.png", as_png, "s"),
    ]


def _peak() -> float:
    """The most memory that this process has had since its program began, in MB (Linux)."""
    said = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
    return int(said) / 1e3


def _send(folder: str, file: str, pipe: Connection) -> None:
    """Another process: name a file in a report, and send it."""
    with Desk.open(Path(folder), PASSPHRASE) as desk:
        channel, start = desk.channel(), time.perf_counter()
        item = channel.items("step")[0].value
        found = files.take(channel.session, item.at.position, Path(file)).file
        steps.report(channel, item, steps.step(item, 1), "Done.", [found])
        files.carry(channel)
        pipe.send((time.perf_counter() - start, _peak()))


def _take(folder: str, target: str, pipe: Connection) -> None:
    """Another process: read the channel, and write the file out."""
    with Desk.open(Path(folder), PASSPHRASE) as desk:
        channel, start = desk.channel(), time.perf_counter()
        channel.sync()
        read = time.perf_counter() - start
        item = channel.items("step")[0].value
        evidence.save(channel, item, evidence.named(channel, item, 1)[0], Path(target))
        pipe.send((read, time.perf_counter() - start - read, _peak()))


def _alone(work: Callable[..., None], *given: str) -> tuple[float, ...]:
    """What a piece of work reports from a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=work, args=(*given, theirs))
    process.start()
    theirs.close()
    told: tuple[float, ...] = ours.recv()
    process.join(20)
    return told


def _copy_rate(source: Path, target: Path) -> float:
    """MB/s of reading a file, hashing it, and writing it durably elsewhere: what neither desk can do without."""
    start, digest = time.perf_counter(), sha256()
    with source.open("rb") as given, target.open("wb") as out:
        while data := given.read(PIECE):
            digest.update(data)
            out.write(data)
        out.flush()
        os.fsync(out.fileno())
    return SIZE / 1e6 / (time.perf_counter() - start)


@bench("step.evidence")
def file() -> list[Row]:
    """A file of 200 MB: hashed, sealed and sent piece by piece through a relay; read, put together, checked, written.
    Each desk in a process of its own; memory is the most that it had, to open its vault included."""
    with two_desks() as (folder, a, b):
        source, target = folder / "file", folder / "out"
        with source.open("wb") as out:
            for _ in range(SIZE // 1_000_000):
                out.write(os.urandom(1_000_000))
        steps.propose(a, steps.plan(a, PLAN))
        a.sync()
        item = a.items("step")[0].value
        steps.pledge(a, item, item.steps)
        for channel in (a, b):
            channel.sync()
            channel.client.close()
        sending, sender = _alone(_send, str(folder / "a"), str(source))
        reading, saving, taker = _alone(_take, str(folder / "b"), str(target))
        assert source.read_bytes() == target.read_bytes()
        limit = _copy_rate(source, folder / "copy")
    size = SIZE / 1e6
    return [
        Row("step.evidence.send", size / sending, "MB/s", "read, hash, write durably", limit),
        Row("step.evidence.take", size / (reading + saving), "MB/s", "read, hash, write durably", limit),
        Row("step.evidence.send.memory", sender, "MB", "the file", size),
        Row("step.evidence.take.memory", taker, "MB", "the file", size),
    ]
