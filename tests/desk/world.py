"""A world for tests: desks, a clock that days pass on, and a relay in this process that can be told to fail or to lie.

`talks(folder)` is an open channel of three seats. It is made once a process and copied from then on.
"""

from __future__ import annotations

import atexit
import hashlib
import hmac
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from msgspec.structs import replace

from backchannel.channel.charter import Terms
from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.desk.link.client import Info, RelayClient, parse_range
from backchannel.desk.link.dial import Dialer, unreachable
from backchannel.desk.link.lines import Lines
from backchannel.desk.link.patience import Backoff, Deadline, Timeouts
from backchannel.desk.vault import backup
from backchannel.desk.vault.keyfile import KeyFile
from backchannel.errors import BackchannelError, Unreachable
from backchannel.instruments.note import Note
from backchannel.ledger.leaf import arrival_unit
from backchannel.ledger.origin import control_hash, credential_hash
from backchannel.ledger.wire import MOST_RECORDS, Frame, Range, decode_range, encode_range, encode_rows
from backchannel.relay.jobs import Append, Draft, Erase, Found, Job, Rotate
from backchannel.relay.logs import Book, Log, Signer, bound_of
from backchannel.relay.memory import MemoryStore
from backchannel.relay.refusals import refuse
from backchannel.relay.store import Keys
from tests.desk.conftest import CHEAP

PHRASE = "herring in the cellar"
URL = "http://127.0.0.1:9"
NOW = 1_795_000_000.0
DAY = 86_400.0
NAMES = {
    "ana": ("Ana P.", "Argentina", "envoy"),
    "hernan": ("Hernán C.", "Chile", "envoy"),
    "sofia": ("Sofia S.", "Holy See", "intermediary"),
    "dora": ("Dora K.", "Kenya", "observer"),
    "emil": ("Emil N.", "Norway", "expert"),
}
TERMS = Terms("Good offices", "Avoid war.", "envoy", "attributed", 30, "all", "all", "none")


class Clock:
    """Unix seconds, passed on by hand."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def days(self, days: float) -> None:
        self.now += days * DAY


class Dice:
    """Bytes that look random and are the same in every run; no two dice of one process agree."""

    made = 0

    def __init__(self, name: str) -> None:
        Dice.made += 1
        self._seed, self._n = f"{name} {Dice.made}".encode(), 0

    def __call__(self, size: int) -> bytes:
        self._n += 1
        return hashlib.shake_256(self._seed + self._n.to_bytes(8, "big")).digest(size)


class Host:
    """A relay without network, loop or threads: the relay's own jobs on its store in memory."""

    def __init__(self, clock: Callable[[], float], seed: bytes = bytes(range(32))) -> None:
        self.clock, self.seed = clock, seed
        self.store = MemoryStore(seed)
        self.signer = Signer(seed)
        self.most_stored = 1 << 30
        self._book = Book(self.store, 1 << 30)

    def clone(self, clock: Callable[[], float] | None = None) -> Host:
        """Another relay with the same key and the same past."""
        twin = Host(clock or self.clock, self.seed)
        old, new = self.store, twin.store
        new._logs, new._names, new._records = dict(old._logs), dict(old._names), dict(old._records)
        new._rows = {log: list(rows) for log, rows in old._rows.items()}
        return twin

    def become(self, other: Host) -> None:
        """Take over another's past: a rollback, or a fork."""
        twin = other.clone(self.clock)
        self.store, self._book = twin.store, twin._book
        self.signer = Signer(self.seed)

    def do(self, job: Job) -> Any:
        draft = Draft(self._book, self.store, arrival_unit(self.clock()), self.most_stored)
        done = job.run(draft)
        self.store.commit(draft.changes())
        draft.apply()
        return done

    def found(self, name: str, credential: bytes, control: bytes) -> bool:
        return bool(self.do(Found(name, Keys(credential, control))))

    def append(self, name: str, credential: bytes, frames: Sequence[Frame]) -> list[int]:
        self._reach(name, credential, writing=True)
        return list(self.do(Append(name, credential_hash(credential), frames)).indices)

    def erase(self, name: str, credential: bytes, index: int, token: bytes) -> int:
        self._reach(name, credential, writing=True)
        return int(self.do(Erase(name, credential_hash(credential), index, token)))

    def rotate(
        self, name: str, control: bytes, credential: bytes, new_control: bytes, frame: Frame, index: int | None = None
    ) -> int:
        return int(self.do(Rotate(name, control_hash(control), Keys(credential, new_control), frame, index)))

    def read(self, name: str, credential: bytes, start: int, limit: int) -> bytes:
        log, bound = self._reach(name, credential)
        if bound is not None and start >= bound:
            raise refuse("rotated")
        if start > log.tree.size:
            raise refuse("malformed", "The log is not as long as that.")
        most = limit if bound is None else min(limit, bound - start)
        shot = self.store.read(log.log, start, most, 8 << 20)
        head = shot.size if bound is None else bound + 1
        return encode_rows(head, self.signer.note(log, start + len(shot.rows)), start, shot.rows)

    def checkpoint(self, name: str, credential: bytes, size: int | None = None) -> bytes:
        log, bound = self._reach(name, credential)
        most = log.tree.size if bound is None else bound
        return self.signer.note(log, most if size is None else size)

    def log(self, name: str) -> Log:
        log = self._book.load(name)
        if log is None:
            raise refuse("credential")
        return log

    def rows(self, name: str) -> list[tuple[bytes, bytes | None]]:
        """Leaf data and bodies as they stand."""
        return self.store._rows[self.log(name).log]

    def _reach(self, name: str, credential: bytes, *, writing: bool = False) -> tuple[Log, int | None]:
        log = self.log(name)
        bound = bound_of(log.keys, log.rotations, credential_hash(credential), lambda keys: keys.credential)
        if bound == -1:
            raise refuse("credential")
        if writing and bound is not None:
            raise refuse("rotated")
        return log, bound


