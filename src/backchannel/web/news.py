"""That something is new: a stream of numbers for scripts, a strip that refreshes itself without (spec/web.md, 5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from backchannel.web.door import own
from backchannel.web.entrance import House

MOST_STREAMS = 64
LIVE_SECONDS = 20.0
"""How often a stream says that it is there."""


async def live(house: House, streams: CapacityLimiter, request: Request) -> Response:
    """A stream that says, by a number, that something is new."""
    keeper = house.keeper

    async def news() -> AsyncIterator[str]:
        seen = keeper.version
        yield f"retry: 1000\ndata: {seen}\n\n"
        while not await request.is_disconnected():
            # streams wait in threads of their own: pages must not wait for them
            now = await to_thread.run_sync(keeper.wait, seen, LIVE_SECONDS, limiter=streams)
            yield f"data: {now}\n\n" if now != seen else ": still here\n\n"
            seen = now

    return StreamingResponse(news(), media_type="text/event-stream")


async def strip(house: House, request: Request) -> Response:
    """The status strip, where no scripts run: it refreshes itself, and says whether the page is old."""
    fresh = request.query_params.get("seen", "") == str(house.keeper.version)
    facts = {"state": house.keeper.state, "fresh": fresh, "at": own(request.query_params.get("at", "/"))}
    return house.show(request, "strip.html", facts)


def routes(house: House) -> list[Route]:
    """Their addresses."""
    streams = CapacityLimiter(MOST_STREAMS)
    return [Route("/live", partial(live, house, streams)), Route("/strip", partial(strip, house))]
