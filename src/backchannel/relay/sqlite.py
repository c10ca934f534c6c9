"""The store in one SQLite file (spec/relay.md, 11).

One connection writes, each reading thread has its own, and a third party moves the write-ahead log into the file, so
that this does not happen while somebody waits for a commit.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import local

from backchannel.errors import Misuse
from backchannel.ledger.tree import EMPTY_ROOT
from backchannel.relay.refusals import refuse
from backchannel.relay.schema import upgrade
from backchannel.relay.store import (
    Change,
    Erased,
    Extended,
    Founded,
    Keys,
    LogRow,
    Rotated,
    Rotation,
    Row,
    Snapshot,
)
from backchannel.relay.wal import WalMover

LOG_SHIFT = 32
"""An entry's key is log * 2^32 + index: a log's entries lie together."""

_FULL = frozenset({sqlite3.SQLITE_FULL})
_BUSY_SECONDS = 10.0


class SqliteStore:
    """Logs in the file at `path`, which no other relay may have open meanwhile."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._lock = _lock(self._path)
        try:
            self._writer = self._open_writer()
        except BaseException:
            os.close(self._lock)
            raise
        self._readers = local()
        self._opened: list[sqlite3.Connection] = []
        self._mover = WalMover(self._path)

    def seed(self) -> bytes:
        """See Store."""
        with _disk():
            self._writer.execute("INSERT OR IGNORE INTO relay VALUES ('seed', ?)", (os.urandom(32),))
            row = self._writer.execute("SELECT value FROM relay WHERE key = 'seed'").fetchone()
            return bytes(row[0])

    def log(self, name: bytes) -> LogRow | None:
        """See Store."""
        with _disk(), self._snapshot() as reader:
            row = reader.execute(
                "SELECT log, credential, control, size, root, stored FROM logs WHERE name = ?", (name,)
            ).fetchone()
            if row is None:
                return None
            log, credential, control, size, root, stored = row
            rotations = reader.execute(
                "SELECT bound, credential, control FROM rotations WHERE log = ? ORDER BY bound", (log,)
            )
            old = tuple(Rotation(bound, Keys(a, b)) for bound, a, b in rotations)
            return LogRow(log, Keys(credential, control), size, root, stored, old)

    def leaves(self, log: int) -> Iterator[bytes]:
        """See Store."""
        with _disk():
            span = (log << LOG_SHIFT, (log + 1) << LOG_SHIFT)
            for (leaf,) in self._reader().execute(
                "SELECT leaf FROM entries WHERE key >= ? AND key < ? ORDER BY key", span
            ):
                yield leaf

    def record(self, log: int, index: int) -> int | None:
        """See Store."""
        with _disk():
            row = (
                self._reader()
                .execute("SELECT record FROM entries WHERE key = ?", ((log << LOG_SHIFT) + index,))
                .fetchone()
            )
            return None if row is None else row[0]

    def read(self, log: int, start: int, most: int, most_bytes: int) -> Snapshot:
        """See Store."""
        with _disk(), self._snapshot() as reader:
            (size,) = reader.execute("SELECT size FROM logs WHERE log = ?", (log,)).fetchone()
            first = (log << LOG_SHIFT) + start
            rows: list[Row] = []
            total = 0
            for leaf, body in reader.execute(
                "SELECT leaf, body FROM entries WHERE key >= ? AND key < ? ORDER BY key", (first, first + most)
            ):
                rows.append((leaf, body))
                total += len(body or b"")
                if total >= most_bytes:
                    break
            return Snapshot(size, start, tuple(rows))

    def commit(self, changes: Sequence[Change]) -> None:
        """See Store."""
        with self._transaction() as db:
            for change in changes:
                _apply(db, change)
        moved = sum(len(body) + 512 for c in changes if isinstance(c, Extended) for _, body in c.rows)
        self._mover.written(moved, scrub=any(isinstance(change, Erased) for change in changes))

    def probe(self) -> None:
        """See Store."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO relay VALUES ('probe', randomblob(8))")

    def close(self) -> None:
        """See Store."""
        self._mover.close()
        for db in (*self._opened, self._writer):  # the last one to close empties the write-ahead log
            db.close()
        os.close(self._lock)

    def _open_writer(self) -> sqlite3.Connection:
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        db = connect(self._path)
        upgrade(db, self._path)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # spec/relay.md 4.4
        db.execute("PRAGMA secure_delete = ON")  # spec/relay.md 8
        db.execute("PRAGMA wal_autocheckpoint = 0")
        return db

    def _reader(self) -> sqlite3.Connection:
        if not hasattr(self._readers, "db"):
            self._readers.db = connect(self._path, read_only=True)
            self._opened.append(self._readers.db)
        reader: sqlite3.Connection = self._readers.db
        return reader

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        """What is read inside is of one moment."""
        reader = self._reader()
        reader.execute("BEGIN")
        try:
            yield reader
        finally:
            reader.execute("COMMIT")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _disk():
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode that any one thread at a time may use."""
    mode = "ro" if read_only else "rw"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=_BUSY_SECONDS,
    )


@contextmanager
def _disk() -> Iterator[None]:
    """SQLite's errors as refusals; none of them says where the file is."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise refuse("full" if code in _FULL else "unavailable") from error


def _lock(path: Path) -> int:
    """A lock beside the file, held as long as the process lives."""
    lock = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise Misuse(
            "locked", f"Another relay has {path} open.", "Stop it first, or give this one another store."
        ) from error
    return lock


def _apply(db: sqlite3.Connection, change: Change) -> None:
    match change:
        case Founded(name, keys):
            db.execute(
                "INSERT INTO logs (name, credential, control, size, root, stored) VALUES (?, ?, ?, 0, ?, 0)",
                (name, keys.credential, keys.control, EMPTY_ROOT),
            )
        case Extended(log, start, rows, size, root, stored):
            first = (log << LOG_SHIFT) + start
            db.executemany(
                "INSERT INTO entries (key, leaf, body) VALUES (?, ?, ?)",
                [(first + at, leaf, body) for at, (leaf, body) in enumerate(rows)],
            )
            db.execute("UPDATE logs SET size = ?, root = ?, stored = ? WHERE log = ?", (size, root, stored, log))
        case Erased(log, index, record):
            key = (log << LOG_SHIFT) + index
            db.execute("UPDATE entries SET body = NULL, record = ? WHERE key = ?", (record, key))
        case Rotated(log, keys, Rotation(bound, old)):
            db.execute("INSERT INTO rotations VALUES (?, ?, ?, ?)", (log, bound, old.credential, old.control))
            db.execute(
                "UPDATE logs SET credential = ?, control = ? WHERE log = ?",
                (keys.credential, keys.control, log),
            )
