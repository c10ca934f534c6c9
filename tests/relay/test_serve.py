"""The relay as a real process: start, stop, TLS aside; streams; and what a client can do to its sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
import websockets

from backchannel.errors import Misuse
from backchannel.ledger.history import History
from backchannel.ledger.wire import decode_range
from backchannel.relay.serve import open_store, serve
from backchannel.relay.verify import verify_store
from tests.relay.host import FAST, Channel, RelayProcess, frame, running, start, token


def found(relay: RelayProcess, number: int = 0) -> Channel:
    channel = Channel(number)
    assert httpx.post(relay.url + channel.path, json=channel.keys).status_code == 201
    return channel


def post(relay: RelayProcess, request: dict[str, object]) -> httpx.Response:
    return httpx.post(relay.url + str(request.pop("url")), **request)  # type: ignore[arg-type]


def test_it_starts_stops_and_starts_again(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    relay = start(path)
    channel = found(relay)
    assert post(relay, channel.append([frame(0)])).json()["size"] == 1
    assert relay.stop() == 0
    assert relay.process.communicate() == ("", "")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["relay.db", "relay.db.lock"]
    with running(path) as again:
        assert again.key == relay.key
        assert post(again, channel.append([frame(1)])).json() == {"indices": [1], "size": 2}
    assert verify_store(f"sqlite:{path}").ok


def test_nothing_but_what_was_asked_is_in_an_answer(tmp_path: Path) -> None:
    with running(tmp_path / "relay.db") as relay:
        response = httpx.get(f"{relay.url}/v1/relay")
        assert set(response.headers) == {"content-type", "content-length"}
        assert response.json()["key"] == relay.key.encode()


def test_a_second_process_on_the_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    with running(path):
        with pytest.raises(RuntimeError, match="Another relay has") as caught:
            start(path)
        assert "Traceback" not in str(caught.value)


def test_it_listens_on_a_unix_socket(tmp_path: Path) -> None:
    uds = tmp_path / "s"
    with running(tmp_path / "relay.db", "--uds", str(uds)) as relay:
        assert relay.url == f"unix:{uds}"
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(uds))) as client:
            assert client.get("http://relay/v1/health").json() == {"ok": True}


def test_a_request_in_progress_is_finished_before_it_stops(tmp_path: Path) -> None:
    with running(tmp_path / "relay.db", *FAST) as relay:
        channel = found(relay)
        host, port = relay.url.removeprefix("http://").split(":")
        request = channel.append([frame(0)])
        content = request["content"]
        head = (
            f"POST {request['url']} HTTP/1.1\r\nHost: x\r\nAuthorization: {channel.auth['Authorization']}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        with socket.create_connection((host, int(port)), timeout=20) as client:
            client.sendall(head.encode() + content[:5])
            time.sleep(0.3)
            relay.process.terminate()
            time.sleep(0.3)
            client.sendall(content[5:])
            answer = client.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200")
        assert relay.process.wait(20) == 0


def test_serving_in_a_thread_and_other_stores(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match="no store"):
        serve("nats://somewhere")
    open_store("memory:").close()
    heard: list[tuple[str, str]] = []
    ready = threading.Event()

    def listening(url: str, key: str) -> None:
        heard.append((url, key))
        ready.set()

    thread = threading.Thread(target=serve, args=("memory:",), kwargs={"ready": listening}, daemon=True)
    thread.start()
    assert ready.wait(20)
    assert httpx.get(f"{heard[0][0]}/v1/relay").json()["key"] == heard[0][1]


def test_a_read_only_file_is_told_and_reading_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    with running(path, *FAST, "--log-bytes", "700") as relay:
        channel = found(relay)
        assert post(relay, channel.append([frame(0, 500)])).status_code == 200
        assert post(relay, channel.append([frame(1, 500)])).json()["error"] == "full"
        assert httpx.get(relay.url + channel.path + "/entries?start=0", headers=channel.auth).status_code == 200


FULL_DISK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, resource.RLIM_INFINITY))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from backchannel.relay.__main__ import main
import threading
def lift():
    sys.stdin.readline()
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print("lifted", flush=True)
threading.Thread(target=lift, daemon=True).start()
sys.exit(main())
"""


