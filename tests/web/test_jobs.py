"""Long work: one at a time by name, stopped and let go of when the desk locks; files without a name."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from backchannel.web.jobs import TELL_SECONDS, Job, Jobs, held, sweep


class Thing:
    closed = False

    def close(self) -> None:
        self.closed = True


def ended(jobs: Jobs, name: str = "a") -> Job:
    for _ in range(500):
        job = jobs.get(name)
        if job is not None and job.state != "running":
            return job
        time.sleep(0.01)
    raise AssertionError


def test_pages_are_told_now_and_then_how_far_it_is() -> None:
    told: list[int] = []
    jobs = Jobs(lambda: told.append(1))

    def work(progress: Any) -> str:
        progress(1, 10)
        time.sleep(TELL_SECONDS)
        progress(2, 10)
        return "done"

    jobs.start("a", work)
    job = ended(jobs)
    time.sleep(0.05)
    assert (job.result, job.done, job.total, len(told)) == ("done", 2, 10, 2)
    assert repr(job) == "<Job done>"


def test_what_came_of_it_before_is_let_go_of() -> None:
    jobs, first, second = Jobs(lambda: None), Thing(), Thing()
    jobs.start("a", lambda _: first)
    ended(jobs)
    jobs.start("a", lambda _: second)
    ended(jobs)
    assert (first.closed, second.closed) == (True, False)
    jobs.forget("a")
    assert second.closed
    assert jobs.get("a") is None
    jobs.forget("a")


def test_work_under_way_is_not_forgotten() -> None:
    jobs, go = Jobs(lambda: None), threading.Event()
    jobs.start("a", lambda _: go.wait(5))
    jobs.forget("a")
    found = jobs.get("a")
    assert found is not None
    assert found.state == "running"
    go.set()
    ended(jobs)


def test_the_end_stops_everything_and_lets_go_of_what_comes_too_late() -> None:
    jobs, thing, late, begun = Jobs(lambda: None), Thing(), Thing(), threading.Event()

    def slow(progress: Any) -> Thing:
        begun.set()
        time.sleep(0.2)
        return late

    jobs.start("a", lambda _: thing)
    ended(jobs)
    jobs.start("b", slow)
    begun.wait(5)
    jobs.end(time.monotonic() + 5)
    assert thing.closed
    assert late.closed
    jobs.start("a", lambda _: Thing())
    assert ended(jobs).state == "done"


def test_the_end_waits_no_longer_than_it_may() -> None:
    jobs, go = Jobs(lambda: None), threading.Event()
    jobs.start("a", lambda _: go.wait(10))
    start = time.monotonic()
    jobs.end(start + 0.1)
    assert time.monotonic() - start < 2
    go.set()


def test_two_files_are_made_at_once(tmp_path: Path) -> None:
    """One name for all would let an archive be given out as the backup, or the other way round."""
    made, both = {}, threading.Barrier(2, timeout=5)

    def write(path: Path, text: str) -> None:
        both.wait()
        path.write_text(text)
        both.wait()

    def make(text: str) -> None:
        made[text] = b"".join(held(tmp_path, lambda path: write(path, text))._pieces()).decode()

    threads = [threading.Thread(target=make, args=(text,)) for text in ("archive", "backup")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert made == {"archive": "archive", "backup": "backup"}


def test_a_held_file_has_no_name(tmp_path: Path) -> None:
    (tmp_path / "download.out").write_bytes(b"left by a crash")
    (tmp_path / "download-12.out.part").write_bytes(b"left by a crash")
    sweep(tmp_path)
    found = held(tmp_path, lambda path: path.write_text("x" * 200_000))
    assert list(tmp_path.iterdir()) == []
    assert b"".join(found._pieces()) == b"x" * 200_000
    assert found.size == 200_000
    found.close()
    found.close()
    with pytest.raises(ConnectionError):
        list(found._pieces())


def test_a_failure_while_writing_is_told(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        held(tmp_path, fail)
