"""A relay as a process of its own on this machine, as a host would run it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from backchannel.demo.clock import Clock
from backchannel.errors import Unreachable

_READY = re.compile(r"relay ready on (http://127\.0\.0\.1:(\d+)) ")
_GRACE_SECONDS = 10


class Running(NamedTuple):
    """A relay that listens."""

    url: str
    port: int


class Verdict(NamedTuple):
    """What the host's own check says of a store."""

    ok: bool
    said: str


@contextmanager
def running(store: Path, port: int = 0, clock: Clock | None = None) -> Iterator[Running]:
    """A relay on `store`, listening on the loopback interface for as long as the block lasts; it goes by `clock`."""
    command = [*_relay(store), "--host", "127.0.0.1", "--port", str(port)]
    if clock is not None:
        command = [sys.executable, "-m", "backchannel.demo.host", f"sqlite:{store}", str(port), str(clock.behind)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True) as process:
        if clock is not None:
            clock.tell(lambda: _put_right(process))
        try:
            assert process.stdout is not None  # noqa: S101 - it was asked for
            line = process.stdout.readline()
            found = _READY.search(line)
            if found is None:
                raise Unreachable("relay", f"The relay did not start: {line.strip()}", "Start the demonstration again.")
            yield Running(found[1], int(found[2]))
        finally:
            process.terminate()
            try:
                process.communicate(timeout=_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _put_right(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None  # noqa: S101 - both were asked for
    assert process.stdout is not None  # noqa: S101
    process.stdin.write("now\n")
    process.stdin.flush()
    if not process.stdout.readline():
        raise Unreachable("relay", "The relay has ended before its time.", "Start the demonstration again.")


def verify(store: Path) -> Verdict:
    """Have the store checked by the host's own command, in a process of its own."""
    done = subprocess.run([*_relay(store), "--verify"], capture_output=True, text=True, check=False)
    return Verdict(done.returncode == 0, (done.stdout + done.stderr).strip())


def files(store: Path) -> list[Path]:
    """Everything that the relay keeps on disk: the database, its write-ahead log and index, its lock."""
    return sorted(store.parent.glob(store.name + "*"))


def _relay(store: Path) -> list[str]:
    return [sys.executable, "-m", "backchannel.relay", "--store", f"sqlite:{store}"]
