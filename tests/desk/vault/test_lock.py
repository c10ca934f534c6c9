from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from backchannel.desk.vault.lock import DeskLock
from backchannel.errors import VaultError

HOLDER = """
import sys, time
from pathlib import Path
from backchannel.desk.vault.lock import DeskLock
with DeskLock(Path(sys.argv[1])).held():
    print("held", flush=True)
    time.sleep(60)
"""


class Clock:
    """A clock that only sleeping moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_one_holder_at_a_time_and_again_in_one_thread(tmp_path: Path) -> None:
    path, clock = tmp_path / "desk.lock", Clock()
    one, other = DeskLock(path), DeskLock(path, clock=clock, sleep=clock.sleep)
    with one.held():
        with one.held():
            pass
        with pytest.raises(VaultError) as caught, other.held(5.0):
            pass
        assert caught.value.code == "busy"
        assert 105.0 <= clock.now < 105.1
    with other.held(0.0):
        pass
    assert path.stat().st_mode & 0o777 == 0o600


def test_threads_of_one_process_wait_for_each_other(tmp_path: Path) -> None:
    lock, count = DeskLock(tmp_path / "desk.lock"), 0

    def work() -> None:
        nonlocal count
        for _ in range(50):
            with lock.held():
                before = count
                count = before + 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count == 200
    with lock.held():
        refused: list[str] = []

        def ask() -> None:
            with pytest.raises(VaultError) as caught, lock.held(0.05):
                pass
            refused.append(caught.value.code)

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
        assert refused == ["busy"]


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "desk.lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(VaultError), DeskLock(path).held(0.1):
            pass
        holder.send_signal(signal.SIGKILL)
        with DeskLock(path).held(5.0):
            pass


def test_an_error_inside_lets_go(tmp_path: Path) -> None:
    lock = DeskLock(tmp_path / "desk.lock")
    with pytest.raises(ZeroDivisionError), lock.held():
        _ = 1 / 0
    with DeskLock(tmp_path / "desk.lock").held(0.0):
        pass
