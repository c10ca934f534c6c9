from __future__ import annotations

import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from backchannel.desk.link.client import RelayClient, bearer
from backchannel.desk.link.patience import Backoff, Timeouts
from backchannel.desk.link.stream import Stream
from backchannel.errors import BackchannelError, Misuse, RelayFault, RelayRefused, Unreachable
from backchannel.ledger.leaf import Leaf, entry_id
from backchannel.ledger.wire import Range, Record, encode_range
from tests.desk.relays import Act, Log, RelayProcess, SocksProxy, answer, frames, relay_process, say, script

NAME = "ab" * 32
KEY = bytes(range(32))
QUICK = Timeouts(connect=1.0, idle=0.5, total=1.0)
SOON = Backoff(first=0.02, most=0.1)


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayProcess]:
    with relay_process(tmp_path_factory.mktemp("relay") / "relay.db") as process:
        yield process


def take(stream: Stream, count: int) -> list[bytes | None]:
    """The next `count` bodies."""
    bodies: list[bytes | None] = []
    while len(bodies) < count:
        bodies += [record.body for record in next(stream).records]
    return bodies


# --- a real relay --------------------------------------------------------------------------------


def test_what_is_there_and_what_comes(relay: RelayProcess) -> None:
    with RelayClient(relay.url) as client:
        log = Log.found(client)
        stream = Stream(client, log.name, log.credential, 0)
        first = next(stream)
        assert (first.head, first.start, first.records) == (0, 0, ())
        sent = frames(30)
        for frame in sent[:10]:
            client.append(log.name, log.credential, [frame])
        client.append(log.name, log.credential, sent[10:])
        assert take(stream, 30) == [frame.body for frame in sent]
        assert stream.position == 30
        later = Stream(client, log.name, log.credential, 28)
        assert take(later, 2) == [frame.body for frame in sent[28:]]
        later.stop()
        stream.stop()
        assert list(stream) == []


def test_more_than_one_answer_holds(relay: RelayProcess) -> None:
    with RelayClient(relay.url) as client:
        log = Log.found(client)
        sent = frames(22, 500_000)
        for at in range(0, 22, 2):
            client.append(log.name, log.credential, sent[at : at + 2])
        stream = Stream(client, log.name, log.credential, 0)
        assert take(stream, 22) == [frame.body for frame in sent]
        stream.stop()


def test_a_relay_killed_and_started_again_loses_and_repeats_nothing(tmp_path: Path) -> None:
    often = Backoff(0.02, 0.2, 40)
    with relay_process(tmp_path / "relay.db") as relay, RelayClient(relay.url, backoff=often) as client:
        log = Log.found(client)
        sent = frames(60)
        heard: list[BackchannelError | None] = []
        stream = Stream(client, log.name, log.credential, 0, heard=heard.append)
        got: list[bytes | None] = []
        reader = threading.Thread(target=lambda: got.extend(take(stream, 60)))
        reader.start()
        for number, frame in enumerate(sent):
            if number % 20 == 10:
                relay.stop()
                relay.start()
            client.append(log.name, log.credential, [frame])
        reader.join(20)
        assert got == [frame.body for frame in sent]
        breaks = [error for error in heard if error is not None]
        assert breaks
        assert {type(error) for error in breaks} == {Unreachable}
        assert heard[-1] is None
        stream.stop()


def test_a_wrong_credential_and_a_rotated_one(relay: RelayProcess) -> None:
    with RelayClient(relay.url) as client:
        log = Log.found(client)
        with pytest.raises(RelayRefused) as caught:
            next(Stream(client, log.name, KEY, 0))
        assert caught.value.code == "credential"
        client.append(log.name, log.credential, frames(3))
        new = Log(log.name, os.urandom(32), os.urandom(32))
        client.rotate(log.name, log.control, *new.hashes(), frames(1)[0])
        client.append(log.name, new.credential, frames(2))
        stream = Stream(client, log.name, log.credential, 0)
        assert len(take(stream, 4)) == 4
        with pytest.raises(RelayRefused) as caught:
            next(stream)
        assert caught.value.code == "rotated"
        assert list(stream) == []


