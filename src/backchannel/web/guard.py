"""The guard before every page: Host, Origin, session, size, and what the browser is told (spec/web.md, 1 to 3)."""

from __future__ import annotations

import sys
import traceback
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backchannel.web.sessions import Session, Sessions

STATIC = "/static/"
OPEN = ("/enter", STATIC, "/outside")
"""What is there for who has no session."""

MOST_FORM = 2_000_000
MOST_FILE = 1 << 30
UPLOADS = "/files/"
MOST_PAPER = 22_000_000
PAPERS = "/papers/"
"""Where a text is taken from a file, or an annex by its hash: that stays in memory, and is kept nowhere."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), clipboard-read=(), payment=(), usb=()",
}


class Guard:
    """ASGI middleware. What it lets through has `scope["state"]["session"]`, or is one of `OPEN`."""

    def __init__(self, app: ASGIApp, host: str, cookie: str, sessions: Sessions) -> None:
        self._app, self._host, self._cookie, self._sessions = app, host, cookie, sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, self._telling(scope, send))
        else:  # there are no WebSockets
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        problem = self._refusal(scope, headers)
        if problem is not None:
            await PlainTextResponse(f"{problem[1]}\n", problem[0])(scope, receive, send)
            return
        session = self._sessions.find(_cookie(headers, self._cookie))
        scope.setdefault("state", {})["session"] = session
        if session is None and not _within(scope["path"], OPEN):
            scope = {**scope, "path": "/outside", "raw_path": b"/outside", "query_string": b"", "method": "GET"}
        most = _most(scope["path"])
        try:
            await self._app(scope, _bounded(receive, most), send)
        except Exception as fault:  # the page says so; what it was may hold what nobody is to read in a terminal
            where = traceback.extract_tb(fault.__traceback__)[-1]
            sys.stderr.write(f"A fault in this program: {type(fault).__name__}, {where.name}, line {where.lineno}\n")

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        if headers.getlist("host") != [self._host]:
            return 421, "This is not the address of this desk."
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return 405, "This cannot be asked."
        site, entrance = headers.get("sec-fetch-site"), scope["path"] == "/enter" and scope["method"] == "GET"
        if site in ("cross-site", "same-site") and not entrance:
            return 403, "Another page asked for this, and gets nothing."
        if scope["method"] == "POST":
            origin = headers.get("origin")
            if origin != f"http://{self._host}" and not (origin is None and site == "same-origin"):
                return 403, "Another page sent this, and it was not done."
            length = headers.get("content-length", "")
            if not length.isascii() or not length.isdigit() or int(length) > _most(scope["path"]):
                return 413, "This is too long, and was not done."
        return None

    def _telling(self, scope: Scope, send: Send) -> Send:
        ancestors = "'self'" if scope["path"] == "/strip" else "'none'"

        led = False

        async def telling(message: Message) -> None:
            nonlocal led
            if led:
                return
            if message["type"] == "http.response.start":
                led = _by_a_page(scope, message)
                if led:
                    there = (b"location", f"/refused/{message['status']}".encode())
                    message = {**message, "status": 303, "headers": [there, (b"content-length", b"0")]}
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                if scope["path"].startswith(STATIC):
                    headers["Cache-Control"] = "no-cache"  # the same for everybody, and no secret
                headers["Content-Security-Policy"] = _POLICY.format(ancestors=ancestors)
            await send(message)
            if led:
                await send({"type": "http.response.body", "body": b""})

        return telling


def _by_a_page(scope: Scope, start: Message) -> bool:
    """Whether a page, and no redirect or file, would answer a form: a browser would keep what it held (3.4)."""
    to, answer = Headers(scope=scope), Headers(raw=start["headers"])
    person = scope["method"] == "POST" and to.get("sec-fetch-dest") == "document"
    return person and not 300 <= start["status"] < 400 and "content-disposition" not in answer


def _most(path: str) -> int:
    """How many bytes may come to this address."""
    return MOST_FILE + MOST_FORM if path.startswith(UPLOADS) else MOST_PAPER if path.startswith(PAPERS) else MOST_FORM


def _bounded(receive: Receive, most: int) -> Receive:
    """The same, but for a body that is longer than it said: that ends."""
    got = 0

    async def bounded() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        return message if got <= most else {"type": "http.disconnect"}

    return bounded


def _within(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in places)


def _cookie(headers: Headers, name: str) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return found.value if found is not None else None


def session_of(scope: Scope) -> Session | None:
    """The session that the guard has found."""
    found = scope["state"]["session"]
    return found if isinstance(found, Session) else None
