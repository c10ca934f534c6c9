from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType

import pytest

from backchannel.desk.link import dial
from backchannel.desk.link.answers import REFUSALS
from backchannel.desk.link.client import MOST_RANGE, RelayClient, bearer
from backchannel.desk.link.patience import Backoff, Timeouts
from backchannel.errors import BackchannelError, Misuse, RelayFault, RelayRefused, Unreachable
from backchannel.ledger.checkpoint import open_checkpoint
from backchannel.ledger.wire import Frame, Range, encode_range
from tests.desk.relays import (
    Act,
    Log,
    RelayProcess,
    SocksProxy,
    answer,
    frames,
    read_request,
    relay_process,
    say,
    script,
)

NAME = "ab" * 32
KEY = bytes(range(32))
ONCE = Backoff(tries=1)
QUICK = Timeouts(connect=1.0, idle=0.3, total=0.6)


def code(act: Callable[[], object], family: type[BackchannelError]) -> str:
    with pytest.raises(BackchannelError) as caught:
        act()
    assert isinstance(caught.value, family), repr(caught.value)
    assert caught.value.what
    assert caught.value.todo
    assert bearer(KEY) not in repr(caught.value) + str(caught.value)
    return caught.value.code


def once(url: str, **more: object) -> RelayClient:
    return RelayClient(url, backoff=ONCE, timeouts=QUICK, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayProcess]:
    with relay_process(tmp_path_factory.mktemp("relay") / "relay.db") as process:
        yield process


# --- a real relay --------------------------------------------------------------------------------


def test_a_log_from_founding_to_proofs(relay: RelayProcess) -> None:
    with RelayClient(relay.url) as client:
        info = client.info()
        assert len(info.key) == 32
        assert info.limits["append_frames"] == 256
        log = Log.found(client)
        assert not client.found(log.name, *log.hashes())
        assert code(lambda: client.found(log.name, KEY, KEY), RelayRefused) == "exists"
        sent = frames(5)
        assert client.append(log.name, log.credential, sent) == [0, 1, 2, 3, 4]
        assert client.append(log.name, log.credential, sent[3:] + frames(1)) == [3, 4, 5]
        found = client.read(log.name, log.credential, 1, 2)
        assert [record.body for record in found.records] == [frame.body for frame in sent[1:3]]
        assert (found.head, found.start) == (6, 1)
        origin = f"bc1/{log.name}"
        assert open_checkpoint(client.checkpoint(log.name, log.credential), origin, info.key).size == 6
        assert open_checkpoint(client.checkpoint(log.name, log.credential, 3), origin, info.key).size == 3
        assert len(client.inclusion(log.name, log.credential, 2, 6)) == 3
        assert all(len(node) == 32 for node in client.consistency(log.name, log.credential, 3, 6))
        assert client.read(log.name, log.credential, 6).records == ()
        assert code(lambda: client.read(log.name, log.credential, 7), RelayRefused) == "malformed"
        assert code(lambda: client.read(log.name, KEY, 0), RelayRefused) == "credential"
        assert code(lambda: client.append(log.name, KEY, frames(1)), RelayRefused) == "credential"
        assert code(lambda: client.append(log.name, log.credential, []), RelayRefused) == "malformed"
        assert code(lambda: client.append(log.name, log.credential, frames(3, 1 << 20)), RelayRefused) == "too-large"


def test_erasing_and_rotating_are_safe_to_repeat(relay: RelayProcess) -> None:
    with RelayClient(relay.url) as client:
        log = Log.found(client)
        token = os.urandom(32)
        frame = Frame(hashlib.sha256(token).digest(), b"to be erased")
        client.append(log.name, log.credential, [frame])
        assert code(lambda: client.erase(log.name, log.credential, 0, KEY), RelayRefused) == "token"
        assert client.erase(log.name, log.credential, 0, token) == 1
        assert client.erase(log.name, log.credential, 0, token) == 1
        new = Log(log.name, os.urandom(32), os.urandom(32))
        (carrier,) = frames(1)
        for _ in range(2):
            assert client.rotate(log.name, log.control, *new.hashes(), carrier) == 2
        assert code(lambda: client.append(log.name, log.credential, frames(1)), RelayRefused) == "rotated"
        assert len(client.read(log.name, log.credential, 0).records) == 3
        assert client.append(log.name, new.credential, frames(1)) == [3]