def test_a_start_beyond_the_log(relay: RelayProcess) -> None:
    with RelayClient(relay.url) as client:
        log = Log.found(client)
        with pytest.raises(RelayRefused) as caught:
            next(Stream(client, log.name, log.credential, 9))
        assert caught.value.code == "malformed"


@pytest.mark.parametrize("waiting", [0.0, 0.2])
def test_stopping_from_another_thread(relay: RelayProcess, waiting: float) -> None:
    with RelayClient(relay.url) as client:
        log = Log.found(client)
        stream = Stream(client, log.name, log.credential, 0)
        reader = threading.Thread(target=lambda: list(stream))
        reader.start()
        time.sleep(waiting)
        began = time.monotonic()
        stream.stop()
        stream.stop()
        reader.join(3)
        assert not reader.is_alive()
        assert time.monotonic() - began < 2


def test_through_a_proxy(relay: RelayProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    proxy = SocksProxy(relay.port)
    with script(proxy.act) as server:
        url = f"socks5h://127.0.0.1:{server.port}"
        with RelayClient("http://abcdefg.onion", proxy=url, isolation="channel-7") as client:
            log = Log.found(client)
            client.append(log.name, log.credential, frames(1))
            stream = Stream(client, log.name, log.credential, 0)
            assert len(take(stream, 1)) == 1
            stream.stop()
    assert proxy.asked == [(3, "abcdefg.onion", 80)] * 2
    assert proxy.users == [("channel-7", "channel-7")] * 2


def test_the_credential_is_not_logged(relay: RelayProcess, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with RelayClient(relay.url) as client:
        log = Log.found(client)
        stream = Stream(client, log.name, log.credential, 0)
        next(stream)
        stream.stop()
    assert bearer(log.credential) not in caplog.text
    assert "Authorization" not in caplog.text


# --- others in its place -------------------------------------------------------------------------


@contextmanager
def speaker(act: Callable[[ServerConnection], None], context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A WebSocket server that does `act` with each connection."""

    def handle(peer: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            act(peer)

    with serve(handle, "127.0.0.1", 0, ssl=context, compression=None, max_size=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http{'s' if context else ''}://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


def ranged(start: int, count: int, head: int | None = None) -> bytes:
    bodies = [b"%d" % (start + n) for n in range(count)]
    records = tuple(Record(Leaf(entry_id(body), 0, len(body), KEY), body) for body in bodies)
    return encode_range(Range(start + count if head is None else head, b"note", start, records))


def close(code: int) -> Callable[[ServerConnection], None]:
    return lambda peer: peer.close(code, "\x1b[2J trust me")


def idle(peer: ServerConnection) -> None:
    for _ in range(9):
        peer.send(ranged(0, 0))


MESSAGES: dict[str, tuple[type[BackchannelError], str, Callable[[ServerConnection], None]]] = {
    "text": (RelayFault, "answer", lambda peer: peer.send("hello")),
    "empty": (RelayFault, "truncated", lambda peer: peer.send(b"")),
    "nothing, again and again": (RelayFault, "range", idle),
    "other part": (RelayFault, "range", lambda peer: peer.send(ranged(3, 1))),
    "head below": (RelayFault, "range", lambda peer: peer.send(ranged(0, 2, 1))),
    "too long": (RelayFault, "length", lambda peer: peer.send(bytes(11 << 20))),
    "too long in parts": (RelayFault, "length", lambda peer: peer.send(bytes(1 << 20) for _ in range(64))),
    "4400": (RelayRefused, "malformed", close(4400)),
    "4401": (RelayRefused, "credential", close(4401)),
    "4403": (RelayRefused, "rotated", close(4403)),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_what_ends_a_stream(name: str) -> None:
    family, expected, act = MESSAGES[name]
    with speaker(act) as url, RelayClient(url, timeouts=QUICK) as client:
        stream = Stream(client, NAME, KEY, 0, ping_every=5, ping_wait=5)
        with pytest.raises(BackchannelError) as caught:
            list(stream)
        assert (type(caught.value), caught.value.code) == (family, expected)
        assert "trust me" not in str(caught.value)
        assert list(stream) == []


def endless(peer: socket.socket) -> None:
    while True:
        peer.sendall(b"x: " + bytes(65536))


HANDSHAKES = {
    "sign-in page": (Unreachable, "intercepted", say(answer("200 OK", "text/html", b"<html>Welcome"))),
    "redirect": (Unreachable, "intercepted", say(answer("302 X", "text/html", b"", "Location: ws://127.0.0.1:1/"))),
    "redirect to no address": (
        Unreachable,
        "intercepted",
        say(answer("302 X", "text/html", b"", "Location: http://[")),
    ),
    "not HTTP": (Unreachable, "intercepted", say(b"SSH-2.0-OpenSSH_9\r\n\r\n")),
    "refusal": (RelayRefused, "credential", say(answer("401 X", "application/json", b'{"error": "credential"}'))),
    "somebody's refusal": (Unreachable, "intercepted", say(answer("403 X", "text/html", b"no"))),
    "wrong accept": (
        Unreachable,
        "intercepted",
        say(b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"),
    ),
}


@pytest.mark.parametrize("name", HANDSHAKES)
def test_what_ends_a_stream_before_it_began(name: str) -> None:
    family, expected, act = HANDSHAKES[name]
    with script(act) as server, RelayClient(server.url, timeouts=QUICK) as client:
        with pytest.raises(BackchannelError) as caught:
            next(Stream(client, NAME, KEY, 0))
        assert (type(caught.value), caught.value.code) == (family, expected)
        assert server.connections == 1


def test_breaks_are_waited_out_with_growing_waits() -> None:
    tries = 0

    def act(peer: ServerConnection) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            assert peer.request is not None
            assert peer.request.path.endswith("start=5")
            peer.send(ranged(5, 2))
            peer.close(1012)
        elif tries < 5:
            peer.close((1001, 1011, 4503)[tries - 2])
        else:
            assert peer.request is not None
            assert peer.request.path.endswith("start=7")
            peer.send(ranged(7, 1))
            peer.recv()

    waits: list[float] = []

    def wait(_stopped: threading.Event, seconds: float) -> bool:
        waits.append(seconds)
        return False

    heard: list[BackchannelError | None] = []
    backoff = Backoff(first=0.5, most=2.0)
    with speaker(act) as url, RelayClient(url, timeouts=QUICK, backoff=backoff, chance=lambda: 0.5) as client:
        stream = Stream(client, NAME, KEY, 5, wait=wait, heard=heard.append)
        assert take(stream, 3) == [b"5", b"6", b"7"]
        stream.stop()
    assert waits == [0.375, 0.75, 1.5, 1.5]
    assert [error is None for error in heard] == [False, False, False, False, True]


def test_a_relay_that_opens_only_to_break_is_asked_ever_more_rarely() -> None:
    waits: list[float] = []
    now = 0.0

    def wait(stopped: threading.Event, seconds: float) -> bool:
        nonlocal now
        now += 100.0 if len(waits) == 2 else 0.0
        waits.append(seconds)
        if len(waits) == 6:
            stopped.set()
        return stopped.is_set()

    def act(peer: ServerConnection) -> None:
        nonlocal now
        peer.send(ranged(0, 0))
        if len(waits) == 4:
            time.sleep(0.1)
            now += 100.0

    backoff = Backoff(first=0.5, most=30.0)
    with speaker(act) as url:
        client = RelayClient(url, timeouts=Timeouts(1000, 1, 1), backoff=backoff, chance=lambda: 0.5, clock=lambda: now)
        with client:
            assert all(found.records == () for found in Stream(client, NAME, KEY, 0, wait=wait))
    assert waits == [0.375, 0.75, 1.5, 3.0, 0.375, 0.75]


def test_a_relay_that_says_nothing_any_more_is_left() -> None:
    """No pong within the time: the connection is given up, and the stream taken up on another."""
    calls = 0

    def act(peer: ServerConnection) -> None:
        nonlocal calls
        calls += 1
        peer.send(ranged(calls - 1, 1))
        if calls == 1:
            # Take the connection away from the server's own answers to pings.
            peer.protocol.receive_data = lambda data: None  # type: ignore[method-assign]
            time.sleep(1.5)
        else:
            peer.recv()

    with speaker(act) as url, RelayClient(url, timeouts=QUICK, backoff=SOON) as client:
        stream = Stream(client, NAME, KEY, 0, ping_every=0.2, ping_wait=0.2)
        began = time.monotonic()
        assert take(stream, 2) == [b"0", b"1"]
        assert time.monotonic() - began < 5
        stream.stop()
    assert calls == 2


def test_a_relay_that_breaks_off_or_asks_to_wait_is_asked_again() -> None:
    waits: list[float] = []

    def wait(stopped: threading.Event, seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) > 3:
            stopped.set()
        return stopped.is_set()

    slow = answer("429 X", "application/json", b'{"error": "rate"}', "Retry-After: 7")
    backoff = Backoff(first=0.5, most=0.5)
    with (
        script(say(), say(b"HTTP/1.1 101"), say(slow), say(answer("502 X", "text/html", b""))) as server,
        RelayClient(server.url, timeouts=QUICK, backoff=backoff, chance=lambda: 0.5) as client,
    ):
        assert list(Stream(client, NAME, KEY, 0, wait=wait)) == []
    assert waits == [0.375, 0.375, 7.375, 0.375]


@pytest.mark.parametrize(
    "act",
    [
        lambda peer: time.sleep(3),
        say(b"HTTP/1.1 200 OK\r\n\r\n", then=endless),
        say(b"HTTP/1.1 101 X\r\n", then=endless),
    ],
    ids=["silent", "page", "head"],
)
def test_a_handshake_that_never_ends(act: Act) -> None:
    heard: list[BackchannelError | None] = []
    brief = Timeouts(0.2, 0.2, 0.2)
    with script(act) as server, RelayClient(server.url, timeouts=brief, backoff=SOON) as client:
        stream = Stream(client, NAME, KEY, 0, heard=heard.append)
        reader = threading.Thread(target=lambda: list(stream))
        reader.start()
        time.sleep(0.9)
        began = time.monotonic()
        stream.stop()
        reader.join(2)
        assert not reader.is_alive()
        assert time.monotonic() - began < 1
    assert {error.code for error in heard if error} == {"timeout"}
    assert len(heard) >= 2


def test_tls_is_verified_here_too(
    certified: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certified)
    with speaker(lambda peer: peer.send(ranged(0, 1)), context) as url:
        with RelayClient(url, timeouts=QUICK, ca_file=certified[0]) as client:
            stream = Stream(client, NAME, KEY, 0)
            assert take(stream, 1) == [b"0"]
            stream.stop()
        for other, ca_file in ((url, None), (url.replace("127.0.0.1", "localhost"), certified[0])):
            with RelayClient(other, timeouts=QUICK, ca_file=ca_file) as client:
                with pytest.raises(Unreachable) as caught:
                    next(Stream(client, NAME, KEY, 0))
                assert caught.value.code == "certificate"
    assert not (tmp_path / "keys").exists()


def test_arguments_that_cannot_be_right() -> None:
    client = RelayClient("http://127.0.0.1:9")
    for name, key in (("x", KEY), (NAME, b"")):
        with pytest.raises(Misuse):
            Stream(client, name, key, 0)
