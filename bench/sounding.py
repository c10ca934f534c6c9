"""Soundings: what one party computes, beside the bare group operations; memory; from the last ballot to the result."""

from __future__ import annotations

import functools
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import nacl.bindings as sodium

from backchannel.channel.charter import Terms
from backchannel.channel.state import DAY, At, Seat, State
from backchannel.desk import soundings
from backchannel.desk.desk import Desk
from backchannel.entry.codec import Value, decode, encode
from backchannel.instruments.base import Me, Spoken
from backchannel.instruments.sounding import rounds
from backchannel.instruments.sounding.rules import SOUNDING
from backchannel.instruments.sounding.values import Open
from backchannel.seal.keys import Keys
from bench import Row, bench
from bench.peers_mpyc import mpyc_unanimity
from tests.relay.host import FAST, running

CHANNEL = bytes(32)
REPEATS = 5
PASSPHRASE = "a passphrase for benchmarks only"
RUNS = 3


# --- one party's whole computation -----------------------------------------------------------------


@dataclass(frozen=True)
class Size:
    """A sounding of n voters and a releaser, K options; quorum 0 is unanimity. Reveal `all`."""

    n: int
    k: int
    quorum: int = 0

    @property
    def tests(self) -> int:
        """How many sums are blinded and opened."""
        return self.k * (self.n - self.quorum + 1 if self.quorum else 1)

    def answer(self, voter: int) -> tuple[bool, ...]:
        """Everyone accepts two of three; who refuses which differs, and every ninth option is all's."""
        return tuple((option + voter) % 3 != 0 or option % 9 == 0 for option in range(self.k))


class Party:
    """One voter's desk among others: everything that it folds and owes is timed, what the others do is not."""

    def __init__(self, size: Size) -> None:
        seats = sorted(os.urandom(16) for _ in range(size.n + 1))
        self.voters, self.releaser = tuple(seats[1:]), seats[0]
        self.me, self.part = self.voters[0], tuple(seats)
        keys, start = Keys(bytes(32), bytes(1952), bytes(32)), At(0, 0)
        members = (Seat(seat, keys, "A", "P", "envoy", "active", True, 0, (), None, start) for seat in seats)
        self.state = State(CHANNEL, "open", 1, seats=tuple(members))
        self.size, self.position = size, 0
        self.item: Any = None
        self.pockets = dict.fromkeys(seats, b"")
        self.taken, self.cpu, self.own = 0.0, 0.0, 0.0

    def run(self) -> None:
        """From the question to the result."""
        options = tuple(f"Option {number}" for number in range(self.size.k))
        rule = "quorum" if self.size.quorum else "all"
        terms = Open("?", options, rule, (), self.size.quorum, "all", self.voters, self.releaser, DAY, 2 * DAY)
        self.hear(self.releaser, "sounding.open", encode(terms), self.part)
        asked = False
        while True:
            posts = [post for seat in self.part for post in self.owed(seat)]
            if not posts and asked:
                assert self.item.state == "closed", self.item.state
                return
            if not posts:
                asked = True
                for number, seat in enumerate(self.voters):
                    self.pockets[seat] = rounds.with_answer(self.pockets[seat], self.size.answer(number))
            for post in posts:
                self.hear(*post)

    def owed(self, seat: bytes) -> list[tuple[bytes, str, bytes, tuple[bytes, ...]]]:
        """What a seat's desk posts now."""
        start, cpu = time.perf_counter(), time.process_time()
        due = rounds.owed(self.item, Me(seat, self.pockets[seat], os.urandom, At(self.position, 1), 1, self.state))
        posts = [(seat, one.kind, encode(one.body), one.audience) for one in due.says]
        if seat == self.me:
            self.taken += time.perf_counter() - start
            self.cpu += time.process_time() - cpu
        self.pockets[seat] = due.pocket
        return posts

    def hear(self, seat: bytes, kind: str, body: bytes, audience: tuple[bytes, ...]) -> None:
        """An entry, decoded and folded."""
        start, cpu = time.perf_counter(), time.process_time()
        act: Value = decode(body, SOUNDING.kinds[kind].body)
        at = At(self.position, 1 if self.position else 0)
        entry = self.position.to_bytes(32, "big")
        self.item = SOUNDING.fold(self.item, Spoken(at, entry, seat, audience, kind, act, self.state))
        taken = time.perf_counter() - start
        self.position += 1
        self.taken += taken
        self.cpu += time.process_time() - cpu
        self.own += taken * (seat == self.me)