def test_a_relay_that_restarts_is_not_noticed(relay: RelayProcess, tmp_path: Path) -> None:
    with relay_process(tmp_path / "relay.db") as other, RelayClient(other.url) as client:
        log = Log.found(client)
        client.append(log.name, log.credential, frames(1))
        other.stop()
        other.start()
        assert client.append(log.name, log.credential, frames(1)) == [1]


def test_one_client_for_many_threads(relay: RelayProcess) -> None:
    with RelayClient(relay.url) as client:
        log = Log.found(client)
        indices: list[int] = []

        def work() -> None:
            for _ in range(30):
                indices.extend(client.append(log.name, log.credential, frames(1)))

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(indices) == list(range(180))


# --- the URL -------------------------------------------------------------------------------------

GOOD_URLS = {
    "https://relay.example": "https://relay.example",
    "HTTPS://Relay.Example/": "https://relay.example",
    "https://relay.example:443": "https://relay.example",
    "https://relay.example:8443": "https://relay.example:8443",
    "https://192.0.2.7": "https://192.0.2.7",
    "https://[2001:db8::1]:8443": "https://[2001:db8::1]:8443",
    "http://localhost:8000": "http://localhost:8000",
    "http://127.0.0.1": "http://127.0.0.1",
    "http://127.200.0.3:80": "http://127.200.0.3",
    "http://[::1]:8000": "http://[::1]:8000",
    "https://xn--bcher-kva.example": "https://xn--bcher-kva.example",
}
BAD_URLS = {
    "": "url",
    "relay.example": "url",
    "ftp://relay.example": "url",
    "file:///etc/passwd": "url",
    "https://": "url",
    "https://:443": "url",
    "https://relay.example:": "url",
    "https://relay.example:0": "url",
    "https://relay.example:65536": "url",
    "https://relay.example:x": "url",
    "https://user:pass@relay.example": "url",
    "https://@relay.example": "url",
    "https://relay.example/v1": "url",
    "https://relay.example?": "url",
    "https://relay.example/?a=b": "url",
    "https://relay.example#": "url",
    "https://relay.example\\@evil.example": "url",
    "https://relay.example\n": "url",
    "https://re\tlay.example": "url",
    " https://relay.example": "url",
    "https://b\u00fccher.example": "url",
    "https://relay..example": "url",
    "https://-relay.example": "url",
    "https://[::1": "url",
    "https://0x7f.1": "url",
    "https://1.2.3": "url",
    "https://[fe80::1%25eth0]": "url",
    "http://relay.example": "plain",
    "http://192.0.2.7": "plain",
    "http://0.0.0.0": "plain",
    "http://localhost.example": "plain",
    "http://[::ffff:192.0.2.7]": "plain",
    "http://abcdefghijklmnop.onion": "plain",
    "https://abcdefghijklmnop.onion": "plain",
}


@pytest.mark.parametrize("url", GOOD_URLS)
def test_addresses_that_are_taken(url: str) -> None:
    assert str(RelayClient(url).address) == GOOD_URLS[url]


@pytest.mark.parametrize("url", BAD_URLS)
def test_addresses_that_are_refused(url: str) -> None:
    assert code(lambda: RelayClient(url), Misuse) == BAD_URLS[url]


def test_an_onion_address_needs_a_proxy_and_no_tls() -> None:
    proxy = "socks5h://127.0.0.1:9050"
    assert str(RelayClient("http://abcdef.onion", proxy=proxy).address) == "http://abcdef.onion"
    assert code(lambda: RelayClient("http://relay.example", proxy=proxy), Misuse) == "plain"


