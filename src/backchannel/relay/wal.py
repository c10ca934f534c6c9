"""Moves the write-ahead log into the database file, in a thread of its own, off the path of commits."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Condition, Thread

MOVE_AFTER = 8 << 20
"""Bytes written after which the log is moved, if nobody has to wait for it."""

RESTART_AFTER = 128 << 20
"""Bytes written without the log ever having been started over, after which commits wait for that."""

_RETRY_SECONDS = 0.5
_BUSY_SECONDS = 2.0


class WalMover:
    """Told what was written; decides when to move it.

    A passive move never makes a commit wait, but cannot start the log over while commits go on. After an
    erasure the log is emptied, or the erased body would stay in it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._news = Condition()
        self._unmoved = 0
        self._scrub = False
        self._closed = False
        self._thread = Thread(target=self._run, name="wal", daemon=True)
        self._thread.start()

    def written(self, count: int, *, scrub: bool = False) -> None:
        """`count` bytes more are in the log; `scrub`: an erased body is among what it holds."""
        with self._news:
            self._unmoved += count
            self._scrub |= scrub
            if self._scrub or self._unmoved >= MOVE_AFTER:
                self._news.notify()

    def close(self) -> None:
        """Stop after the move that is going on; what is left is moved when the file is closed."""
        with self._news:
            self._closed = True
            self._news.notify()
        self._thread.join()

    def _run(self) -> None:
        with closing(
            sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)
        ) as db:
            db.execute("PRAGMA synchronous = FULL")
            written = 0
            while True:
                with self._news:
                    if not (self._closed or self._scrub or self._unmoved >= MOVE_AFTER):
                        self._news.wait()
                    if self._closed:
                        return
                    scrub, count = self._scrub, self._unmoved
                    self._scrub, self._unmoved = False, 0
                written += count
                mode = "TRUNCATE" if scrub else "RESTART" if written >= RESTART_AFTER else "PASSIVE"
                done = self._move(db, mode)
                if mode != "PASSIVE" and done:
                    written = 0
                elif not done and scrub:
                    with self._news:
                        self._scrub = True
                        self._news.wait(_RETRY_SECONDS)

    @staticmethod
    def _move(db: sqlite3.Connection, mode: str) -> bool:
        """Whether the log was moved. A disk that fails here fails at the next commit too, where it is told."""
        try:
            busy, _, _ = db.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except sqlite3.Error:
            return False
        return not busy