Before = Callable[[str, tuple[Any, ...]], None]
After = Callable[[str, tuple[Any, ...], Any], Any]


def nothing(op: str, args: tuple[Any, ...]) -> None:
    """Let it pass."""


def the_truth(op: str, args: tuple[Any, ...], result: Any) -> Any:
    """Leave it as it is."""
    return result


class NoStream(Dialer):
    """This relay pushes nothing."""

    def __init__(self) -> None:
        pass

    def tcp(self, deadline: Deadline) -> socket.socket:
        time.sleep(0.05)
        raise unreachable("refused", "Nothing is pushed here.")


class Wire(RelayClient):
    """A desk's client whose other end is a `Host`. `before` may raise; `after` may raise or answer something else."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.backoff = Backoff(first=0.0)
        self.chance = lambda: 0.5
        self.before: Before = nothing
        self.after: After = the_truth
        self.calls: list[str] = []
        self.most = MOST_RECORDS
        self.closed = False
        self.clock, self.timeouts, self.lines, self.dialer = time.monotonic, Timeouts(), Lines(), NoStream()

    def close(self) -> None:
        self.closed = True

    def _call(self, op: str, args: tuple[Any, ...], work: Callable[..., Any]) -> Any:
        self.calls.append(op)
        self.before(op, args)
        return self.after(op, args, work(*args))

    def info(self) -> Info:
        return self._call("info", (), lambda: Info(self.host.signer.public, {}))  # type: ignore[no-any-return]

    def found(self, name: str, credential_hash: bytes, control_hash: bytes, founding_code: bytes | None = None) -> bool:
        return bool(self._call("found", (name, credential_hash, control_hash), self.host.found))

    def append(self, name: str, credential: bytes, frames: Sequence[Frame]) -> list[int]:
        return list(self._call("append", (name, credential, frames), self.host.append))

    def read(self, name: str, credential: bytes, start: int, limit: int = MOST_RECORDS) -> Range:
        raw = self._call("read", (name, credential, start, min(limit, self.most)), self._read)
        return parse_range(raw if isinstance(raw, bytes) else encode_range(raw), start, limit)

    def _read(self, name: str, credential: bytes, start: int, limit: int) -> Range:
        return decode_range(self.host.read(name, credential, start, limit))

    def checkpoint(self, name: str, credential: bytes, size: int | None = None) -> bytes:
        return bytes(self._call("checkpoint", (name, credential, size), self.host.checkpoint))

    def erase(self, name: str, credential: bytes, index: int, token: bytes) -> int:
        return int(self._call("erase", (name, credential, index, token), self.host.erase))

    def rotate(
        self,
        name: str,
        control: bytes,
        credential_hash: bytes,
        control_hash: bytes,
        frame: Frame,
        index: int | None = None,
    ) -> int:
        wanted = (name, control, credential_hash, control_hash, frame, index)
        return int(self._call("rotate", wanted, self.host.rotate))


class WorldDesk(Desk):
    """A desk whose every channel has a `Wire`."""

    def __init__(self, vault: Any, *, host: Host, **options: Any) -> None:
        self.host = host
        self.wires: list[Wire] = []
        self.dial: Callable[[Wire], None] = lambda wire: None
        """Told of every new connection."""
        super().__init__(vault, **options)
        vault.query("PRAGMA synchronous = OFF")  # no test here takes away the power; tests/faults kills real processes

    def _dialled(self, relay: str, isolation: str | None) -> RelayClient:
        wire = Wire(self.host)
        self.wires.append(wire)
        self.dial(wire)
        return wire


@dataclass
class World:
    """Some desks in one folder, one relay, one clock."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    host: Host = field(init=False)
    desks: dict[str, WorldDesk] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.host = Host(self.clock)

    def options(self, name: str) -> dict[str, Any]:
        return {"clock": self.clock, "random": Dice(name), "host": self.host}

    def desk(self, name: str) -> WorldDesk:
        """A new desk."""
        desk = WorldDesk.create(self.folder / name, PHRASE, cost=CHEAP, **self.options(name))
        assert isinstance(desk, WorldDesk)
        self.desks[name] = desk
        return desk

    def start(self, name: str) -> WorldDesk:
        """The desk's program ends, if it runs, and starts."""
        if name in self.desks:
            self.desks.pop(name).close()
        desk = WorldDesk.open(self.folder / name, PHRASE, **self.options(name))
        assert isinstance(desk, WorldDesk)
        self.desks[name] = desk
        return desk

    def open(self, name: str) -> Channel:
        """The same; its one channel."""
        return self.start(name).channel()

    def twin(self, name: str) -> Channel:
        """A second program on the same desk."""
        desk = WorldDesk.open(self.folder / name, PHRASE, **self.options(name))
        self.desks[f"{name} {len(self.desks)}"] = desk  # type: ignore[assignment]
        return desk.channel()

    def backup(self, name: str) -> Path:
        target = self.folder / f"{name}.backup-{len(list(self.folder.iterdir()))}"
        with cheap_backups():
            self.desks[name].backup(target, PHRASE)
        return target

    def restore(self, source: Path, name: str) -> Channel:
        """A new desk `name` from a backup."""
        with cheap_backups():
            desk = WorldDesk.restore(source, self.folder / name, PHRASE, **self.options(name))
        assert isinstance(desk, WorldDesk)
        self.desks[name] = desk
        return desk.channel()

    def __getitem__(self, name: str) -> Channel:
        return self.desks[name].channel()

    def sync(self, *names: str) -> None:
        for name in names or tuple(self.desks):
            self[name].sync()

    def settle(self, *names: str) -> None:
        """Everybody syncs until everybody has read everything."""
        for _ in range(16):
            before = [self[name].size for name in names or self.desks]
            self.sync(*names)
            if before == [self[name].size for name in names or self.desks]:
                return
        raise AssertionError("it does not come to rest")

    @property
    def name(self) -> str:
        """The log's name."""
        return next(iter(self.desks.values())).channel().name

    def close(self) -> None:
        for desk in self.desks.values():
            desk.close()
        self.desks.clear()


