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

from backchannel.web import peers, serve
from backchannel.web.serve import Open

LINUX = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="this system does not say whose a socket is")


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


@LINUX
def test_a_socket_has_an_owner() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = server.getsockname()
        with socket.create_connection(ours) as line:
            assert peers.owner(line.getsockname(), ours) == os.getuid()
            assert peers.owner(("127.0.0.1", 1), ours) is None
        with socket.socket(socket.AF_INET6) as mapped:
            mapped.connect(("::ffff:127.0.0.1", ours[1]))
            assert peers.owner(("127.0.0.1", mapped.getsockname()[1]), ours) == os.getuid()


def test_where_the_system_does_not_say_nobody_is_known(tmp_path: Path) -> None:
    assert peers.owner(("127.0.0.1", 1), ("127.0.0.1", 2), (tmp_path / "none",)) is None


def test_another_user_gets_no_byte(desk: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _asked(desk) == b"HTTP/1.1 401"
    monkeypatch.setattr(peers, "owner", lambda theirs, ours: os.getuid() + 1)
    assert _asked(desk) == b""
    monkeypatch.setattr(peers, "owner", lambda theirs, ours: None)
    assert _asked(desk) == b"HTTP/1.1 401"


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
