"""Beside the pages: one thread follows a channel's relay, one posts what was written (spec/web.md, 5.1)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from backchannel.desk.channel import Channel
from backchannel.errors import BackchannelError
from backchannel.web import following
from backchannel.web.following import Follower, settled


class Stub:
    """A channel whose relay does what a test says."""

    id = b"c"
    session = None

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.posting: Callable[[], object] | None = None
        self.hangs = threading.Event()
        self.hangs.set()
        self.pushed: list[Any] = []

    def post(self) -> None:
        self.calls.append("post")
        self.hangs.wait(10)

    def look(self) -> None:
        self.calls.append("look")

    def sync(self) -> None:
        self.calls.append("sync")

    def watch(self, stop: threading.Event, heard: Callable[[object], None]) -> Iterator[list[int]]:
        for one in self.pushed:
            if isinstance(one, BackchannelError):
                self.pushed = []
                raise one
            yield one


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Stub:
    monkeypatch.setattr(following, "sending", lambda session: False)
    monkeypatch.setattr("backchannel.desk.handovers.giving", lambda channel: False)
    return Stub()


def follow(stub: Stub, stop: threading.Event, heard: list[object] | None = None) -> Follower:
    told = [] if heard is None else heard
    return Follower(cast("Channel", stub), stop, told.append, lambda: None)


def test_what_was_written_is_posted_and_read_back(stub: Stub) -> None:
    stop = threading.Event()
    follower = follow(stub, stop)
    assert stub.posting is not None
    follower.settle()
    assert stub.calls == ["post", "sync"]
    stop.set()
    follower.end(time.monotonic() + 5)
    assert not any(thread.is_alive() for thread in follower.threads)


def test_what_takes_long_goes_on_by_itself(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "sending", lambda session: True)
    settled(cast("Channel", stub))
    assert stub.calls == ["post", "look"]


def test_a_page_waits_a_moment_and_after_a_stop_not_at_all(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SETTLE_SECONDS", 0.2)
    stop = threading.Event()
    stub.hangs.clear()
    follower = follow(stub, stop)
    start = time.monotonic()
    follower.settle()
    assert 0.15 < time.monotonic() - start < 2
    monkeypatch.setattr(following, "SETTLE_SECONDS", 30.0)
    waiter = threading.Thread(target=follower.settle)
    waiter.start()
    time.sleep(0.05)
    stop.set()
    start = time.monotonic()
    follower.end(start + 0.1)  # the relay still hangs
    waiter.join(5)
    assert not waiter.is_alive()
    assert time.monotonic() - start < 2
    stub.hangs.set()
    follower.end(time.monotonic() + 5)
    assert not any(thread.is_alive() for thread in follower.threads)


def test_a_relay_that_lies_is_told_of_and_left_alone_for_a_while(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "AGAIN_SECONDS", 0.01)
    problem, heard = BackchannelError("forked", "It lies."), list[object]()
    stub.pushed = [[1], [], problem]
    stop = threading.Event()
    follower = follow(stub, stop, heard)
    follower.threads[0].join(5)
    assert heard == [None, None, problem]
    assert not follower.threads[0].is_alive()  # the second time there was nothing more to follow
    stop.set()
    follower.end(time.monotonic() + 5)
