"""A log as it grows: ranges pushed over a WebSocket, taken up again after a break where it left off."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from backchannel.desk.link.answers import fault, intercepted, refusal, refused, seconds
from backchannel.desk.link.client import MOST_RANGE, RelayClient, bearer, parse_range, passing, path
from backchannel.desk.link.dial import told, unreachable
from backchannel.desk.link.patience import Deadline
from backchannel.errors import BackchannelError, RelayRefused, Unreachable
from backchannel.ledger.wire import MOST_RECORDS, Range

PING_EVERY = 25.0
PING_WAIT = 20.0
_CLOSE_WAIT = 1.0

# Close code -> the error (spec/relay.md, 6; RFC 6455, 7.4). Others are a break, and the stream is taken up again.
_CLOSED: dict[int, Callable[[], BackchannelError]] = {
    1002: intercepted,
    1007: lambda: fault("answer"),
    1009: lambda: fault("length"),
    4400: lambda: refusal("malformed"),
    4401: lambda: refusal("credential"),
    4403: lambda: refusal("rotated"),
    4429: lambda: refusal("rate"),
}

# websockets writes the handshake, credential included, to its logger at debug level.
_SILENT = logging.Logger("backchannel.silent", logging.CRITICAL + 1)
_SILENT.disabled = True


class _Line(ClientConnection):
    """A connection whose refused handshake is ours to read: websockets would look for a redirect in it."""

    def handshake(self, *given: Any, **more: Any) -> None:
        try:
            super().handshake(*given, **more)
        except InvalidStatus as error:
            answer = error.response
            media = (answer.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
            wait = seconds(answer.headers.get("Retry-After") or "")
            raise refused(answer.status_code, media, bytes(answer.body or b""), wait) from error


class Stream(Iterator[Range]):
    """Ranges from `start` on, each beginning where the last ended, for ever; the first at once, also when it is empty.

    A break is waited out with the client's backoff and the stream taken up where it stopped: `heard(error)` is told of
    the break, and `heard(None)` when the relay is back. Ends (StopIteration) after `stop()`, from any thread. Raises
    RelayRefused `credential`; `rotated` when everything that an old credential may read has been given; RelayFault
    when the relay breaks the form; Unreachable `certificate` or `intercepted`. After an error it is at its end.
    """

    def __init__(
        self,
        client: RelayClient,
        name: str,
        credential: bytes,
        start: int,
        *,
        heard: Callable[[BackchannelError | None], None] = lambda _: None,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
        ping_every: float = PING_EVERY,
        ping_wait: float = PING_WAIT,
    ) -> None:
        self.position = start
        self._client = client
        self._target = path(name, "stream")
        self._bearer = bearer(credential)
        self._heard = heard
        self._wait = wait
        self._pings = (ping_every, ping_wait)
        self._stopped = threading.Event()
        self._turn = threading.Lock()
        self._handle: socket.socket | None = None
        self._line: ClientConnection | None = None
        self._failures = 0
        self._lost = False
        self._opened = 0.0
        self._first = True

    def __next__(self) -> Range:
        while not self._stopped.is_set():
            try:
                found = self._receive()
            except (Unreachable, RelayRefused) as error:
                self._hang_up()
                if self._stopped.is_set():
                    break
                if not passing(error):
                    self.stop()
                    raise
                self._lost = True
                # A connection that held for long was a good one; one that a relay opens only to break it was not.
                held = not self._first and self._client.clock() - self._opened > self._client.backoff.most
                self._failures = 1 if held else self._failures + 1
                self._heard(error)
                pause = self._client.backoff.delay(self._failures, self._client.chance(), getattr(error, "wait", None))
                self._wait(self._stopped, pause)
            except BaseException:
                self.stop()
                raise
            else:
                if self._lost:
                    self._lost = False
                    self._heard(None)
                if found.records:
                    self._failures = 0
                self.position += len(found.records)
                return found
        raise StopIteration

    def stop(self) -> None:
        """End the stream and its connection, from any thread; what waits in `next` returns at once."""
        self._stopped.set()
        self._hang_up()

    def _receive(self) -> Range:
        line = self._line or self._open()
        with _told():
            message = line.recv()
        if isinstance(message, str):
            raise fault("answer")
        found = parse_range(message, self.position, MOST_RECORDS)
        if not found.records and not self._first:  # spec/relay.md 6.2; it would keep a desk busy for nothing
            raise fault("range")
        self._first = False
        return found

    def _open(self) -> ClientConnection:
        client = self._client
        deadline = Deadline(client.clock, client.timeouts.connect)
        opened = client.dialer.tcp(deadline)
        with self._turn:
            # A second handle on the connection, because TLS takes over the first.
            self._handle = opened.dup()
        if self._stopped.is_set():
            opened.close()
            raise unreachable("stopped", "The stream was stopped.")
        try:
            client.lines.keep(self._handle)
            line = self._upgrade(opened, deadline)
        except BaseException:
            opened.close()
            raise
        with self._turn:
            self._line = line
        self._opened, self._first = client.clock(), True
        return line

    def _upgrade(self, opened: socket.socket, deadline: Deadline) -> ClientConnection:
        client, (every, wait) = self._client, self._pings
        scheme = "wss" if client.address.tls else "ws"
        with _told(), told():
            opened.settimeout(None)
            return connect(
                f"{scheme}://{client.address.authority}{self._target}?start={self.position}",
                sock=opened,
                ssl=client.dialer.context,
                compression=None,
                additional_headers={"Authorization": "Bearer " + self._bearer},
                user_agent_header=None,
                proxy=None,
                open_timeout=deadline.left(client.timeouts.connect),
                ping_interval=every,
                ping_timeout=wait,
                close_timeout=_CLOSE_WAIT,
                max_size=MOST_RANGE,
                max_queue=2,
                logger=_SILENT,
                create_connection=_Line,
                legacy=True,
            )

    def _hang_up(self) -> None:
        with self._turn:
            line, self._line = self._line, None
            handle, self._handle = self._handle, None
        if line is not None:
            line.close()
        if handle is not None:
            with suppress(OSError):  # it may have ended by itself
                handle.shutdown(socket.SHUT_RDWR)
            self._client.lines.close(handle)


@contextmanager
def _told() -> Iterator[None]:
    """Turn what websockets raises into our errors."""
    try:
        yield
    except ConnectionClosed as error:
        known = [end.code for end in (error.rcvd, error.sent) if end is not None and end.code in _CLOSED]
        if known:
            raise _CLOSED[known[0]]() from error
        raise unreachable("broken", "The connection to the relay broke.") from error
    except InvalidHandshake as error:
        if isinstance(error.__cause__, EOFError):
            raise unreachable("broken", "The connection to the relay broke.") from error
        raise intercepted() from error
    except WebSocketException as error:
        raise unreachable("broken", "The connection to the relay broke.") from error
