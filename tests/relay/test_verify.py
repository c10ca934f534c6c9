"""`relay verify` sees every byte that was altered in the file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from backchannel.errors import Misuse
from backchannel.ledger.leaf import NO_ERASE, EraseRecord, Leaf, arrival_unit
from backchannel.relay import verify
from backchannel.relay.sqlite import SqliteStore
from backchannel.relay.verify import verify_store
from tests.relay.host import NOW, Host, frame, leaf_of, token, with_host


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a relay that ran and was stopped: two logs, one erasure, one rotation."""
    file = tmp_path / "relay.db"
    store = SqliteStore(file)

    async def test(host: Host) -> None:
        for number in range(2):
            channel = await host.founded(number)
            await host.client.post(**channel.append(frame(n) for n in range(5)))
            await host.client.post(**channel.erasure(2, token(2)))
            await host.client.post(**channel.rotation(channel.rotated(1), frame(9)))

    with_host(test, store)
    store.close()
    return file


def test_a_sound_file_is_ok(path: Path) -> None:
    told: list[int] = []
    report = verify_store(f"sqlite:{path}", told.append)
    assert (report.ok, report.logs, report.entries, report.problems) == (True, 2, 14, ())


def test_progress_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "PROGRESS_EVERY", 5)
    told: list[int] = []
    verify_store(f"sqlite:{path}", told.append)
    assert told == [5, 10]


def test_a_file_in_use_can_be_verified(path: Path) -> None:
    store = SqliteStore(path)
    assert verify_store(f"sqlite:{path}").ok
    store.close()


FIRST = 1 << 32


def sql(statement: str, *values: object) -> Callable[[sqlite3.Connection], None]:
    def change(db: sqlite3.Connection) -> None:
        db.execute(statement, values)

    return change


def flip(column: str, at: int, index: int = 1) -> Callable[[sqlite3.Connection], None]:
    """One bit of one byte of a leaf or body, or of the stored root."""

    def change(db: sqlite3.Connection) -> None:
        table, key = ("logs", "log = 1") if column == "root" else ("entries", f"key = {FIRST + index}")
        (raw,) = db.execute(f"SELECT {column} FROM {table} WHERE {key}").fetchone()  # noqa: S608
        changed = bytearray(raw)
        changed[at] ^= 1
        db.execute(f"UPDATE {table} SET {column} = ? WHERE {key}", (bytes(changed),))  # noqa: S608

    return change


def replaced(index: int, data: bytes, body: bytes) -> Callable[[sqlite3.Connection], None]:
    return sql("UPDATE entries SET leaf = ?, body = ? WHERE key = ?", data, body, FIRST + index)


def forged(record: EraseRecord) -> Callable[[sqlite3.Connection], None]:
    """Another erase record in the place of the true one (index 5)."""
    body = record.encode()
    return replaced(5, record_leaf(body), body)


def record_leaf(body: bytes) -> bytes:
    return Leaf(sha256(body).digest(), arrival_unit(NOW), len(body), NO_ERASE).data()


ALTERED: dict[str, tuple[Callable[[sqlite3.Connection], None], str]] = {
    "body": (flip("body", 0), "the body is not the one of the leaf's id"),
    "body cut off": (sql("UPDATE entries SET body = x'00' WHERE key = ?", FIRST), "has not the leaf's length"),
    "id in a leaf": (flip("leaf", 0), "the root is not the one"),
    "arrival in a leaf": (flip("leaf", 32), "the root is not the one"),
    "arrival that falls": (flip("leaf", 35), "it arrived before the entry ahead of it"),
    "length in a leaf": (flip("leaf", 43), "has not the leaf's length"),
    "commitment in a leaf": (flip("leaf", 75), "the root is not the one"),
    "leaf cut off": (sql("UPDATE entries SET leaf = x'00' WHERE key = ?", FIRST), "has not 76 bytes"),
    "root": (flip("root", 31), "the root is not the one that was committed"),
    "last entry deleted": (sql("DELETE FROM entries WHERE key = ?", FIRST + 6), "7 were committed"),
    "entry deleted": (sql("DELETE FROM entries WHERE key = ?", FIRST + 1), "entry 1 is missing"),
    "entry twice": (replaced(1, leaf_of(0, 5_983_333).data(), frame(0).body), "the same id stands earlier"),
    "entry of no log": (sql("INSERT INTO entries VALUES (?, x'00', NULL, NULL)", 9 << 32), "belong to no log"),
    "body withheld": (
        sql("UPDATE entries SET body = NULL WHERE key = ?", FIRST + 1),
        "entry 1: erased without a valid erase record",
    ),
    "body withheld with a record that is none": (
        sql("UPDATE entries SET body = NULL, record = 3 WHERE key = ?", FIRST + 1),
        "entry 1: erased without a valid erase record",
    ),
    "erase record erased": (
        sql("UPDATE entries SET body = NULL WHERE key = ?", FIRST + 5),
        "an erase record was erased",
    ),
    "erase record with a wrong token": (forged(EraseRecord(2, bytes(32))), "the erase record is not valid"),
    "erase record for what is to come": (forged(EraseRecord(6, token(9))), "the erase record is not valid"),
    "erase record that is none": (
        replaced(5, record_leaf(b"x"), b"x"),
        "neither an entry nor an erase record",
    ),
    "body kept in spite of a record": (
        sql("UPDATE entries SET body = ?, record = NULL WHERE key = ?", frame(2).body, FIRST + 2),
        "has an erase record, but its body is there",
    ),
}


@pytest.mark.parametrize(("change", "problem"), ALTERED.values(), ids=ALTERED)
def test_whatever_was_altered_is_found(path: Path, change: Callable[[sqlite3.Connection], None], problem: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        change(db)
        db.commit()
    report = verify_store(f"sqlite:{path}")
    assert not report.ok
    assert any(problem in line for line in report.problems), report.problems


def test_a_damaged_file_is_a_problem_and_no_crash(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[4096 * 2 : 4096 * 6] = b"\xa5" * 4096 * 4
    path.write_bytes(raw)
    assert not verify_store(f"sqlite:{path}").ok


def test_problems_are_told_up_to_a_number(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "MOST_PROBLEMS", 3)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE entries SET body = x'00' WHERE body IS NOT NULL")
        db.commit()
    assert len(verify_store(f"sqlite:{path}").problems) == 3


@pytest.mark.parametrize("url", ["sqlite:/nowhere/at/all.db", "memory:", "nats:x"])
def test_what_is_no_store_is_our_mistake(url: str) -> None:
    with pytest.raises(Misuse, match="no store"):
        verify_store(url)


def test_another_version_is_our_mistake(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(Misuse, match="version 99"):
        verify_store(f"sqlite:{path}")


@pytest.mark.parametrize("sound", [True, False])
def test_the_exit_code_says_it(path: Path, sound: bool) -> None:
    if not sound:
        with closing(sqlite3.connect(path)) as db:
            flip("body", 0)(db)
            db.commit()
    command = [sys.executable, "-m", "backchannel.relay", "--verify", "--store", f"sqlite:{path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == (0 if sound else 1)
    assert done.stdout.endswith("2 logs, 14 entries: ok\n" if sound else "2 logs, 14 entries: NOT ok\n")
