"""The description that the relay serves is what it does: Schemathesis makes the requests."""

from __future__ import annotations

import asyncio
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings

from backchannel.relay.app import create_app
from backchannel.relay.limits import Limits
from backchannel.relay.memory import MemoryStore
from backchannel.relay.openapi import description
from backchannel.relay.refusals import REFUSALS
from backchannel.relay.service import Relay
from tests.relay.host import FREE, SEED, Channel, Clock

SCHEMA = schemathesis.openapi.from_dict(description(Limits()))
CHANNEL = Channel()


class Served:
    """An ASGI application with a relay of its own for every request's event loop, on one store."""

    def __init__(self) -> None:
        self.store = MemoryStore(SEED)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        relay = Relay(self.store, FREE, Clock(), Clock())
        try:
            await create_app(lambda: relay)(scope, receive, send)
        finally:
            await relay.close()


SCHEMA.app = APP = Served()


@SCHEMA.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_relay_does_what_it_says(case: Any) -> None:
    if "name" in (case.path_parameters or {}) and case.path_parameters["name"].startswith("0"):
        case.path_parameters["name"] = CHANNEL.name
    case.call_and_validate(headers=CHANNEL.auth)


def test_every_refusal_has_a_documented_status() -> None:
    documented = {
        int(status)
        for path in description(Limits())["paths"].values()
        for operation in path.values()
        for status in operation["responses"]
    }
    # 404 and 405 also answer what is no operation; 410 is reserved.
    assert {status for status, _, _ in REFUSALS.values()} - documented == {405, 410}


def test_loops_do_not_outlive_their_requests() -> None:
    async def run() -> None:
        relay = Relay(APP.store, FREE, Clock(), Clock())
        await relay.close()

    asyncio.run(run())