@pytest.mark.parametrize(
    "proxy",
    [
        "",
        "http://127.0.0.1:8080",
        "socks4://127.0.0.1:1",
        "socks5h://127.0.0.1",
        "socks5h://127.0.0.1:9/x",
        "socks5h://a@b:9",
    ],
)
def test_proxies_that_are_refused(proxy: str) -> None:
    assert code(lambda: RelayClient("https://relay.example", proxy=proxy), Misuse) in {"proxy", "url"}


def test_arguments_that_cannot_be_right_reach_nobody() -> None:
    with script(say(b"")) as server, once(server.url) as client:
        for act in (
            lambda: client.append("../x", KEY, frames(1)),
            lambda: client.append(NAME.upper(), KEY, frames(1)),
            lambda: client.append(NAME, b"short", frames(1)),
            lambda: client.read(NAME, KEY, -1),
            lambda: client.inclusion(NAME, KEY, 0, 1 << 63),
            lambda: client.erase(NAME, KEY, 0, b"short"),
            lambda: client.found(NAME, b"", KEY),
        ):
            assert code(act, Misuse) in {"name", "credential", "number", "hash"}
        assert server.connections == 0


# --- what a relay, or somebody in its place, may answer -------------------------------------------

OK = "200 OK"
BYTES, JSON = "application/octet-stream", "application/json"


def ranged(head: int = 0, start: int = 0) -> bytes:
    return encode_range(Range(head, b"note", start, ()))


def endless(peer: socket.socket) -> None:
    while True:
        peer.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")


def drip(peer: socket.socket) -> None:
    for _ in range(100):
        peer.sendall(b"x")
        time.sleep(0.05)


def informing(peer: socket.socket) -> None:
    for _ in range(100):
        peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.02)


def silent(peer: socket.socket) -> None:
    time.sleep(3)


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
START = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"

