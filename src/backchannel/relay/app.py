"""The relay over HTTP and WebSocket (spec/relay.md): an ASGI application. Appends go a short way of their own."""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from backchannel.errors import Malformed
from backchannel.ledger.wire import Frame, TooLong, decode_frames
from backchannel.relay.access import Access
from backchannel.relay.openapi import description
from backchannel.relay.refusals import REFUSALS, TooFast, refuse
from backchannel.relay.report import refusal
from backchannel.relay.service import Relay
from backchannel.relay.store import Keys
from backchannel.relay.stream import stream

T = TypeVar("T")

_JSON = "application/json"
_SMALL_BODY = 4096
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_MOST_NUMBER = (1 << 63) - 1
_APPEND = re.compile(r"/v1/logs/([^/]*)/entries", re.ASCII)

Hex32 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", min_length=64, max_length=64)]
Index = Annotated[int, Meta(ge=0, le=_MOST_NUMBER)]


class FoundRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """spec/relay.md, 3."""

    credential: Hex32
    control: Hex32


class EraseRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """spec/relay.md, 8."""

    index: Index
    token: Hex32


class RotateRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """spec/relay.md, 9."""

    credential: Hex32
    control: Hex32
    frame: str
    index: Index | None = None


def create_app(relay: Callable[[], Relay], lifespan: Any = None) -> Callable[..., Awaitable[None]]:
    """The ASGI application of the relay that `relay` gives once it runs."""
    routes = [
        *(Route(path, _guarded(relay, handler), methods=[method]) for method, path, handler in _ROUTES),
        WebSocketRoute("/v1/logs/{name}/stream", _streaming(relay)),
    ]
    inner = Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _no_route})
    inner.router.redirect_slashes = False

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            match = _APPEND.fullmatch(scope["path"])
            if match is not None:
                await _append(relay(), match[1], scope, receive, send)
                return
        await inner(scope, receive, send)

    return app


# --- appending ------------------------------------------------------------------------------------


async def _append(relay: Relay, name: str, scope: Scope, receive: Receive, send: Send) -> None:
    extra: tuple[tuple[bytes, bytes], ...] = ()
    try:
        headers = dict(scope["headers"])
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        access = await relay.access(name, authorization)
        limits = relay.limits
        body = await _body(receive, headers.get(b"content-length"), limits.append_bytes, limits.request_seconds)
        frames = _frames(body, limits.append_frames, limits.entry_bytes)
        done = await relay.append(access, frames)
        status, content = 200, msgspec.json.encode(done)
    except Gone:
        return
    except Exception as error:
        status, content, more = _refused(error)
        extra = tuple((key.encode(), value.encode()) for key, value in more.items())
    start: Message = {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
            *extra,
        ],
    }
    await send(start)
    await send({"type": "http.response.body", "body": content})


def _frames(body: bytes, most: int, most_body: int) -> list[Frame]:
    try:
        return decode_frames(body, most=most, most_body=most_body)
    except Malformed as error:
        raise refuse("too-large" if isinstance(error, TooLong) else "malformed", error.what) from error


# --- the other routes -----------------------------------------------------------------------------


async def _found(relay: Relay, request: Request) -> Response:
    wanted = await _json(relay, request, FoundRequest)
    keys = Keys(bytes.fromhex(wanted.credential), bytes.fromhex(wanted.control))
    made = await relay.found(_name(request), _authorization(request), keys)
    return _reply({"made": made}, 201 if made else 200)


async def _reader(relay: Relay, request: Request) -> Access:
    access = await relay.access(_name(request), _authorization(request))
    relay.may_read(access)
    return access


async def _read(relay: Relay, request: Request) -> Response:
    access = await _reader(relay, request)
    query = _query(request)
    answer = await relay.read(access, _number(query, "start"), _number(query, "limit", _MOST_NUMBER, least=1))
    return Response(answer.raw, media_type="application/octet-stream")


async def _unreached(relay: Relay, request: Request) -> Response:
    raise AssertionError("appends do not come this way")


async def _checkpoint(relay: Relay, request: Request) -> Response:
    access = await _reader(relay, request)
    query = _query(request)
    size = _number(query, "size") if "size" in query else None
    note = await relay.checkpoint(access, size)
    return Response(note, media_type="text/plain; charset=utf-8")


async def _inclusion(relay: Relay, request: Request) -> Response:
    access = await _reader(relay, request)
    query = _query(request)
    proof = await relay.inclusion(access, _number(query, "index"), _number(query, "size"))
    return _reply({"proof": [step.hex() for step in proof]})


async def _consistency(relay: Relay, request: Request) -> Response:
    access = await _reader(relay, request)
    query = _query(request)
    proof = await relay.consistency(access, _number(query, "first"), _number(query, "second"))
    return _reply({"proof": [step.hex() for step in proof]})


async def _erase(relay: Relay, request: Request) -> Response:
    access = await relay.access(_name(request), _authorization(request))
    wanted = await _json(relay, request, EraseRequest)
    return _reply({"index": await relay.erase(access, wanted.index, bytes.fromhex(wanted.token))})


async def _rotate(relay: Relay, request: Request) -> Response:
    control = await relay.controller(_name(request), _authorization(request))
    limits = relay.limits
    most = _SMALL_BODY + 2 * limits.entry_bytes
    wanted = await _json(relay, request, RotateRequest, most)
    try:
        raw = b64decode(wanted.frame, validate=True)
    except ValueError as error:
        raise refuse("malformed", "The frame is not base64.") from error
    (frame,) = _frames(raw, 1, limits.entry_bytes)
    keys = Keys(bytes.fromhex(wanted.credential), bytes.fromhex(wanted.control))
    return _reply({"index": await relay.rotate(_name(request), control, keys, frame, wanted.index)})


