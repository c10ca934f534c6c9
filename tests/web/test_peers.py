"""Whose a connection is, who is slow, who is too many (spec/web.md, 1.3)."""

from __future__ import annotations

import os
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from backchannel.web import owners, peers, serve
from backchannel.web.serve import Open


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Open]:
    with serve.running(tmp_path / "desk", {}) as made:
        yield made


def _call(desk: Open) -> socket.socket:
    host, port = desk.host.split(":")
    made = socket.create_connection((host, int(port)), timeout=5)
    return made


def _asked(desk: Open) -> bytes:
    with _call(desk) as line:
        line.sendall(f"GET / HTTP/1.1\r\nHost: {desk.host}\r\nConnection: close\r\n\r\n".encode())
        try:
            return line.recv(12)
        except ConnectionError:
            return b""


def test_another_user_gets_no_byte(desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _asked(desk) == b"HTTP/1.1 401"
    for said in (os.getuid() + 1, owners.NOBODY):
        monkeypatch.setattr(owners, "asked", lambda theirs, ours, said=said: said)
        assert _asked(desk) == b""


def test_where_the_kernel_is_not_asked_nothing_is_read_before_its_table_was(
    desk: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table may be long: the panic lock of a window that is there waits for no newcomer's look-up."""
    monkeypatch.setattr(owners, "asked", lambda theirs, ours: (_ for _ in ()).throw(OSError("cannot be asked")))
    for said, got in ((None, b"HTTP/1.1 401"), (os.getuid(), b"HTTP/1.1 401"), (owners.NOBODY, b"")):
        monkeypatch.setattr(owners, "listed", lambda theirs, ours, said=said: said)
        assert _asked(desk) == got
    monkeypatch.setattr(owners, "listed", lambda theirs, ours: os.getuid())
    with _call(desk) as kept:
        kept.sendall(f"GET /static/none HTTP/1.1\r\nHost: {desk.host}\r\n\r\n".encode())
        while b"</html>" not in kept.recv(65_536):
            pass
        go = threading.Event()
        monkeypatch.setattr(owners, "listed", lambda theirs, ours: go.wait(10) and os.getuid())
        with _call(desk) as newcomer:
            for line in (newcomer, kept):
                line.sendall(f"GET / HTTP/1.1\r\nHost: {desk.host}\r\n\r\n".encode())
            assert kept.recv(12) == b"HTTP/1.1 401"
            newcomer.settimeout(0.2)
            with pytest.raises(TimeoutError):
                newcomer.recv(1)
            go.set()
            newcomer.settimeout(5)
            assert newcomer.recv(12) == b"HTTP/1.1 401"


def test_who_is_slow_is_closed_and_others_are_served(desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "HEAD_SECONDS", 0.3)
    with _call(desk) as silent, _call(desk) as slow, _call(desk) as kept:
        kept.sendall(f"GET / HTTP/1.1\r\nHost: {desk.host}\r\n\r\n".encode())
        assert kept.recv(12) == b"HTTP/1.1 401"
        slow.sendall(b"GET / HTTP/1.1\r\n")
        start = time.monotonic()
        assert silent.recv(1) == b""
        while slow.recv(4096):
            pass
        assert time.monotonic() - start < 4
        assert _asked(desk) == b"HTTP/1.1 401"


def test_too_many_are_closed(desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "MOST", 3)
    lines = [_call(desk) for _ in range(3)]
    assert _asked(desk) == b""
    for line in lines:
        line.close()
    time.sleep(0.2)
    assert _asked(desk) == b"HTTP/1.1 401"


def test_a_head_without_end_is_closed(desk: Open) -> None:
    with _call(desk) as line:
        line.sendall(b"GET / HTTP/1.1\r\nA: " + b"a" * 200_000)
        got = b""
        try:
            while piece := line.recv(4096):
                got += piece
        except ConnectionError:
            pass
        assert b"401" not in got[:20]


def test_desks_have_addresses_of_their_own(tmp_path: Path) -> None:
    one, two = (serve.address(tmp_path / name) for name in ("one", "two"))
    assert one != two
    for address in (one, two):
        first, second, _, last = map(int, address.split("."))
        assert first == 127
        assert 64 <= second < 192
        assert 1 <= last <= 254


def test_where_there_is_one_address_only_that_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "address", lambda folder: "192.0.2.1")
    with serve.listen(tmp_path) as made:
        assert made.getsockname()[0] == "127.0.0.1"
        with pytest.raises(OSError, match="no loopback"):
            serve.listen(tmp_path, made.getsockname()[1])


def test_the_server_ends_with_its_block(tmp_path: Path) -> None:
    before = threading.active_count()
    with serve.running(tmp_path / "desk", {}) as made:
        assert b"closed to this window" in _body(made)
    with pytest.raises(OSError, match=r"."):
        _call(made)
    assert threading.active_count() <= before + 1


def _body(made: Open) -> bytes:
    try:
        return bytes(urllib.request.urlopen(f"http://{made.host}/").read())
    except urllib.error.HTTPError as problem:
        with problem:
            return problem.read()
