"""HTTP/1.1 exchanges with one relay: kept-alive connections, one deadline over each exchange, bounded answers.

h11 on our own sockets rather than a client library: a library's timeouts run anew with every byte that drips in, and it
brings redirects, cookies, environment proxies and decompression, each of which would have to be kept off.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import h11

from backchannel.desk.link.answers import JSON, fault, intercepted, refused, seconds
from backchannel.desk.link.dial import Dialer, told, unreachable
from backchannel.desk.link.lines import Lines, closed
from backchannel.desk.link.patience import Deadline, Timeouts
from backchannel.errors import BackchannelError, Unreachable

_PIECE = 1 << 16
_MOST_HEAD = 1 << 14
_MOST_REFUSAL = 1 << 14
_MOST_IDLE = 4
_SLOWEST = 16384  # bytes a second that a line must take


@dataclass(frozen=True)
class Request:
    """One request. `bearer` is the base64url text of a credential; `accepts` the one media type that is an answer."""

    method: str
    target: str
    accepts: str
    most: int
    bearer: str | None = field(default=None, repr=False)
    body: bytes = field(default=b"", repr=False)
    media: str = JSON
    good: frozenset[int] = frozenset({200})


@dataclass(frozen=True)
class Answer:
    """A good answer: its status and body."""

    status: int
    body: bytes


class _Broken(Exception):
    """The connection ended before anything was answered: a kept-alive one may have been closed meanwhile."""


class Transport:
    """Exchanges over up to four kept-alive connections; usable from several threads."""

    def __init__(
        self,
        dialer: Dialer,
        timeouts: Timeouts,
        clock: Callable[[], float] = time.monotonic,
        lines: Lines | None = None,
    ) -> None:
        self._dialer, self._lines = dialer, lines or Lines()
        self._timeouts = timeouts
        self._clock = clock
        self._idle: deque[_Line] = deque()
        self._turn = threading.Lock()

    def exchange(self, request: Request) -> Answer:
        """Send `request` once and read its answer, within the total timeout.

        Raises Unreachable, RelayRefused (by the relay's code) or RelayFault. Not repeated here, but for a kept-alive
        connection that turns out to be closed: every request of relay.md may be repeated.
        """
        deadline = Deadline(self._clock, self._timeouts.total)
        while (line := self._kept()) is not None:
            try:
                return self._over(line, request, deadline)
            except _Broken:
                continue
        if self._lines.ended.is_set():
            raise closed()
        line = _Line(self._dialer.connect(deadline, self._lines.keep), self._lines, self._timeouts.idle)
        try:
            return self._over(line, request, deadline)
        except _Broken as error:
            raise unreachable("broken", "The connection to the relay broke.") from error

    def close(self) -> None:
        """End all connections, from any thread; who waits for an answer gets an error at once."""
        self._lines.end()
        with self._turn:
            while self._idle:
                self._idle.pop().close()

    def _kept(self) -> _Line | None:
        with self._turn:
            while self._idle:
                line = self._idle.pop()
                if line.quiet():
                    return line
                line.close()
        return None

    def _over(self, line: _Line, request: Request, deadline: Deadline) -> Answer:
        whole = False
        try:
            answer = line.exchange(self._dialer.address.authority, request, deadline)
            whole = line.ready()
            return answer
        except BackchannelError as error:
            # A refusal that was read to its end leaves the connection as good as before.
            whole = not isinstance(error, Unreachable) and line.ready()
            raise
        finally:
            with self._turn:
                keep = whole and not self._lines.ended.is_set() and len(self._idle) < _MOST_IDLE
                if keep:
                    self._idle.append(line)
            if not keep:
                line.close()


class _Line:
    """One connection and the state of HTTP on it."""

    def __init__(self, opened: socket.socket, lines: Lines, idle: float) -> None:
        self._socket, self._lines, self._idle = opened, lines, idle
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEAD)
        self._heard = False
        self._ended = False

    def quiet(self) -> bool:
        """Whether nothing, not even an end, has come in since the last answer."""
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return False
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def ready(self) -> bool:
        """Whether the exchange is complete on both sides and the connection may carry another."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        if self._http.trailing_data[0]:
            return False
        self._http.start_next_cycle()
        return True

    def close(self) -> None:
        """Close the connection."""
        self._lines.close(self._socket)

    def exchange(self, authority: str, request: Request, deadline: Deadline) -> Answer:
        """Send and receive. Raises _Broken when the connection ended before a byte was answered."""
        self._heard = False
        self._send(authority, request, deadline)
        event = self._next(deadline)
        while isinstance(event, h11.InformationalResponse):
            event = self._next(deadline)
        if not isinstance(event, h11.Response) or 300 <= event.status_code < 400:
            raise intercepted()
        headers = {name: value.decode("latin-1") for name, value in event.headers}
        media = headers.get(b"content-type", "").partition(";")[0].strip().lower()
        hoped = event.status_code in request.good and media == request.accepts
        if hoped and headers.get(b"content-encoding", "identity") != "identity":
            raise fault("encoding")
        body = self._body(request.most if hoped else _MOST_REFUSAL, deadline)
        if not hoped:
            raise refused(event.status_code, media, body or b"", seconds(headers.get(b"retry-after", "")))
        if body is None:
            raise fault("length")
        return Answer(event.status_code, body)

    def _send(self, authority: str, request: Request, deadline: Deadline) -> None:
        headers = [("host", authority), ("accept", request.accepts), ("accept-encoding", "identity")]
        if request.bearer is not None:
            headers.append(("authorization", "Bearer " + request.bearer))
        if request.method == "POST":
            headers += (("content-type", request.media), ("content-length", str(len(request.body))))
        parts = (
            self._http.send(h11.Request(method=request.method, target=request.target, headers=headers)),
            self._http.send(h11.Data(data=request.body)),
            self._http.send(h11.EndOfMessage()),
        )
        # A large body on a slow line: sendall's timeout is for the whole of it.
        self._socket.settimeout(deadline.left(self._idle + len(request.body) / _SLOWEST))
        try:
            with told():
                self._socket.sendall(b"".join(part or b"" for part in parts))
        except Unreachable as error:
            # The relay may have refused before it had read everything: what it said is still to be read.
            if error.code != "broken":
                raise

    def _body(self, most: int, deadline: Deadline) -> bytes | None:
        """The body, or None when it is longer than `most`."""
        content = bytearray()
        while isinstance(event := self._next(deadline), h11.Data):
            content += event.data
            if len(content) > most:
                return None
        return bytes(content)

    def _next(self, deadline: Deadline) -> object:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                if self._ended:
                    raise unreachable("broken", "The connection to the relay broke.") from error
                raise intercepted() from error
            if event is not h11.NEED_DATA:
                return event
            self._receive(deadline)

    def _receive(self, deadline: Deadline) -> None:
        self._socket.settimeout(deadline.left(self._idle))
        try:
            with told():
                data = self._socket.recv(_PIECE)
        except Unreachable as error:
            if error.code == "broken" and not self._heard:
                raise _Broken from error
            raise
        if not data:
            if not self._heard:
                raise _Broken
            self._ended = True
        self._heard = True
        self._http.receive_data(data)
