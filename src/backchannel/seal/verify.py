"""Many signatures at once, beside other work: libsodium runs without the interpreter's lock."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from backchannel.seal.chain import Check

WORTHWHILE = 64
"""From this many on, checking beside other work is faster than one by one."""

_THREADS = 2
_pool: list[ThreadPoolExecutor] = []


class Checking:
    """Signatures verified while their entries are folded and written. Nothing may be kept before `hold` answers."""

    def __init__(self) -> None:
        self._checks: list[Check] = []
        self._running: list[Future[bool]] = []

    def add(self, check: Check) -> None:
        """One more signature."""
        self._checks.append(check)

    def begin(self) -> None:
        """Start verifying. Not before all are there: threads that wait for the interpreter slow down whoever has it."""
        if not _pool:
            _pool.append(ThreadPoolExecutor(_THREADS, thread_name_prefix="verify"))
        self._running = [_pool[0].submit(_hold, self._checks[k::_THREADS]) for k in range(_THREADS)]

    def hold(self) -> bool:
        """Whether every signature holds; waits for those still being verified."""
        return all(portion.result() for portion in self._running)


def _hold(checks: list[Check]) -> bool:
    return all(check.holds() for check in checks)