def test_a_disk_that_takes_no_more_and_then_does_again(tmp_path: Path) -> None:
    """The operating system refuses to let the files grow (a full disk in all but name), then allows it again."""
    code = FULL_DISK.replace("MOST_BYTES", str(1 << 20))
    command = [sys.executable, "-c", code, "--store", f"sqlite:{tmp_path / 'relay.db'}", *FAST]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = process.stdout.readline().split()[3]
            channel = Channel()
            with httpx.Client(base_url=url) as client:
                assert client.post(channel.path, json=channel.keys).status_code == 201
                size, refused = 0, None
                for n in range(40):
                    response = client.post(**channel.append([frame(n, 100_000)]))
                    if response.status_code != 200:
                        refused = response
                        break
                    size = response.json()["size"]
                assert refused is not None
                assert refused.json()["error"] in {"full", "unavailable"}
                assert size > 3
                answer = decode_range(client.get(**channel.reading()).content)
                assert (answer.head, len(answer.records)) == (size, size)
                process.stdin.write("\n")
                process.stdin.flush()
                assert process.stdout.readline() == "lifted\n"
                response = client.post(**channel.append([frame(n, 100_000)]))
                assert response.json() == {"indices": [size], "size": size + 1}
                assert client.get("/v1/health").status_code == 200
        finally:
            process.terminate()
    assert verify_store(f"sqlite:{tmp_path / 'relay.db'}").ok


# --- streams --------------------------------------------------------------------------------------


class Stream:
    """One stream, read as a desk does."""

    def __init__(self, relay: RelayProcess, channel: Channel, **query: object) -> None:
        args = "&".join(f"{name}={value}" for name, value in query.items())
        self.connection = websockets.connect(
            f"{relay.url.replace('http', 'ws')}{channel.path}/stream?{args}",
            additional_headers=channel.auth,
            compression=None,
            max_size=1 << 24,
        )


async def follow(socket: websockets.ClientConnection, history: History, until: int) -> None:
    while history.size < until:
        raw = await asyncio.wait_for(socket.recv(), 20)
        assert isinstance(raw, bytes)
        history.commit(history.check(decode_range(raw), time.time()))


async def closed(socket: websockets.ClientConnection) -> int:
    """The code with which the relay closes the stream, whatever it sends before."""
    async with asyncio.timeout(20):
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await socket.recv()
    assert socket.close_code is not None
    return socket.close_code


def test_a_stream_gives_what_is_there_and_then_what_comes(tmp_path: Path) -> None:
    async def run(relay: RelayProcess) -> None:
        channel = found(relay)
        history = channel.history(relay.key.public)
        async with httpx.AsyncClient(base_url=relay.url) as client:
            async with Stream(relay, channel, start=0).connection as socket:
                first = decode_range(bytes(await socket.recv()))  # type: ignore[arg-type]
                assert (first.head, first.start, first.records) == (0, 0, ())  # at once, though empty
                for n in range(5):
                    await client.post(**channel.append([frame(n)]))
                    await follow(socket, history, n + 1)
            await client.post(**channel.append([frame(n) for n in range(5, 9)]))
            async with Stream(relay, channel, start=5).connection as socket:  # resumed where it broke
                await follow(socket, history, 9)
                await client.post(**channel.erasure(3, token(3)))
                await follow(socket, history, 10)
        assert dict(history.erased) == {3: 9}

    with running(tmp_path / "relay.db", *FAST) as relay:
        asyncio.run(run(relay))


def test_a_rotation_closes_the_old_stream_after_its_entry(tmp_path: Path) -> None:
    async def run(relay: RelayProcess) -> None:
        channel = found(relay)
        new = channel.rotated(1)
        history = channel.history(relay.key.public)
        async with httpx.AsyncClient(base_url=relay.url) as client:
            await client.post(**channel.append([frame(0)]))
            async with Stream(relay, channel, start=0).connection as socket:
                await follow(socket, history, 1)
                await client.post(**channel.rotation(new, frame(1)))
                await client.post(**new.append([frame(2)]))
                await follow(socket, history, 2)
                assert await closed(socket) == 4403
            async with Stream(relay, channel, start=1).connection as socket:
                answer = decode_range(bytes(await socket.recv()))  # type: ignore[arg-type]
                assert (answer.head, len(answer.records)) == (3, 1)
                assert await closed(socket) == 4403
            async with Stream(relay, new, start=2).connection as socket:
                await follow(socket, history, 3)

    with running(tmp_path / "relay.db", *FAST) as relay:
        asyncio.run(run(relay))


def test_how_streams_are_refused(tmp_path: Path) -> None:
    async def run(relay: RelayProcess) -> None:
        channel = found(relay)
        stranger = Channel(0, b"s" * 32)
        unknown = Channel(9)
        for outsider in (stranger, unknown):
            async with Stream(relay, outsider, start=0).connection as socket:
                assert await closed(socket) == 4401
        for start_at in ("1", "-1", "x", "", "9" * 30):
            async with Stream(relay, channel, start=start_at).connection as socket:
                assert await closed(socket) == 4400
        async with Stream(relay, channel, start=0).connection as socket:
            await socket.send("x" * 1024)  # ignored
            await socket.send(b"y" * 1025)
            assert await closed(socket) == 4400
        async with Stream(relay, channel, start=0).connection as one:
            await one.recv()
            async with Stream(relay, channel).connection as two:
                await two.recv()
                async with Stream(relay, channel, start=0).connection as three:
                    assert await closed(three) == 4429
        await asyncio.sleep(0.2)
        async with Stream(relay, channel, start=0).connection as socket:  # there is room again
            await socket.recv()

    with running(tmp_path / "relay.db", *FAST, "--streams", "2") as relay:
        asyncio.run(run(relay))


