"""The pushed form of reading: range answers over a WebSocket (spec/relay.md, 6)."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qs

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from backchannel.relay.access import Access
from backchannel.relay.report import refusal
from backchannel.relay.service import Relay

# What a stream is closed with, by code of the refusal that ended it.
CLOSES = {"malformed": 4400, "credential": 4401, "rotated": 4403, "rate": 4429, "unavailable": 4503, "full": 4503}
MOST_FROM_CLIENT = 1024

_START = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


async def stream(relay: Relay, socket: WebSocket) -> None:
    """Serve one stream until the client goes, sends too much, or has read all that its credential reaches."""
    await socket.accept()
    try:
        code = await _serve(relay, socket)
    except WebSocketDisconnect:
        return
    except Exception as error:
        code = CLOSES[refusal(error).code]
    if code is not None and socket.application_state is WebSocketState.CONNECTED:
        await socket.close(code)


async def _serve(relay: Relay, socket: WebSocket) -> int | None:
    """The code to close with, or None when the client is gone."""
    access = await relay.access(socket.path_params["name"], socket.headers.get("authorization"))
    (text,) = parse_qs(socket.url.query, keep_blank_values=True).get("start", ["0"])[:1]
    if not _START.fullmatch(text):
        return CLOSES["malformed"]
    news = relay.watch(access.name)
    tasks = [asyncio.ensure_future(_send(relay, socket, access, int(text), news))]
    tasks.append(asyncio.ensure_future(_receive(socket)))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        relay.unwatch(access.name, news)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _send(relay: Relay, socket: WebSocket, access: Access, start: int, news: asyncio.Event) -> int | None:
    """Range answers, each read from the store once the one before was taken (spec/relay.md 6.3)."""
    first = True
    while True:
        news.clear()
        access = await relay.renew(access)
        if access.bound is not None and start >= access.bound:
            return CLOSES["rotated"]  # spec/relay.md 6.4
        answer = await relay.read(access, start, relay.limits.range_records)
        if first or answer.end > start:  # spec/relay.md 6.2
            await socket.send_bytes(answer.raw)
        first, start = False, answer.end
        if not answer.more and access.bound is None:
            await news.wait()


async def _receive(socket: WebSocket) -> int | None:
    """Nothing that a client says matters, unless it says too much (spec/relay.md 6.4)."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        said = message.get("bytes") or (message.get("text") or "").encode()
        if len(said) > MOST_FROM_CLIENT:
            return CLOSES["malformed"]
