"""The stores: one contract, and the SQLite store against the one in memory as its model."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backchannel.errors import Misuse, RelayRefused
from backchannel.ledger.tree import EMPTY_ROOT, Tree
from backchannel.relay import wal
from backchannel.relay.memory import MemoryStore
from backchannel.relay.schema import migrations, upgrade, version_of
from backchannel.relay.sqlite import SqliteStore, connect
from backchannel.relay.store import Change, Erased, Extended, Founded, Keys, Rotated, Rotation, Store
from tests.relay.host import SEED, frame, leaf_of

NAME = bytes(32)
KEYS = Keys(b"c" * 32, b"k" * 32)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore(SEED) if request.param == "memory" else SqliteStore(tmp_path / "relay.db")
    yield made
    made.close()


def extended(log: int, start: int, numbers: list[int], size: int = 40) -> Extended:
    rows = tuple((leaf_of(n, 7).data(), frame(n, size).body) for n in numbers)
    return Extended(log, start, rows, start + len(rows), bytes([len(numbers)]) * 32, 1000 + start)


def founded(store: Store, name: bytes = NAME) -> int:
    store.commit([Founded(name, KEYS)])
    row = store.log(name)
    assert row is not None
    return row.log


# --- the contract ---------------------------------------------------------------------------------


def test_a_log_that_is_not_there(store: Store) -> None:
    assert store.log(NAME) is None


def test_what_was_committed_is_there(store: Store) -> None:
    log = founded(store)
    row = store.log(NAME)
    assert row is not None
    assert (row.keys, row.size, row.root, row.stored, row.rotations) == (KEYS, 0, EMPTY_ROOT, 0, ())
    store.commit([extended(log, 0, [0, 1, 2]), Erased(log, 1, 2)])
    row = store.log(NAME)
    assert row is not None
    assert (row.size, row.root, row.stored) == (3, bytes([3]) * 32, 1000)
    assert list(store.leaves(log)) == [leaf_of(n, 7).data() for n in range(3)]
    assert [store.record(log, index) for index in range(3)] == [None, 2, None]
    snapshot = store.read(log, 1, 10, 1 << 20)
    assert (snapshot.size, snapshot.start) == (3, 1)
    assert [body for _, body in snapshot.rows] == [None, frame(2).body]


def test_reading_stops_at_the_count_or_past_the_bytes(store: Store) -> None:
    log = founded(store)
    store.commit([extended(log, 0, list(range(6)))])
    assert len(store.read(log, 0, 2, 1 << 20).rows) == 2
    assert len(store.read(log, 0, 6, 41).rows) == 2
    assert len(store.read(log, 0, 6, 1).rows) == 1
    assert store.read(log, 6, 6, 1).rows == ()


def test_rotations_are_kept_in_order(store: Store) -> None:
    log = founded(store)
    keys = [KEYS, *(Keys(bytes([n]) * 32, bytes([n + 9]) * 32) for n in range(2))]
    for n in range(2):
        store.commit([extended(log, n, [n]), Rotated(log, keys[n + 1], Rotation(n + 1, keys[n]))])
    row = store.log(NAME)
    assert row is not None
    assert row.keys == keys[2]
    assert row.rotations == (Rotation(1, keys[0]), Rotation(2, keys[1]))


def test_logs_do_not_mix(store: Store) -> None:
    a, b = founded(store), founded(store, b"b" * 32)
    store.commit([extended(a, 0, [0]), extended(b, 0, [1, 2])])
    assert [store.read(log, 0, 9, 999).size for log in (a, b)] == [1, 2]
    assert list(store.leaves(a)) == [leaf_of(0, 7).data()]


def test_the_seed_stays(store: Store) -> None:
    assert len(store.seed()) == 32
    assert store.seed() == store.seed()
    store.probe()


# --- the model ------------------------------------------------------------------------------------


class Stores(RuleBasedStateMachine):
    """The same changes to both stores; the file is closed and opened again in between."""

    folder: Path

    @initialize()
    def begin(self) -> None:
        self.path = self.folder / f"{id(self)}.db"
        self.path.unlink(missing_ok=True)
        self.sqlite = SqliteStore(self.path)
        self.memory = MemoryStore(self.sqlite.seed())
        self.sizes: dict[bytes, int] = {}
        self.trees: dict[bytes, Tree] = {}
        self.number = 0

    def commit(self, *changes: Change) -> None:
        self.sqlite.commit(changes)
        self.memory.commit(changes)

    def any_log(self, data: st.DataObject) -> tuple[bytes, int]:
        name = data.draw(st.sampled_from(sorted(self.sizes)))
        row = self.memory.log(name)
        assert row is not None
        return name, row.log

    @rule(name=st.binary(min_size=32, max_size=32))
    def found(self, name: bytes) -> None:
        if name not in self.sizes:
            self.commit(Founded(name, KEYS))
            self.sizes[name] = 0

    @precondition(lambda self: self.sizes)
    @rule(data=st.data(), count=st.integers(1, 5), erase=st.booleans(), rotate=st.booleans())
    def extend(self, data: st.DataObject, count: int, erase: bool, rotate: bool) -> None:
        name, log = self.any_log(data)
        start = self.sizes[name]
        numbers = list(range(self.number, self.number + count))
        self.number += count
        changes: list[Change] = [extended(log, start, numbers, data.draw(st.integers(1, 9000)))]
        if erase and start:
            changes.append(Erased(log, data.draw(st.integers(0, start - 1)), start))
        if rotate:
            keys = Keys(self.number.to_bytes(32, "big"), self.number.to_bytes(32, "little"))
            row = self.memory.log(name)
            assert row is not None
            changes.append(Rotated(log, keys, Rotation(start + count, row.keys)))
        self.commit(*changes)
        self.sizes[name] += count

    @rule()
    def reopen(self) -> None:
        self.sqlite.close()
        self.sqlite = SqliteStore(self.path)

    @precondition(lambda self: self.sizes)
    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        name, log = self.any_log(data)
        start = data.draw(st.integers(0, self.sizes[name]))
        span = (start, data.draw(st.integers(1, 9)), data.draw(st.integers(1, 20_000)))
        assert self.sqlite.read(log, *span) == self.memory.read(log, *span)

    @invariant()
    def agree(self) -> None:
        assert self.sqlite.seed() == self.memory.seed()
        for name, size in self.sizes.items():
            row = self.memory.log(name)
            assert row is not None
            assert self.sqlite.log(name) == row
            assert list(self.sqlite.leaves(row.log)) == list(self.memory.leaves(row.log))
            records = [self.memory.record(row.log, index) for index in range(size)]
            assert [self.sqlite.record(row.log, index) for index in range(size)] == records

    def teardown(self) -> None:
        if hasattr(self, "sqlite"):
            self.sqlite.close()


def test_sqlite_does_what_memory_does(tmp_path: Path) -> None:
    machine: Any = type("StoresHere", (Stores,), {"folder": tmp_path})
    run_state_machine_as_test(machine, settings=settings(max_examples=15, stateful_step_count=15, deadline=None))


# --- the file -------------------------------------------------------------------------------------


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "relay.db")
    store.close()
    assert stat.S_IMODE((tmp_path / "relay.db").stat().st_mode) == 0o600


def test_a_second_relay_on_the_file_is_refused(tmp_path: Path) -> None:
    first = SqliteStore(tmp_path / "relay.db")
    with pytest.raises(Misuse, match="Another relay has"):
        SqliteStore(tmp_path / "relay.db")
    first.close()
    SqliteStore(tmp_path / "relay.db").close()


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(Misuse, match="version 99; this program knows versions up to 1"):
        SqliteStore(path)
    with closing(connect(path)) as db:
        assert version_of(db) == 99
    path.unlink()
    SqliteStore(path).close()  # the lock was given back


def test_an_upgrade_copies_the_file_first(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    store = SqliteStore(path)
    founded(store)
    store.close()
    steps = {**migrations(), 2: "CREATE TABLE more (x)", 3: "ALTER TABLE more ADD COLUMN y"}
    with closing(connect(path)) as db:
        upgrade(db, path, steps)
        assert version_of(db) == 3
    for number, before in ((2, 1), (3, 2)):
        with closing(connect(Path(f"{path}.before-{number}"))) as copy:
            assert version_of(copy) == before
            assert copy.execute("SELECT count(*) FROM logs").fetchone() == (1,)
    assert stat.S_IMODE(Path(f"{path}.before-2").stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.part"))


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    SqliteStore(path).close()
    steps = {**migrations(), 2: "CREATE TABLE more (x); CREATE TABLE logs (y)"}
    with closing(connect(path)) as db:
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            upgrade(db, path, steps)
        assert version_of(db) == 1
        assert db.execute("SELECT name FROM sqlite_master WHERE name = 'more'").fetchone() is None
    SqliteStore(path).close()


def test_commits_are_as_durable_as_the_spec_says(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "relay.db")
    ask = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}
    for pragma, value in ask.items():
        assert store._writer.execute(f"PRAGMA {pragma}").fetchone() == (value,)
    store.close()


def test_an_erased_body_is_gone_from_the_files(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    store = SqliteStore(path)
    log = founded(store)
    store.commit([extended(log, 0, [4242], 6000), extended(log, 1, [1])])
    assert any(b"4242:" in file.read_bytes() for file in tmp_path.iterdir())
    store.commit([extended(log, 2, [2]), Erased(log, 0, 2)])

    def gone() -> bool:
        return not any(b"4242:" in file.read_bytes() for file in tmp_path.iterdir())

    wait_until(gone)
    store.close()
    assert gone()


def test_an_erased_body_is_gone_once_its_reader_is(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    store = SqliteStore(path)
    log = founded(store)
    store.commit([extended(log, 0, [4242], 6000)])
    with closing(connect(path, read_only=True)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        store.commit([extended(log, 1, [1]), Erased(log, 0, 1)])
        reader.execute("COMMIT")
    wait_until(lambda: not any(b"4242:" in file.read_bytes() for file in tmp_path.iterdir()))
    store.close()


def test_the_log_is_moved_into_the_file_while_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wal, "MOVE_AFTER", 100_000)
    monkeypatch.setattr(wal, "RESTART_AFTER", 250_000)
    path = tmp_path / "relay.db"
    store = SqliteStore(path)
    log = founded(store)
    for n in range(60):
        store.commit([extended(log, n, [n], 10_000)])
    wait_until(lambda: path.stat().st_size > 400_000)
    assert len(list(store.leaves(log))) == 60
    assert store.read(log, 0, 100, 1 << 30).size == 60
    store.close()


def wait_until(done: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(200):
        if done():
            return
        pause.wait(0.05)
    raise AssertionError("it did not happen within ten seconds")


# --- disks that fail ------------------------------------------------------------------------------


def test_a_full_disk_is_told_and_recovered_from(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "relay.db")
    log = founded(store)
    (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
    store._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(RelayRefused) as caught:
        store.commit([extended(log, 0, [0], 50_000)])
    assert caught.value.code == "full"
    assert str(tmp_path) not in str(caught.value)
    row = store.log(NAME)
    assert row is not None
    assert (row.size, store.read(log, 0, 1, 1).rows) == (0, ())
    store._writer.execute("PRAGMA max_page_count = 1000000")
    store.commit([extended(log, 0, [0], 50_000)])
    assert store.read(log, 0, 1, 1).size == 1
    store.close()


def test_a_file_that_cannot_be_written_is_told_and_read_on(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "relay.db")
    log = founded(store)
    store._writer.execute("PRAGMA query_only = ON")
    with pytest.raises(RelayRefused) as caught:
        store.commit([extended(log, 0, [0])])
    assert caught.value.code == "unavailable"
    with pytest.raises(RelayRefused):
        store.probe()
    assert store.read(log, 0, 1, 1).size == 0
    store._writer.execute("PRAGMA query_only = OFF")
    store.commit([extended(log, 0, [0])])
    store.close()


def test_half_a_group_is_never_kept(store: Store, tmp_path: Path) -> None:
    if isinstance(store, MemoryStore):
        pytest.skip("the store in memory does not fail half-way: its caller checks first")
    log = founded(store)
    with pytest.raises(RelayRefused):
        store.commit([extended(log, 0, [0]), extended(log, 0, [1])])  # the same key twice
    row = store.log(NAME)
    assert row is not None
    assert row.size == 0
    assert list(store.leaves(log)) == []


def test_the_store_in_memory_refuses_a_gap() -> None:
    store = MemoryStore(SEED)
    log = founded(store)
    with pytest.raises(AssertionError, match="do not follow"):
        store.commit([extended(log, 1, [0])])