def test_a_stream_ends_when_the_relay_stops(tmp_path: Path) -> None:
    async def run(relay: RelayProcess) -> int:
        channel = found(relay)
        async with Stream(relay, channel, start=0).connection as socket:
            await socket.recv()
            relay.process.terminate()
            return await closed(socket)

    with running(tmp_path / "relay.db", *FAST) as relay:
        assert asyncio.run(run(relay)) in {1001, 1012}
        assert relay.process.wait(20) == 0


def test_a_reader_that_does_not_read_costs_no_memory(tmp_path: Path) -> None:
    async def run(relay: RelayProcess) -> None:
        channel = found(relay)
        async with httpx.AsyncClient(base_url=relay.url, timeout=60) as client:
            await client.post(**channel.append([frame(0)]))
            before = memory(relay)
            slow = []
            for _ in range(4):
                reader, writer = await asyncio.open_connection(
                    *relay.url.removeprefix("http://").split(":"), limit=1024
                )
                writer.write(
                    f"GET {channel.path}/stream?start=0 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                    f"Authorization: {channel.auth['Authorization']}\r\n\r\n".encode()
                )
                await reader.readuntil(b"\r\n\r\n")
                writer.transport.pause_reading()  # type: ignore[attr-defined]
                slow.append((reader, writer))
            for n in range(40):  # 40 MB, of which each of the four is owed all
                await client.post(**channel.append([frame(n + 1, 1_000_000)]))
            held = memory(relay) - before
            assert held < 80 << 20, f"{held >> 20} MiB for 160 MB that nobody read"
            history = channel.history(relay.key.public)
            async with Stream(relay, channel, start=0).connection as socket:  # others are served meanwhile
                await follow(socket, history, 41)
            for _, writer in slow:
                writer.close()

    with running(tmp_path / "relay.db", *FAST) as relay:
        asyncio.run(run(relay))


def memory(relay: RelayProcess) -> int:
    """Resident bytes of the process."""
    status = Path(f"/proc/{relay.process.pid}/status")
    if not status.exists():
        pytest.skip("no /proc on this machine")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) << 10


# --- raw sockets ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
        b"POST /v1/logs/x/entries HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"GET /v1/logs/\xff\xfe/entries?start=\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/logs/%ff%00/entries?start=%ff HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_nonsense_on_the_socket_harms_nobody(raw: bytes, tmp_path: Path) -> None:
    with running(tmp_path / "relay.db") as relay:
        host, port = relay.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as client:
            try:
                client.sendall(raw)
                client.shutdown(socket.SHUT_WR)
                answer = client.recv(1 << 16)
            except OSError:  # cut off while we were sending: as good as an answer
                answer = b""
        assert b"Traceback" not in answer
        assert httpx.get(f"{relay.url}/v1/health").json() == {"ok": True}
        relay.stop()
        assert relay.process.communicate()[1] == ""


def head(relay: RelayProcess, raw: bytes) -> bytes:
    """What the relay answers to the beginning of a request, until it closes the connection."""
    host, port = relay.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as client, contextlib.suppress(OSError):
        client.sendall(raw)
        return client.recv(1 << 16)
    return b""


def test_a_head_that_is_too_large_or_too_slow_is_cut_off(tmp_path: Path) -> None:
    with running(tmp_path / "relay.db", *FAST, "--request-seconds", "0.5") as relay:
        start_at = time.monotonic()
        assert head(relay, b"GET / HTTP/1.1\r\nX: " + b"y" * 2_000_000) == b""
        assert time.monotonic() - start_at < 0.4  # for its size, not its slowness
        assert head(relay, b"") == b""
        assert head(relay, b"GET / HTTP/1.1\r\nX: y") == b""
        assert 0.9 < time.monotonic() - start_at < 5
        with httpx.Client(base_url=relay.url) as client:  # one connection lives on, however long between requests
            for _ in range(2):
                assert client.get("/v1/health").status_code == 200
                time.sleep(0.7)
        channel = found(relay)
        post(relay, channel.append([frame(0, 300_000)]))

        async def streaming() -> None:
            async with Stream(relay, channel, start=0).connection as stream:
                await stream.recv()
                await asyncio.sleep(0.7)
                await stream.ping()

        asyncio.run(streaming())


def test_the_description_is_json(tmp_path: Path) -> None:
    with running(tmp_path / "relay.db") as relay:
        assert json.loads(httpx.get(f"{relay.url}/v1/openapi.json").content)["openapi"] == "3.1.0"