def wire(channel: Channel) -> Wire:
    """The channel's connection."""
    assert isinstance(channel.client, Wire)
    return channel.client


def found(world: World, *names: str) -> dict[str, str]:
    """The first of `names` founds, invites the others; their codes."""
    first, *others = names
    name, party, role = NAMES[first]
    made = world.desk(first).found(URL, title=TERMS.title, purpose=TERMS.purpose, name=name, party=party, role=role)
    invites = {other: made.invite(*NAMES[other]) for other in others}
    made.sync()
    return {other: made.code(invite) for other, invite in invites.items()}


def charter(world: World, *names: str, days: int = 30, **terms: Any) -> None:
    """The first of `names` proposes, all sign."""
    first, *others = names
    world[first].sync()
    world[first].propose_charter(replace(TERMS, retention_days=days, **terms))
    world[first].sync()
    for other in others:
        world[other].sync()
        world[other].sign_charter(world[other].state.charter)
    world.settle(*names)


def make(folder: Path, *names: str, host: Callable[[Clock], Host] = Host, **terms: Any) -> World:
    """An open channel, made step by step."""
    world = World(folder)
    world.host = host(world.clock)
    codes = found(world, *names)
    for name, code in codes.items():
        world.desk(name).join(code)
    charter(world, *names, **terms)
    return world


_STOCK: dict[tuple[Any, ...], tuple[Path, tuple[str, ...], Host, float]] = {}


