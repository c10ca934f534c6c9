"""Matrix Synapse beside us: installed from PyPI into a folder of its own, on SQLite, over loopback only.

With PEERS=1 it is measured in this run, once for all figures. Otherwise its figures are those that bench/peers.json
recorded, and every row says so. Limits of rate are lifted; there is no federation.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvloop

from bench.load import drive

RECORDED = Path(__file__).with_name("peers.json")
CACHE = Path(__file__).parent.parent / ".build" / "peers" / "synapse"
SENDERS = 8
RATE_SECONDS = 15.0
MESSAGES = 200
DOWNLOAD = 5000
_SECRET = "for this run only"
_API = "/_matrix/client/v3"


def synapse_rate() -> tuple[str, float | None]:
    """Events a second, 8 senders to one room, each to wait for its answer."""
    figures, said = _figures()
    return f"{said}, {SENDERS} senders", figures.get("rate")


def synapse_latency() -> tuple[str, float | None, float | None]:
    """Milliseconds from sending to what another user's /sync has read: p50 and p99."""
    figures, said = _figures()
    return f"{said}, send to sync", figures.get("latency_p50"), figures.get("latency_p99")


def synapse_download() -> tuple[str, float | None]:
    """Events a second that another user reads of 5,000 in a room's past."""
    figures, said = _figures()
    return f"{said}, {DOWNLOAD} events", figures.get("download")


@functools.cache
def _figures() -> tuple[dict[str, Any], str]:
    """The figures, and how to name their source: measured now, or recorded when."""
    if os.environ.get("PEERS") == "1":
        figures = measure()
        RECORDED.write_text(json.dumps(figures, indent=1) + "\n")
        return figures, f"Matrix Synapse {figures['version']}, SQLite"
    if RECORDED.exists():
        figures = json.loads(RECORDED.read_text())
        return figures, f"Matrix Synapse {figures['version']}, SQLite (recorded {figures['date']})"
    return {}, "Matrix Synapse (not measured)"