# What is answered to a read -> family, code.
ANSWERS: dict[str, tuple[type[BackchannelError], str, Act]] = {
    "nothing, closed": (Unreachable, "broken", say()),
    "nothing, silent": (Unreachable, "timeout", say(then=silent)),
    "head drips": (Unreachable, "timeout", say(b"HTTP/1.1 200 OK\r\nX: ", then=drip)),
    "body drips": (Unreachable, "timeout", say(START + b"Content-Length: 1000\r\n\r\n", then=drip)),
    "informational for ever": (Unreachable, "timeout", say(then=informing)),
    "cut off": (Unreachable, "broken", say(START + b"Content-Length: 1000\r\n\r\nxx")),
    "cut off in the head": (Unreachable, "broken", say(START)),
    "not HTTP": (Unreachable, "intercepted", say(b"SSH-2.0-OpenSSH_9\r\n\r\n")),
    "endless head": (Unreachable, "intercepted", say(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 100_000)),
    "switching": (Unreachable, "intercepted", say(b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")),
    "endless body": (RelayFault, "length", say(CHUNKED, then=endless)),
    "announced too long": (RelayFault, "length", say(START + b"Content-Length: 999999999999\r\n\r\n", then=endless)),
    "two lengths": (Unreachable, "intercepted", say(START + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxxx")),
    "compressed": (RelayFault, "encoding", say(answer(OK, BYTES, gzip.compress(ranged()), "Content-Encoding: gzip"))),
    "redirect": (Unreachable, "intercepted", say(answer("302 Found", "text/html", b"", "Location: http://127.0.0.1:1/"))),
    "redirect to the same": (Unreachable, "intercepted", say(answer("308 Moved", BYTES, ranged(), "Location: /"))),
    "not modified": (Unreachable, "intercepted", say(b"HTTP/1.1 304 Not Modified\r\n\r\n")),
    "sign-in page": (Unreachable, "intercepted", say(answer(OK, "text/html", b"<html>Welcome to the hotel"))),
    "sign-in page, endless": (
        Unreachable, "intercepted",
        say(CHUNKED.replace(BYTES.encode(), b"text/html"), then=endless),
    ),
    "sign-in status": (Unreachable, "intercepted", say(answer("511 Sign In", "text/html", b"x"))),
    "somebody's 401": (Unreachable, "intercepted", say(answer("401 Unauthorized", "text/html", b"x"))),
    "no media type": (Unreachable, "intercepted", say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
    "empty": (RelayFault, "truncated", say(answer(OK, BYTES, b""))),
    "JSON for bytes": (RelayFault, "answer", say(answer(OK, JSON, b"{}"))),
    "other part": (RelayFault, "range", say(answer(OK, BYTES, ranged(5, 3)))),
    "head below": (RelayFault, "range", say(answer(OK, BYTES, ranged(1, 2)))),
    "rubbish": (RelayFault, "length", say(answer(OK, BYTES, os.urandom(8) + b"\xff" * 500))),
    "gateway": (Unreachable, "gateway", say(answer("502 Bad Gateway", "text/html", b"<html>nginx"))),
    "unknown code": (Unreachable, "intercepted", say(answer("401 X", JSON, b'{"error": "surprise"}'))),
    "code of another status": (Unreachable, "intercepted", say(answer("400 X", JSON, b'{"error": "credential"}'))),
    "error not JSON": (Unreachable, "intercepted", say(answer("401 X", JSON, b'{"error": '))),
    "error not UTF-8": (Unreachable, "intercepted", say(answer("401 X", JSON, b'{"error": "\xff"}'))),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_what_may_be_answered_to_a_read(name: str) -> None:
    family, expected, act = ANSWERS[name]
    began = time.monotonic()
    with script(act) as server, once(server.url) as client:
        assert code(lambda: client.read(NAME, KEY, 2), family) == expected
        assert server.connections == 1
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("name", REFUSALS)
def test_every_refusal_has_its_error(name: str) -> None:
    body = json.dumps({"error": name, "what": "\x1b[2J trust me", "todo": "pay"}).encode()
    act = say(answer(f"{REFUSALS[name].status} X", JSON, body))
    with script(act) as server, once(server.url) as client, pytest.raises(RelayRefused) as caught:
        client.read(NAME, KEY, 2)
    assert caught.value.code == name
    assert "trust me" not in str(caught.value)
    assert caught.value.safe


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"indices": [0], "size": 1', b'{"indices": ["0"], "size": 1}', b"\xff",
     b'{"indices": [0, 1], "size": 2}',
     b'{"indices": [1], "size": 1}', b'{"indices": [-1], "size": 1}', b'{"indices": [0.5], "size": 1}',
     b'{"indices": [true], "size": 2}', b'{"indices": [99999999999999999999999], "size": 9}'],
)  # fmt: skip
def test_an_append_is_acknowledged_properly_or_not_at_all(body: bytes) -> None:
    with script(say(answer(OK, JSON, body))) as server, once(server.url) as client:
        assert code(lambda: client.append(NAME, KEY, frames(1)), RelayFault) == "answer"


@pytest.mark.parametrize("proof", [["00"], ["zz" * 32], [1], "x", ["AB" * 32], ["00" * 32] * 65])
def test_proofs_are_parsed_strictly(proof: object) -> None:
    with script(say(answer(OK, JSON, json.dumps({"proof": proof}).encode()))) as server, once(server.url) as client:
        assert code(lambda: client.inclusion(NAME, KEY, 0, 1), RelayFault) == "answer"
        assert code(lambda: client.consistency(NAME, KEY, 1, 1), RelayFault) == "answer"


def test_the_largest_answer_fits() -> None:
    body = ranged(2, 2)
    assert len(body) < MOST_RANGE
    with script(say(answer(OK, BYTES, body))) as server, once(server.url) as client:
        assert client.read(NAME, KEY, 2).head == 2


def test_what_is_sent() -> None:
    seen: list[bytes] = []

    def act(peer: socket.socket) -> None:
        while request := read_request(peer):
            seen.append(request)
            peer.sendall(answer(OK, JSON, b'{"indices": [0], "size": 1}'))

    with script(act) as server, once(server.url) as client:
        for _ in range(3):
            client.append(NAME, KEY, [Frame(KEY, b"sealed")])
        assert server.connections == 1  # kept alive
        port = server.port
    assert seen[0].decode("latin-1").split("\r\n\r\n")[0].lower().split("\r\n") == [
        f"post /v1/logs/{NAME}/entries http/1.1",
        f"host: 127.0.0.1:{port}",
        "accept: application/json",
        "accept-encoding: identity",
        f"authorization: bearer {base64.urlsafe_b64encode(KEY).decode().rstrip('=').lower()}",
        "content-type: application/octet-stream",
        "content-length: 42",
    ]


def test_a_refusal_before_the_body_is_read_is_heard() -> None:
    def act(peer: socket.socket) -> None:
        peer.recv(1000)
        peer.sendall(answer("413 X", JSON, b'{"error": "too-large"}', "Connection: close"))
        peer.shutdown(socket.SHUT_WR)
        while peer.recv(65536):
            pass

    with script(act) as server, once(server.url) as client:
        assert code(lambda: client.append(NAME, KEY, frames(1, 1 << 20)), RelayRefused) == "too-large"


@pytest.mark.parametrize("certified_relay", [False, True])
def test_closing_ends_what_waits_for_an_answer(
    certified_relay: bool, certified: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relay that says nothing, or a byte now and then, holds nobody who wants to lock the desk."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certified)
    heard = threading.Event()

    def drip(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) if certified_relay else peer as line:
            read_request(line)
            heard.set()
            with suppress(OSError):
                for one in b"HTTP/1.1 200 OK\r\n" * 2:
                    line.sendall(bytes([one]))
                    time.sleep(0.2)

    with script(drip) as server:
        scheme = "https" if certified_relay else "http"
        client = RelayClient(f"{scheme}://127.0.0.1:{server.port}", ca_file=certified[0])
        raised: list[str] = []
        asker = threading.Thread(target=lambda: raised.append(code(client.info, Unreachable)))
        asker.start()
        assert heard.wait(5)
        start = time.monotonic()
        client.close()
        asker.join(5)
        assert raised == ["closed"]
        assert time.monotonic() - start < 0.5
        assert code(client.info, Unreachable) == "closed"
        assert server.connections == 1


def test_closing_ends_a_handshake() -> None:
    with script(lambda peer: time.sleep(1)) as server:
        client = RelayClient(f"https://127.0.0.1:{server.port}")
        raised: list[str] = []
        asker = threading.Thread(target=lambda: raised.append(code(client.info, Unreachable)))
        asker.start()
        time.sleep(0.2)
        start = time.monotonic()
        client.close()
        asker.join(5)
        assert raised == ["closed"]
        assert time.monotonic() - start < 0.5


def test_bytes_nobody_asked_for_end_a_connection() -> None:
    good = answer(OK, BYTES, ranged(2, 2))
    with script(say(good + good, then=lambda peer: time.sleep(0.5)), say(good)) as server, once(server.url) as client:
        client.read(NAME, KEY, 2)
        client.read(NAME, KEY, 2)
        assert server.connections == 2


def test_secrets_are_in_no_repr() -> None:
    with script(say()) as server, once(server.url) as client:
        assert bearer(KEY) not in repr(client)
        with pytest.raises(Unreachable) as caught:
            client.read(NAME, KEY, 0)
    request = next(frame.f_locals["request"] for frame in _frames(caught.value) if "request" in frame.f_locals)
    assert bearer(KEY) not in repr(request)


def _frames(error: BaseException) -> Iterator[FrameType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


# --- trying again --------------------------------------------------------------------------------


def patient(url: str, slept: list[float], tries: int = 4) -> RelayClient:
    return RelayClient(
        url, timeouts=QUICK, backoff=Backoff(0.25, 30.0, tries, 60.0), sleep=slept.append, chance=lambda: 0.5
    )


def refuse(name: str, *more: str) -> Act:
    return say(answer(f"{REFUSALS[name].status} X", JSON, json.dumps({"error": name}).encode(), *more))


GOOD = say(answer(OK, BYTES, ranged(2, 2)))


def test_what_passes_is_tried_again_with_growing_waits() -> None:
    slept: list[float] = []
    with script(say(), refuse("unavailable"), say(answer("502 X", "text/html", b"")), GOOD) as server:
        with patient(server.url, slept) as client:
            client.read(NAME, KEY, 2)
        assert server.connections == 4
    assert slept == [0.1875, 0.375, 0.75]


def test_it_gives_up_in_the_end() -> None:
    slept: list[float] = []
    with script(say()) as server, patient(server.url, slept, 3) as client:
        assert code(lambda: client.read(NAME, KEY, 2), Unreachable) == "broken"
        assert server.connections == 3
    assert len(slept) == 2


@pytest.mark.parametrize("name", sorted(set(REFUSALS) - {"rate", "unavailable"}))
def test_a_no_is_taken_for_an_answer(name: str) -> None:
    slept: list[float] = []
    with script(refuse(name)) as server, patient(server.url, slept) as client:
        assert code(lambda: client.append(NAME, KEY, frames(1)), RelayRefused) == name
        assert server.connections == 1
    assert slept == []


@pytest.mark.parametrize(
    ("stated", "wait"),
    [("7", 7.1875), ("0", 0.1875), ("999999", 60.1875), ("-5", 0.1875), ("soon", 0.1875), ("9" * 400, 0.1875),
     ("Wed, 21 Oct 2065 07:28:00 GMT", 0.1875), ("1e9", 0.1875)],
)  # fmt: skip
def test_retry_after_is_honoured_within_bounds(stated: str, wait: float) -> None:
    slept: list[float] = []
    with script(refuse("rate", f"Retry-After: {stated}"), GOOD) as server, patient(server.url, slept) as client:
        client.read(NAME, KEY, 2)
    assert slept == [wait]


def test_waits_double_up_to_a_bound_and_are_never_nothing() -> None:
    backoff = Backoff(first=0.5, most=8.0)
    assert [backoff.delay(n, 0.999) for n in range(1, 8)] == pytest.approx([0.5, 1, 2, 4, 8, 8, 8], rel=0.01)
    assert [backoff.delay(n, 0.0) for n in (1, 2, 9, 10_000)] == [0.25, 0.5, 4.0, 4.0]


# --- the way there -------------------------------------------------------------------------------


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_nobody_there() -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    assert code(lambda: once(url).info(), Unreachable) == "refused"


def test_a_name_that_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*given: object, **more: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    assert code(lambda: once("https://relay.example").info(), Unreachable) == "name"


def test_a_localhost_that_lies_elsewhere_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Elsewhere(socket.socket):
        def getpeername(self) -> tuple[str, int]:
            return ("192.0.2.7", 80)

    with script(say()) as server:
        peer = Elsewhere()
        peer.connect(("127.0.0.1", server.port))
        monkeypatch.setattr(socket, "create_connection", lambda *given, **more: peer)
        assert code(lambda: once(f"http://localhost:{server.port}").info(), Misuse) == "plain"


@pytest.fixture
def proxied(relay: RelayProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[SocksProxy, str, list[object]]]:
    """A proxy before the relay, and a list of whatever else is looked up or contacted."""
    proxy = SocksProxy(relay.port)
    with script(proxy.act) as server:
        contacted: list[object] = []
        look_up, connect = socket.getaddrinfo, socket.socket.connect
        here = threading.current_thread()

        def watched_look_up(host: object, *more: object, **others: object) -> object:
            if threading.current_thread() is here:
                contacted.append(host)
            return look_up(host, *more, **others)  # type: ignore[arg-type]

        def watched_connect(self: socket.socket, address: object) -> None:
            if threading.current_thread() is here:
                contacted.append(address)
            connect(self, address)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", watched_look_up)
        monkeypatch.setattr(socket.socket, "connect", watched_connect)
        for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy", "socks_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
            monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
        monkeypatch.setenv("no_proxy", "*")
        monkeypatch.setenv("NO_PROXY", "*")
        yield proxy, f"socks5h://127.0.0.1:{server.port}", contacted
        allowed = {"127.0.0.1", ("127.0.0.1", server.port)}
        assert set(contacted) <= allowed, contacted


def test_through_a_proxy_names_are_left_to_it(proxied: tuple[SocksProxy, str, list[object]]) -> None:
    proxy, url, contacted = proxied
    with RelayClient("http://abcdefg.onion", proxy=url, isolation="channel-7", backoff=ONCE) as client:
        log = Log.found(client)
        client.append(log.name, log.credential, frames(1))
    with RelayClient("http://abcdefg.onion:8000", proxy=url, isolation="other", backoff=ONCE) as client:
        client.info()
    with RelayClient("http://abcdefg.onion", proxy=url.replace("//", "//user:pass@"), backoff=ONCE) as client:
        client.info()
    with RelayClient("http://abcdefg.onion", proxy=url, backoff=ONCE) as client:
        client.info()
    assert proxy.asked == [(3, "abcdefg.onion", 80), (3, "abcdefg.onion", 8000)] + [(3, "abcdefg.onion", 80)] * 2
    assert proxy.users == [("channel-7", "channel-7"), ("other", "other"), ("user", "pass"), None]
    assert contacted


def test_without_the_proxy_there_is_no_way(proxied: tuple[SocksProxy, str, list[object]]) -> None:
    proxy, url, contacted = proxied
    dead = f"socks5h://127.0.0.1:{closed_port()}"
    with once("https://relay.example", proxy=dead) as client:
        assert code(client.info, Unreachable) == "proxy"
    contacted.clear()
    for reply, expected in ((1, "proxy"), (2, "proxy"), (3, "refused"), (4, "refused"), (5, "refused"), (6, "timeout")):
        proxy.reply = reply
        with once("https://relay.example", proxy=url) as client:
            assert code(client.info, Unreachable) == expected
    assert {host for _, host, _ in proxy.asked} == {"relay.example"}


@pytest.mark.parametrize("act", [lambda peer: None, say(b"HTTP/1.1 400 no\r\n\r\n"), silent])
def test_a_proxy_that_is_none(act: Act) -> None:
    with script(act) as server:
        client = once("https://relay.example", proxy=f"socks5h://127.0.0.1:{server.port}")
        assert code(client.info, Unreachable) in {"proxy", "timeout", "broken"}


# --- TLS -----------------------------------------------------------------------------------------


def encrypted(act: Act, certified: tuple[Path, Path]) -> Act:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certified)

    def wrapped(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) as inner:
            act(inner)

    return wrapped


def test_tls_is_verified(certified: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    with script(encrypted(GOOD, certified)) as server:
        url = f"https://127.0.0.1:{server.port}"
        with once(url, ca_file=certified[0]) as client:
            assert client.read(NAME, KEY, 2).head == 2
        with once(url) as client:
            assert code(lambda: client.read(NAME, KEY, 2), Unreachable) == "certificate"
        with once(f"https://localhost:{server.port}", ca_file=certified[0]) as client:
            assert code(lambda: client.read(NAME, KEY, 2), Unreachable) == "certificate"
    assert not (tmp_path / "keys").exists()


def test_plain_http_at_an_https_address(certified: tuple[Path, Path], tmp_path: Path) -> None:
    with script(say(b"HTTP/1.1 400 X\r\n\r\n")) as server, once(f"https://127.0.0.1:{server.port}") as client:
        assert code(client.info, Unreachable) in {"tls", "broken", "timeout"}
    (tmp_path / "empty.pem").write_text("")
    for path in (tmp_path / "empty.pem", tmp_path / "missing.pem"):
        assert code(partial(dial.tls_context, path), Misuse) == "ca"