async def _relay(relay: Relay, request: Request) -> Response:
    limits = relay.limits
    return _reply(
        {
            "key": relay.verifier_key,
            "public_key": relay.public_key.hex(),
            "limits": {
                "entry_bytes": limits.entry_bytes,
                "append_bytes": limits.append_bytes,
                "append_frames": limits.append_frames,
                "entries_rate": limits.entries_rate,
                "entries_burst": limits.entries_burst,
                "reads_rate": limits.reads_rate,
                "reads_burst": limits.reads_burst,
                "log_bytes": limits.log_bytes,
                "streams": limits.streams,
                "range_records": limits.range_records,
                "range_bytes": limits.range_bytes,
            },
        }
    )


async def _health(relay: Relay, request: Request) -> Response:
    await relay.health()
    return _reply({"ok": True})


async def _openapi(relay: Relay, request: Request) -> Response:
    return _reply(description(relay.limits))


Handler = Callable[[Relay, Request], Awaitable[Response]]

# Beside these, POST /v1/logs/{name}/entries (see `_append`); it stands here to be named in Allow.
_ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", "/v1/logs/{name}/entries", _unreached),
    ("POST", "/v1/logs/{name}", _found),
    ("GET", "/v1/logs/{name}/entries", _read),
    ("GET", "/v1/logs/{name}/checkpoint", _checkpoint),
    ("GET", "/v1/logs/{name}/inclusion", _inclusion),
    ("GET", "/v1/logs/{name}/consistency", _consistency),
    ("POST", "/v1/logs/{name}/erase", _erase),
    ("POST", "/v1/logs/{name}/rotate", _rotate),
    ("GET", "/v1/relay", _relay),
    ("GET", "/v1/health", _health),
    ("GET", "/v1/openapi.json", _openapi),
]


def _guarded(relay: Callable[[], Relay], handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await handler(relay(), request)
        except Gone:
            return Response(status_code=400)
        except Exception as error:
            status, content, headers = _refused(error)
            return Response(content, status, headers, _JSON)

    return endpoint


def _streaming(relay: Callable[[], Relay]) -> Callable[[WebSocket], Awaitable[None]]:
    async def endpoint(socket: WebSocket) -> None:
        await stream(relay(), socket)

    return endpoint


async def _no_route(request: Request, error: Exception) -> Response:
    methods = sorted(
        method
        for route in request.app.routes
        if isinstance(route, Route) and route.path_regex.match(request.url.path)
        for method in route.methods or ()
    )
    status, content, headers = _refused(refuse("method" if methods else "unknown"))
    if methods:
        headers["allow"] = ", ".join(methods)
    return Response(content, status, headers, _JSON)


# --- requests and answers -------------------------------------------------------------------------


class Gone(Exception):
    """The client went away before its request was whole."""


async def _body(receive: Receive, announced: bytes | None, most: int, seconds: float) -> bytes:
    """The request's body; cut off as soon as it is too large, or too slow (spec/relay.md, 10)."""
    if announced is not None and (not announced.isdigit() or len(announced) > 18 or int(announced) > most):
        raise refuse("too-large")
    message = await receive()
    parts = [_part(message)]
    if message.get("more_body"):
        total = len(parts[0])
        try:
            async with asyncio.timeout(seconds):
                while message.get("more_body"):
                    message = await receive()
                    parts.append(_part(message))
                    total += len(parts[-1])
                    if total > most:
                        raise refuse("too-large")
        except TimeoutError as error:
            raise refuse("malformed", "The request did not arrive in time.") from error
    body = b"".join(parts)
    if len(body) > most:
        raise refuse("too-large")
    return body


def _part(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise Gone
    part: bytes = message.get("body", b"")
    return part


async def _json(relay: Relay, request: Request, kind: type[T], most: int = _SMALL_BODY) -> T:
    announced = request.headers.get("content-length")
    raw = await _body(
        request.receive, None if announced is None else announced.encode(), most, relay.limits.request_seconds
    )
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refuse("malformed", "The JSON is not of the form that this request needs.") from error


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    return name


def _authorization(request: Request) -> str | None:
    return request.headers.get("authorization")


def _query(request: Request) -> dict[str, str]:
    raw: bytes = request.scope["query_string"]
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, strict_parsing=bool(raw), max_num_fields=8)
    except ValueError as error:
        raise refuse("malformed", "The query cannot be read.") from error
    query = dict(pairs)
    if len(query) != len(pairs):
        raise refuse("malformed", "The query says something twice.")
    return query


def _number(query: Mapping[str, str], name: str, default: int | None = None, *, least: int = 0) -> int:
    text = query.get(name)
    if text is None and default is not None:
        return default
    if text is None or not _NUMBER.fullmatch(text) or not least <= int(text) <= _MOST_NUMBER:
        raise refuse("malformed", f"'{name}' must be a decimal number from {least} to 2^63 - 1.")
    return int(text)


def _reply(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type=_JSON)


def _refused(error: Exception) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers for an error."""
    said = refusal(error)
    status = REFUSALS[said.code][0]
    headers = {"retry-after": str(max(1, int(said.wait + 1)))} if isinstance(said, TooFast) else {}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    content = {"error": said.code, "what": said.what, "todo": said.todo}
    return status, msgspec.json.encode(content), headers