def measure() -> dict[str, Any]:
    """All figures of one fresh server."""
    python = install()
    version = subprocess.run(
        [python, "-c", "from importlib.metadata import version; print(version('matrix-synapse'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    with server(python) as url, httpx.Client(base_url=url, timeout=60) as client:
        tokens = [register(client, f"user{n}") for n in range(SENDERS)]
        room = make_room(client, tokens)
        p50, p99 = latency(url, room, tokens)
        rate, sent = send_all(url, room, tokens, RATE_SECONDS)
        while sent < DOWNLOAD:
            sent += send_all(url, room, tokens, RATE_SECONDS)[1]
        return {
            "version": version,
            "date": datetime.now(UTC).date().isoformat(),
            "rate": rate,
            "latency_p50": p50,
            "latency_p99": p99,
            "download": download(client, room, tokens[1]),
        }


def install() -> str:
    """The interpreter of a venv that has Synapse."""
    python = str(CACHE / "bin" / "python")
    if not (CACHE / "bin" / "synapse_homeserver").exists():
        subprocess.run([sys.executable, "-m", "venv", str(CACHE)], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "matrix-synapse"], check=True)
    return python


@contextmanager
def server(python: str) -> Iterator[str]:
    """A running server on a free port of the loopback interface, its files in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        config = folder / "homeserver.yaml"
        config.write_text(json.dumps(_config(folder, port)))  # JSON is YAML
        command = [python, "-m", "synapse.app.homeserver", "-c", str(config)]
        subprocess.run([*command, "--generate-keys"], check=True, capture_output=True, cwd=folder)
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                yield _ready(f"http://127.0.0.1:{port}", process)
            finally:
                process.terminate()
                process.wait(30)


def _config(folder: Path, port: int) -> dict[str, Any]:
    free = {"per_second": 1_000_000, "burst_count": 1_000_000}
    (folder / "log.yaml").write_text('{"version": 1, "root": {"level": "ERROR"}}')
    return {
        "server_name": "localhost",
        "pid_file": str(folder / "pid"),
        "log_config": str(folder / "log.yaml"),
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "report_stats": False,
        "trusted_key_servers": [],
        "federation_domain_whitelist": [],
        "registration_shared_secret": _SECRET,
        "macaroon_secret_key": _SECRET,
        "form_secret": _SECRET,
        "database": {"name": "sqlite3", "args": {"database": str(folder / "synapse.db")}},
        "listeners": [
            {
                "port": port,
                "type": "http",
                "tls": False,
                "bind_addresses": ["127.0.0.1"],
                "resources": [{"names": ["client"]}],
            }
        ],
        **dict.fromkeys(("rc_message", "rc_registration", "rc_room_creation"), free),
        "rc_joins": {"local": free, "remote": free},
        "rc_login": {"address": free, "account": free, "failed_attempts": free},
        "rc_joins_per_room": free,
        "presence": {"enabled": False},
    }


def _ready(url: str, process: subprocess.Popen[bytes]) -> str:
    for _ in range(240):
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                return url
        except httpx.TransportError:
            time.sleep(0.25)
    raise RuntimeError("Synapse did not start")


def register(client: httpx.Client, user: str) -> str:
    """A new user's access token."""
    path = "/_synapse/admin/v1/register"
    nonce = client.get(path).raise_for_status().json()["nonce"]
    message = "\0".join((nonce, user, "password", "notadmin"))
    mac = hmac.new(_SECRET.encode(), message.encode(), hashlib.sha1).hexdigest()
    body = {"nonce": nonce, "username": user, "password": "password", "admin": False, "mac": mac}
    return str(client.post(path, json=body).raise_for_status().json()["access_token"])


def make_room(client: httpx.Client, tokens: list[str]) -> str:
    """A room that every user has joined."""
    made = client.post(f"{_API}/createRoom", json={"preset": "public_chat"}, headers=_auth(tokens[0]))
    room = str(made.raise_for_status().json()["room_id"])
    for token in tokens[1:]:
        client.post(f"{_API}/join/{room}", json={}, headers=_auth(token)).raise_for_status()
    return room


def send_all(url: str, room: str, tokens: list[str], seconds: float) -> tuple[float, int]:
    """Events a second that all users together send, and how many they sent."""
    host, port = url.removeprefix("http://").split(":")
    start = time.monotonic_ns()

    def requests(token: str) -> Iterator[bytes]:
        number = 0
        body = json.dumps({"msgtype": "m.text", "body": "x" * 1000}).encode()
        while True:
            number += 1
            path = f"{_API}/rooms/{room}/send/m.room.message/{start}.{number}"
            head = f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
            yield f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    sources: list[Callable[[], Iterator[bytes]]] = [
        lambda token=token: requests(token)  # type: ignore[misc]
        for token in tokens
    ]
    load = uvloop.run(drive(host, int(port), sources, seconds))
    return load.rate, len(load.latencies)


def latency(url: str, room: str, tokens: list[str]) -> tuple[float, float]:
    """Milliseconds, p50 and p99, from before one user sends to when another's /sync has the event."""
    arrived: dict[str, float] = {}
    news = threading.Condition()
    stop = threading.Event()
    with httpx.Client(base_url=url, timeout=60) as reader:
        since = reader.get(f"{_API}/sync", headers=_auth(tokens[1])).raise_for_status().json()["next_batch"]

    def read(since: str) -> None:
        with httpx.Client(base_url=url, timeout=60) as reader:
            while not stop.is_set():
                query = {"since": since, "timeout": "1000"}
                answer = reader.get(f"{_API}/sync", params=query, headers=_auth(tokens[1])).json()
                now, since = time.perf_counter(), answer["next_batch"]
                rooms = answer.get("rooms", {}).get("join", {})
                events = rooms.get(room, {}).get("timeline", {}).get("events", [])
                with news:
                    arrived.update({event["content"].get("body", ""): now for event in events})
                    news.notify()

    thread = threading.Thread(target=read, args=(since,))
    thread.start()
    taken = []
    with httpx.Client(base_url=url, timeout=60) as sender:
        for number in range(MESSAGES):
            body, before = f"message {number}", time.perf_counter()
            path = f"{_API}/rooms/{room}/send/m.room.message/l{number}"
            content = {"msgtype": "m.text", "body": body}
            sender.put(path, json=content, headers=_auth(tokens[0])).raise_for_status()
            with news:
                if not news.wait_for(lambda body=body: body in arrived, timeout=20):  # type: ignore[misc]
                    raise RuntimeError("a message did not arrive")
            taken.append((arrived[body] - before) * 1e3)
    stop.set()
    thread.join(30)
    return statistics.median(taken), sorted(taken)[int(len(taken) * 0.99) - 1]


def download(client: httpx.Client, room: str, token: str) -> float:
    """Events a second that a user pages back through."""
    start, got, at = time.perf_counter(), 0, ""
    while got < DOWNLOAD:
        query = {"dir": "b", "limit": "1000", **({"from": at} if at else {})}
        answer = client.get(f"{_API}/rooms/{room}/messages", params=query, headers=_auth(token)).json()
        if not answer["chunk"]:
            raise RuntimeError("the room's past ended too early")
        got, at = got + len(answer["chunk"]), answer["end"]
    return got / (time.perf_counter() - start)


def _auth(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
