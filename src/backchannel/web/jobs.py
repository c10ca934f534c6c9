"""Long work that the desk does beside its pages: how far it is, and what came of it. Locking the desk ends it."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from starlette.responses import StreamingResponse

from backchannel.errors import BackchannelError, Misuse

Progress = Callable[[int, int], None]
TELL_SECONDS = 0.4
"""So often at most pages are told how far it is."""
_PIECE = 1 << 16


class Closing(Protocol):
    """What holds something that must not outlive the open desk."""

    def close(self) -> None:
        """Let go of it."""


class Stopped(Exception):
    """The desk is being locked."""


class Job:
    """One piece of work. `state`: running, failed (`problem` says why) or done (`result`)."""

    def __init__(self) -> None:
        self.state = "running"
        self.done, self.total = 0, 0
        self.result: Any = None
        self.problem: BackchannelError | None = None

    def __repr__(self) -> str:
        return f"<Job {self.state}>"


class Jobs:
    """The work of one open desk, by name. `changed`: whom to tell that something is new."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._jobs: dict[str, Job] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._stop = threading.Event()
        self._turn = threading.Lock()

    def start(self, name: str, work: Callable[[Progress], Any]) -> None:
        """Begin it, unless it is under way; what it brought before is let go of."""
        with self._turn:
            found = self._jobs.get(name)
            if found is not None and found.state == "running":
                return
            _close(found)
            job = self._jobs[name] = Job()
            thread = threading.Thread(target=self._run, args=(job, work, self._stop), daemon=True)
            self._threads[name] = thread
            thread.start()

    def get(self, name: str) -> Job | None:
        """That work, if it was begun since the desk is open."""
        return self._jobs.get(name)

    def forget(self, name: str) -> None:
        """Let go of what it brought. Work that is under way goes on."""
        with self._turn:
            found = self._jobs.get(name)
            if found is not None and found.state != "running":
                _close(self._jobs.pop(name))
        self._changed()

    def end(self, until: float) -> None:
        """Stop everything, and let go of all that it brought; wait for it, but no longer than until then."""
        with self._turn:
            self._stop.set()
            threads, jobs = [*self._threads.values()], [*self._jobs.values()]
            self._jobs, self._threads, self._stop = {}, {}, threading.Event()
        for thread in threads:
            thread.join(timeout=max(0.0, until - time.monotonic()))
        for job in jobs:
            _close(job)

    def _run(self, job: Job, work: Callable[[Progress], Any], stop: threading.Event) -> None:
        told = time.monotonic()

        def progress(done: int, total: int) -> None:
            nonlocal told
            if stop.is_set():
                raise Stopped
            job.done, job.total = done, total
            if time.monotonic() - told >= TELL_SECONDS:
                told = time.monotonic()
                self._changed()

        try:
            job.result = work(progress)
            job.state = "done"
        except BackchannelError as problem:
            job.problem, job.state = problem, "failed"
        except Stopped:
            job.state = "failed"
        except Exception:
            job.problem, job.state = Misuse("fault", "Something went wrong in this program.", "Try it again."), "failed"
        if stop.is_set():
            _close(job)
        self._changed()


def _close(job: Job | None) -> None:
    close = getattr(job.result if job is not None else None, "close", None)
    if close is not None:
        close()


class Held:
    """A file that was made to be downloaded. It has no name in the desk's folder: who ends the program ends it."""

    def __init__(self, path: Path) -> None:
        self._handle: int | None = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._handle).st_size
        path.unlink()
        self._turn = threading.Lock()

    def close(self) -> None:
        """Let go of it."""
        with self._turn:
            handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)

    def answer(self, name: str) -> StreamingResponse:
        """The file, to be saved, piece by piece."""
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(self.size)}
        return StreamingResponse(self._pieces(), media_type="application/octet-stream", headers=headers)

    def _pieces(self) -> Iterator[bytes]:
        for at in range(0, self.size, _PIECE):
            with self._turn:
                if self._handle is None:
                    raise ConnectionError("the desk was locked")
                piece = os.pread(self._handle, _PIECE, at)
            yield piece


def held(folder: Path, write: Callable[[Path], object]) -> Held:
    """What `write` puts into a new file, whose name is gone at once. Several can be made at once."""
    path = folder / f"download-{secrets.token_hex(8)}.out"
    write(path)
    return Held(path)


def sweep(folder: Path) -> None:
    """Remove what a crash has left of such files, before any is made."""
    for left in folder.glob("download*.out*"):
        left.unlink(missing_ok=True)
