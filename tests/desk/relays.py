"""Things that answer in a relay's place: a real relay process, scripted sockets, a SOCKS5 proxy."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from backchannel.desk.link.client import RelayClient
from backchannel.labels import CONTROL, CREDENTIAL, enc
from backchannel.ledger.wire import Frame


@dataclass
class Log:
    """A founded log and its keys."""

    name: str
    credential: bytes
    control: bytes

    @classmethod
    def found(cls, client: RelayClient) -> Log:
        log = cls(os.urandom(32).hex(), os.urandom(32), os.urandom(32))
        assert client.found(log.name, *log.hashes())
        return log

    def hashes(self) -> tuple[bytes, bytes]:
        return hashed(CREDENTIAL, self.credential), hashed(CONTROL, self.control)


def hashed(label: str, secret: bytes) -> bytes:
    return hashlib.sha256(enc(label, secret)).digest()


def frames(count: int, size: int = 100) -> list[Frame]:
    return [Frame(os.urandom(32), os.urandom(size)) for _ in range(count)]


@dataclass
class RelayProcess:
    """`python -m backchannel.relay` on a store, to be killed and started again on the same port."""

    store: Path
    options: tuple[str, ...] = ()
    port: int = 0
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "backchannel.relay", "--store", f"sqlite:{self.store}"]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), *self.options], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().split()[3].rpartition(":")[2])

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None


@contextmanager
def relay_process(store: Path, *options: str) -> Iterator[RelayProcess]:
    relay = RelayProcess(store, options)
    relay.start()
    try:
        yield relay
    finally:
        relay.stop()


Act = Callable[[socket.socket], None]


@dataclass
class Script:
    """A listening socket; each connection gets its thread and the next of `acts`, the last one for ever."""

    acts: list[Act]
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _open: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(peer)
            act = self.acts[min(self.connections, len(self.acts) - 1)]
            self.connections += 1
            threading.Thread(target=self._run, args=(act, peer), daemon=True).start()

    def _run(self, act: Act, peer: socket.socket) -> None:
        with peer, suppress(OSError):
            act(peer)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self._open:
            with suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)


@contextmanager
def script(*acts: Act) -> Iterator[Script]:
    server = Script(list(acts))
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


def read_request(peer: socket.socket) -> bytes:
    """The head of one request and its body, by Content-Length; empty at the end."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        piece = peer.recv(65536)
        if not piece:
            return b""
        raw += piece
    head, _, body = raw.partition(b"\r\n\r\n")
    told = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    length = int(told[0].split(b":")[1]) if told else 0
    while len(body) < length:
        body += peer.recv(65536)
    return raw


def say(*pieces: bytes, then: Act = lambda peer: None) -> Act:
    """Read a request, answer these bytes, do `then`, close."""

    def act(peer: socket.socket) -> None:
        read_request(peer)
        for piece in pieces:
            peer.sendall(piece)
        then(peer)

    return act


def answer(status: str, media: str, body: bytes, *more: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Type: {media}", f"Content-Length: {len(body)}", *more, "", "")
    return "\r\n".join(lines).encode() + body


@dataclass
class SocksProxy:
    """SOCKS5 (RFC 1928, 1929): sends every name to `target`, and notes what it was asked for and by whom."""

    target: int
    reply: int = 0
    asked: list[tuple[int, str, int]] = field(default_factory=list)
    users: list[tuple[str, str] | None] = field(default_factory=list)

    def act(self, peer: socket.socket) -> None:
        _, count = _exactly(peer, 2)
        methods = _exactly(peer, count)
        if 2 in methods:
            peer.sendall(b"\5\2")
            _, size = _exactly(peer, 2)
            name = _exactly(peer, size)
            (size,) = _exactly(peer, 1)
            self.users.append((name.decode(), _exactly(peer, size).decode()))
            peer.sendall(b"\1\0")
        else:
            self.users.append(None)
            peer.sendall(b"\5\0")
        _, _, _, kind = _exactly(peer, 4)
        size = {1: 4, 4: 16}.get(kind) or _exactly(peer, 1)[0]
        host = _exactly(peer, size)
        port = int.from_bytes(_exactly(peer, 2), "big")
        self.asked.append((kind, host.decode() if kind == 3 else host.hex(), port))
        peer.sendall(bytes([5, self.reply, 0, 1]) + bytes(6))
        if self.reply:
            return
        with socket.create_connection(("127.0.0.1", self.target)) as onward:
            other = threading.Thread(target=_pump, args=(onward, peer), daemon=True)
            other.start()
            _pump(peer, onward)
            other.join()


def _exactly(peer: socket.socket, size: int) -> bytes:
    raw = b""
    while len(raw) < size:
        piece = peer.recv(size - len(raw))
        if not piece:
            raise ConnectionResetError
        raw += piece
    return raw


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