@contextmanager
def talks(
    folder: Path,
    names: Sequence[str] = ("ana", "hernan", "sofia"),
    then: Callable[[World], object] | None = None,
    **terms: Any,
) -> Iterator[World]:
    """An open channel of these seats under these terms, from stock; `then`: what has happened in it, a function's."""
    key = (*names, *sorted(terms.items()), then)
    if key not in _STOCK:
        shelf = Path(tempfile.mkdtemp(prefix="backchannel-"))
        atexit.register(shutil.rmtree, shelf, ignore_errors=True)
        made = make(shelf, *names, **terms)
        if then is not None:
            then(made)
            made.settle()
        there = tuple(made.desks)
        made.close()
        _STOCK[key] = (shelf, there, made.host, made.clock.now)
    shelf, there, host, now = _STOCK[key]
    world = World(folder, Clock(now))
    world.host.become(host)
    for name in there:
        shutil.copytree(shelf / name, folder / name)
        world.open(name)
    try:
        yield world
    finally:
        world.close()


@contextmanager
def cheap_backups() -> Iterator[None]:
    """Backups whose passphrase is stretched little."""
    defaults: list[dict[str, Any]] = [f.__kwdefaults__ or {} for f in (backup.backup, backup.restore)]
    kept = [dict(d) for d in defaults]
    for d in defaults:
        d["cost"] = CHEAP
    try:
        yield
    finally:
        for d, before in zip(defaults, kept, strict=True):
            d.update(before)


# --- what desks know -------------------------------------------------------------------------------


def notes(channel: Channel) -> list[Note]:
    return [item.value for item in channel.items("note")]


def texts(channel: Channel) -> list[str]:
    return [note.text for note in notes(channel)]


def alarms(channel: Channel) -> list[str]:
    return [code for code, _, _ in channel.session.book.alarms()]


def returned(channel: Channel) -> list[str]:
    """Why the log would not take what it would not take."""
    return [row.why for row in channel.session.book.outbox.returned()]


def waiting(channel: Channel) -> int:
    return len(channel.session.book.outbox.waiting())


def picture(channel: Channel) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the desk but alarms: what a lie must not change."""
    vault = channel.session.vault
    tables = [r[0] for r in vault.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%STRICT%'")]
    rows = {t: vault.query(f"SELECT * FROM {t} ORDER BY 1, 2") for t in tables if t != "alarm"}  # noqa: S608
    names = [row[1] for row in vault.query("PRAGMA table_info(channel)")]
    at = names.index("head")  # what the relay claims, not what we know
    rows["channel"] = [(*row[:at], *row[at + 1 :]) for row in rows["channel"]]
    return rows


def agree(world: World, *names: str) -> None:
    """All desks hold the same log and the same roster."""
    seen = {(world[n].size, world[n].compare_words(world[n].size)) for n in names or world.desks}
    assert len(seen) == 1, seen
    states = [world[n].state for n in names or world.desks]
    assert all(state == states[0] for state in states)


def same(one: bytes, other: bytes) -> bool:
    return hmac.compare_digest(one, other)


def offline(*channels: Channel) -> None:
    """The relay does not answer these desks."""

    def before(op: str, args: tuple[Any, ...]) -> None:
        raise Unreachable("refused", "The relay does not answer.")

    for channel in channels:
        wire(channel).before = before


def online(*channels: Channel) -> None:
    """The relay answers these desks, and tells the truth."""
    for channel in channels:
        wire(channel).before, wire(channel).after = nothing, the_truth


def remove(world: World, who: str, *by: str) -> None:
    """These seats, all parties that remain among them, remove `who`; the last of them rotates."""
    seat = world[who].me
    for name in by:
        world[name].sync()
        world[name].remove(seat, "It is over.")
        world[name].sync()


def pages(channel: Channel) -> bytes:
    """Every page of the vault's files decrypted, those in no table too (SQLCipher 4), and of the write-ahead log."""
    folder = channel.session.vault.folder
    keys = KeyFile.read(folder / "vault.key").unlock(PHRASE)
    assert keys is not None
    plain = []
    for name, at, frame in (("vault.db", 0, 0), ("vault.db-wal", 32, 24)):
        content = (folder / name).read_bytes() if (folder / name).exists() else b""
        for start in range(at, len(content), frame + 4096):
            page = content[start + frame : start + frame + 4096]
            first = 16 if start == 0 and not frame else 0  # the database's salt
            opened = Cipher(AES(keys.database), CBC(page[-80:-64])).decryptor()
            plain.append(opened.update(page[first:-80]) + opened.finalize())
    return b"".join(plain)


def once(op: str, error: BackchannelError, *, done: bool = False) -> Callable[[Wire], None]:
    """Make a wire fail at the next `op`: before it is done, or after."""

    def arm(line: Wire) -> None:
        left = [error]

        def before(now: str, args: tuple[Any, ...]) -> None:
            if now == op and left and not done:
                raise left.pop()

        def after(now: str, args: tuple[Any, ...], result: Any) -> Any:
            if now == op and left:
                raise left.pop()
            return result

        line.before, line.after = before, after

    return arm
