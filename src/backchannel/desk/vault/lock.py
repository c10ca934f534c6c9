"""The desk's lock: one process at a time changes a desk. The kernel lets go when its holder dies."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from backchannel.desk.vault.files import FILE_MODE
from backchannel.errors import VaultError

TIMEOUT = 10.0
_STEP = 0.02


class DeskLock:
    """Advisory lock on the file `path` (made when missing, never deleted), between processes and between threads.

    Re-entrant in a thread. `clock()` and `sleep()` are in seconds; the clock is monotonic.
    """

    def __init__(
        self, path: Path, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._path = path
        self._clock = clock
        self._sleep = sleep
        self._threads = threading.RLock()
        self._depth = 0
        self._handle = -1

    @contextmanager
    def held(self, timeout: float = TIMEOUT) -> Iterator[None]:
        """Hold the lock for a block. Raises VaultError `busy` when another keeps it longer than `timeout` seconds."""
        until = self._clock() + timeout
        if not self._threads.acquire(timeout=max(0.0, timeout)):
            raise _busy()
        try:
            if self._depth == 0:
                self._handle = self._take(until)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    os.close(self._handle)  # and with it the lock
                    self._handle = -1
        finally:
            self._threads.release()

    def _take(self, until: float) -> int:
        handle = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, FILE_MODE)
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return handle
                except BlockingIOError:
                    if self._clock() >= until:
                        raise _busy() from None
                self._sleep(_STEP)
        except BaseException:
            os.close(handle)
            raise


def _busy() -> VaultError:
    return VaultError(
        "busy",
        "Another window or command is changing this desk.",
        "Wait until it has finished, or close it, and do this again.",
        "Nothing was changed.",
    )