# --- the limit: the group operations that spec/sounding.md demands, bare ----------------------------


def needed(size: Size) -> Counter[str]:
    """How often one voter must multiply, multiply the base point, and add, to do its part and to check the others'.

    libsodium checks a point where it multiplies it, and every point that comes from others is multiplied.
    """
    n, k, z = size.n, size.k, size.tests
    yes = sum(size.answer(0))
    key = Counter(base=2)
    keys = Counter(base=n, mul=n, add=n + n)
    if size.quorum:
        ballot = Counter(base=3 * k, mul=5 * k, add=2 * k + k)
        ballots = Counter(base=2 * k, mul=6 * k, add=5 * k)
        sums = Counter(add=2 * k * (n - 1) + z, base=z // k)
    else:
        ballot = Counter(base=2 * k - yes + 2, mul=yes + 1, add=1)
        ballots = Counter(base=2, mul=2 * k + 1, add=2 * (k - 1) + 3)
        sums = Counter(add=2 * k * (n - 1))
    blind, blinds = Counter(mul=4 * z), Counter(mul=4 * z, add=2 * z)
    share, shares = Counter(mul=2 * z + 2, add=z - 1, base=1), Counter(base=1, mul=2 * z + 3, add=2 * (z - 1) + 2)
    result = Counter(add=2 * z * (n - 1) + z * n)
    times: list[tuple[int, Counter[str]]] = [
        *((1, part) for part in (key, keys, ballot, sums, blind, share, result)),
        *((n - 1, part) for part in (ballots, blinds)),
        (n, shares),
    ]
    return sum((Counter({name: count * many for name, count in part.items()}) for many, part in times), Counter())


class Bare(NamedTuple):
    """Seconds, and seconds of processor time."""

    seconds: float
    cpu: float


def bare(counts: Counter[str]) -> Bare:
    """So many operations and nothing else, divided among two threads."""
    scalars = [sodium.crypto_core_ed25519_scalar_reduce(os.urandom(64)) for _ in range(64)]
    points = [sodium.crypto_scalarmult_ed25519_base_noclamp(scalar) for scalar in scalars]
    work: dict[str, Callable[[int], object]] = {
        "mul": lambda j: sodium.crypto_scalarmult_ed25519_noclamp(scalars[j], points[-j]),
        "base": lambda j: sodium.crypto_scalarmult_ed25519_base_noclamp(scalars[j]),
        "add": lambda j: sodium.crypto_core_ed25519_add(points[j], points[-j]),
    }

    def half(_: int) -> None:
        for name, count in counts.items():
            do = work[name]
            for number in range(count // 2):
                do(number & 63)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(half, range(2)))
        start, cpu = time.perf_counter(), time.process_time()
        list(pool.map(half, range(2)))
        return Bare(time.perf_counter() - start, time.process_time() - cpu)


# --- the rows --------------------------------------------------------------------------------------


class Taken(NamedTuple):
    """Seconds, medians of a few runs, each beside the bare operations at once after it: the machine has other work too.

    `ratio` and `cpu` are medians of each run's ratio to the bare operations, in time and in processor time; `others`
    is the ratio without the checks of the party's own messages, which its desk makes as it makes all, but need not.
    """

    real: float
    bare: float
    ratio: float
    cpu: float
    others: float


SIZES = {"n5.k100": Size(5, 100), "n10.k100": Size(10, 100), "quorum.n5.k100": Size(5, 100, 3)}


@functools.cache
def taken(size: Size) -> Taken:
    """One party's whole computation, and its limit."""
    parties, limits = [], []
    for _ in range(REPEATS):
        party = Party(size)
        party.run()
        parties.append(party)
        limits.append(bare(needed(size)))
    both = list(zip(parties, limits, strict=True))
    return Taken(
        statistics.median(party.taken for party in parties),
        statistics.median(limit.seconds for limit in limits),
        statistics.median(party.taken / limit.seconds for party, limit in both),
        statistics.median(party.cpu / limit.cpu for party, limit in both),
        statistics.median((party.taken - party.own) / limit.seconds for party, limit in both),
    )


def compute(name: str, peer: tuple[str, float | None] = ("", None)) -> list[Row]:
    """The rows of one size; the load says how far to trust them on a machine that is not idle."""
    figures = taken(SIZES[name])
    load = f"bare group operations, 2 threads (load {os.getloadavg()[0]:.1f})"
    return [Row(f"sounding.compute.{name}", figures.real, "s", load, figures.bare, *peer)]


@bench("sounding.compute.n5.k100")
def compute_n5() -> list[Row]:
    """One voter of 5, 100 options, unanimity: all that its desk computes, from its key to the result."""
    return compute("n5.k100", mpyc_unanimity())


@bench("sounding.compute.n10.k100")
def compute_n10() -> list[Row]:
    """The same among 10."""
    return compute("n10.k100")


@bench("sounding.compute.quorum.n5.k100")
def compute_quorum() -> list[Row]:
    """The same among 5, three or more of whom must accept: three sums for each option are tested."""
    return compute("quorum.n5.k100")


@bench("sounding.limit_ratio")
def limit_ratio() -> list[Row]:
    """The slowest of the three against its limit. `.cpu`: in processor time, which others' work does not lengthen."""
    figures = [taken(size) for size in SIZES.values()]
    return [
        Row("sounding.limit_ratio", max(f.ratio for f in figures), "x", "at most", 1.3),
        Row("sounding.limit_ratio.cpu", max(f.cpu for f in figures), "x", "at most", 1.3),
        Row("sounding.limit_ratio.others_only", max(f.others for f in figures), "x"),
    ]


def _peak_kib() -> int:
    """The most memory this process has had. Not `ru_maxrss`, which a new process inherits from whoever started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def _peak(pipe: Connection, size: Size) -> None:
    """Another process: one sounding."""
    before = _peak_kib()
    Party(size).run()
    pipe.send((before / 1024, _peak_kib() / 1024))


@bench("sounding.memory.k1000")
def memory() -> list[Row]:
    """The most memory of a process that runs a sounding of 5 voters and 1,000 options, and posts for all of them."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_peak, args=(theirs, Size(5, 1000)))
    process.start()
    before, most = ours.recv()
    process.join(30)
    return [Row("sounding.memory.k1000", most, "MB", "the same process before", before)]


# --- real desks ------------------------------------------------------------------------------------


@contextmanager
def channel_of(names: list[str]) -> Iterator[list[Path]]:
    """A channel on a real relay process: the vaults of its seats, closed; the first one is the founder's."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        relay = stack.enter_context(running(folder / "relay.db", *FAST, f"--log-bytes={10**10}"))
        with ExitStack() as open_desks:
            desks = [open_desks.enter_context(Desk.create(folder / seat, PASSPHRASE)) for seat in names]
            first = desks[0].found(
                relay.url, title="Bench", purpose="To measure.", name=names[0], party=names[0], role="envoy"
            )
            invitations = [first.invite(seat, seat, "envoy") for seat in names[1:]]
            first.sync()
            codes = [first.code(invitation) for invitation in invitations]
            channels = [first, *(desk.join(code) for desk, code in zip(desks[1:], codes, strict=True))]
            first.sync()
            first.propose_charter(Terms("Bench", "To measure.", "envoy", "attributed", 30, "all", "all", "none"))
            for channel in channels[1:]:
                channel.sync()
                channel.sign_charter(channel.state.charter)
            for _ in range(2):
                for channel in channels:
                    channel.sync()
        yield [folder / seat for seat in names]


def _online(folder: Path, pipe: Connection) -> None:
    """Another process: a desk that watches; it asks and answers when told, and tells each change and when it was."""
    with Desk.open(folder, PASSPHRASE) as desk:
        channel, stop = desk.channel(), threading.Event()

        def obey() -> None:
            while (told := pipe.recv()) is not None:
                if told[0] == "ask":
                    voters = [seat.id for seat in channel.state.active if seat.id != channel.me]
                    soundings.ask(channel, "?", told[1], voters, reveal="first")
                else:
                    soundings.answer(channel, channel.items("sounding")[-1].value, told[1], again=True)
            stop.set()

        threading.Thread(target=obey, daemon=True).start()
        last: Any = None
        for _ in channel.watch(stop):
            now, held = time.time(), channel.items("sounding")
            item = held[-1].value if held else None
            seen = ("online", 0) if item is None else (item.state, len(item.answered))
            if seen != last:
                last = seen
                pipe.send((seen[0], now, seen[1], item and len(item.results)))


class Desks:
    """Processes that run desks; the first asks and releases."""

    def __init__(self, folders: list[Path]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipes: list[Connection] = []
        self.processes = []
        for folder in folders:
            ours, theirs = context.Pipe()
            process = context.Process(target=_online, args=(folder, theirs), daemon=True)
            process.start()
            self.pipes.append(ours)
            self.processes.append(process)
        self.until(lambda state, answered: state == "online")

    def until(self, reached: Callable[[str, int], bool]) -> list[tuple[float, int]]:
        """Wait until every desk has told this; when each came to it, and how many results it had."""
        found: dict[int, tuple[float, int]] = {}
        for number, pipe in enumerate(self.pipes):
            while number not in found:
                assert pipe.poll(60), "a desk says nothing"
                state, when, answered, results = pipe.recv()
                if reached(state, answered):
                    found[number] = (when, results)
        return list(found.values())

    def sounded(self, options: list[str], yes: list[list[int]]) -> tuple[float, int]:
        """Seconds from the last voter's answer until every desk has the result; and how many options met the rule."""
        self.pipes[0].send(("ask", options))
        self.until(lambda state, answered: state == "ballots")
        for number, (pipe, chosen) in enumerate(zip(self.pipes[1:], yes, strict=True), 1):
            start = time.time()
            pipe.send(("answer", chosen))
            if number < len(yes):
                self.until(lambda state, answered, number=number: answered == number)  # type: ignore[misc]
        ends = self.until(lambda state, answered: state == "closed")
        return max(when for when, _ in ends) - start, ends[0][1]

    def over(self) -> None:
        """Stop them."""
        for pipe in self.pipes:
            pipe.send(None)
        for process in self.processes:
            process.join(30)


@bench("sounding.round_trip")
def round_trip() -> list[Row]:
    """3 voters, a releaser, 20 options, the first only: from the last answer until all four desks have the result."""
    one, none = list[float](), list[float]()
    with channel_of(["Rae", "Ana", "Ben", "Cem"]) as folders:
        desks = Desks(folders)
        for run in range(RUNS):
            for taken_, common in ((one, True), (none, False)):
                options = [f"Option {run}.{common}.{number}" for number in range(20)]
                yes = [[k for k in range(20) if k % 3 != voter or (common and k == 7)] for voter in range(3)]
                seconds, found = desks.sounded(options, yes)
                assert found == common
                taken_.append(seconds)
        desks.over()
    return [
        Row("sounding.round_trip", statistics.median(one), "s", "at most", 2.0),
        Row("sounding.round_trip.none", statistics.median(none), "s"),
    ]
