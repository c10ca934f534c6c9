"""Groups: what is committed together, and what happens to all of it when a disk fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from backchannel.relay.limits import Limits
from backchannel.relay.memory import MemoryStore
from backchannel.relay.refusals import refuse
from backchannel.relay.store import Change
from tests.relay.host import FREE, SEED, Channel, FaultyStore, Host, frame, hosted, token, with_host


class GatedStore(FaultyStore):
    """Commits wait at a gate, so that a test can let requests gather."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(SEED))
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()

    def commit(self, changes: Sequence[Change]) -> None:
        self.waiting.set()
        assert self.gate.wait(20)
        super().commit(changes)


def test_concurrent_appends_are_committed_as_groups() -> None:
    store = GatedStore()

    async def test(host: Host) -> None:
        channels = [await host.founded(n) for n in range(3)]
        store.commits.clear()
        store.gate.clear()
        store.waiting.clear()
        tasks = [asyncio.ensure_future(host.client.post(**channels[0].append([frame(0)])))]
        await asyncio.to_thread(store.waiting.wait)
        tasks += [asyncio.ensure_future(host.client.post(**channels[n % 3].append([frame(n)]))) for n in range(1, 31)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in tasks)  # nothing is acknowledged before it is durable
        store.gate.set()
        done = await asyncio.gather(*tasks)
        assert {response.status_code for response in done} == {200}
        assert len(store.commits) == 2  # the first alone, the other thirty in three logs together
        assert len(store.commits[1]) == 3

    with_host(test, store)


def test_a_request_that_is_cancelled_does_not_hold_up_the_others() -> None:
    store = GatedStore()

    async def test(host: Host) -> None:
        channel = await host.founded()
        store.gate.clear()
        tasks = [asyncio.ensure_future(host.client.post(**channel.append([frame(n)]))) for n in range(3)]
        await asyncio.sleep(0.05)
        tasks[1].cancel()
        await asyncio.sleep(0)
        store.gate.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        codes = [r.status_code if isinstance(r, httpx.Response) else type(r).__name__ for r in done]
        assert codes == [200, "CancelledError", 200]

    with_host(test, store)


def test_closing_waits_for_what_was_asked_before() -> None:
    store = GatedStore()

    async def run() -> httpx.Response:
        async with hosted(store) as host:
            channel = await host.founded()
            store.gate.clear()
            task = asyncio.ensure_future(host.client.post(**channel.append([frame(0)])))
            await asyncio.sleep(0.05)
            asyncio.get_running_loop().call_later(0.1, store.gate.set)
        return await task

    assert asyncio.run(run()).status_code == 200


# --- faults ---------------------------------------------------------------------------------------

FULL, DOWN, BUG = refuse("full"), refuse("unavailable"), ZeroDivisionError("a secret")

# operation, before or after it took effect, error, code of the answer
FAULTS: list[tuple[str, str, Exception, str]] = [
    ("commit", "before", FULL, "full"),
    ("commit", "before", DOWN, "unavailable"),
    ("commit", "before", BUG, "unavailable"),
    ("commit", "after", FULL, "full"),
    ("commit", "after", DOWN, "unavailable"),
    ("commit", "after", BUG, "unavailable"),
]


def requests(channel: Channel) -> dict[str, dict[str, Any]]:
    """Every kind of write, on a log that holds frame 0."""
    return {
        "append": channel.append([frame(5), frame(6)]),
        "erase": channel.erasure(0, token(0)),
        "rotate": channel.rotation(channel.rotated(1), frame(7)),
        "found": {"url": Channel(8).path, "json": Channel(8).keys},
    }


@pytest.mark.parametrize(("operation", "when", "error", "code"), FAULTS)
@pytest.mark.parametrize("kind", ["append", "erase", "rotate", "found"])
def test_a_failed_commit_is_told_and_may_be_repeated(
    kind: str, operation: str, when: str, error: Exception, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store = FaultyStore(MemoryStore(SEED))

    async def test(host: Host) -> None:
        channel = await host.founded()
        await host.client.post(**channel.append([frame(0)]))
        before = await host.read(channel)
        request = requests(channel)[kind]
        getattr(store, when)[operation] = [error]
        failed = await host.client.post(**request)
        assert failed.json()["error"] == code
        assert "secret" not in failed.text
        if when == "before":
            assert (await host.read(channel)).root() == before.root()
        # The same request once more: done now, or found done.
        done = await host.client.post(**request)
        assert done.status_code in (200, 201), done.text
        indices = done.json().get("indices") or [done.json().get("index")]
        assert indices == {"append": [1, 2], "erase": [1], "rotate": [1], "found": [None]}[kind]
        reader = channel.rotated(1) if kind == "rotate" else channel
        assert (await host.read(reader)).size == {"append": 3, "found": 1}.get(kind, 2)

    with_host(test, store)
    told = capsys.readouterr().err
    assert told == ("relay: ZeroDivisionError at host.py:" + told.rpartition(":")[2] if error is BUG else "")


def test_a_failed_group_takes_everyone_in_it_along_and_nobody_else() -> None:
    store = FaultyStore(MemoryStore(SEED))

    async def test(host: Host) -> None:
        a, b = await host.founded(0), await host.founded(1)
        for channel in (a, b):
            await host.client.post(**channel.append([frame(0)]))
        store.before["commit"] = [FULL]
        group = [
            host.client.post(**a.append([frame(1)])),
            host.client.post(**b.append([frame(2)])),
            host.client.post(**a.erasure(0, token(9))),
            host.client.get(**a.reading()),
        ]
        codes = [response.status_code for response in await asyncio.gather(*group)]
        assert codes == [507, 507, 403, 200]
        assert [(await host.read(channel)).size for channel in (a, b)] == [1, 1]
        assert (await host.client.post(**b.append([frame(2)]))).json() == {"indices": [1], "size": 2}

    with_host(test, store)


def test_a_store_that_does_not_even_answer_after_a_failed_commit() -> None:
    store = FaultyStore(MemoryStore(SEED))

    async def test(host: Host) -> None:
        channel = await host.founded()
        await host.client.post(**channel.append([frame(0)]))
        store.after["commit"] = [DOWN]
        store.before["log"] = [DOWN]
        assert (await host.client.post(**channel.append([frame(1)]))).status_code == 503
        assert (await host.client.post(**channel.append([frame(1)]))).json() == {"indices": [1], "size": 2}
        assert (await host.read(channel)).size == 2

    with_host(test, store)


READ_FAULTS = [("read", "entries?start=0"), ("log", "checkpoint"), ("leaves", "checkpoint")]


@pytest.mark.parametrize(("operation", "path"), READ_FAULTS)
def test_a_failed_read_is_told_and_changes_nothing(operation: str, path: str) -> None:
    inner = MemoryStore(SEED)

    async def run() -> None:
        async with hosted(inner) as host:
            channel = await host.founded()
            await host.client.post(**channel.append([frame(0)]))
        store = FaultyStore(inner)
        async with hosted(store) as host:  # a new relay, which has not loaded the log
            store.before[operation] = [DOWN]
            failed = await host.client.get(f"{channel.path}/{path}", headers=channel.auth)
            assert failed.json()["error"] == "unavailable"
            assert (await host.client.get(f"{channel.path}/{path}", headers=channel.auth)).status_code == 200

    asyncio.run(run())


def test_health_is_whether_the_store_can_be_written() -> None:
    store = FaultyStore(MemoryStore(SEED))

    async def test(host: Host) -> None:
        store.before["probe"] = [FULL, None]
        assert (await host.client.get("/v1/health")).json()["error"] == "full"
        asked = await asyncio.gather(*(host.client.get("/v1/health") for _ in range(9)))
        assert {response.status_code for response in asked} == {200}
        assert store.before["probe"] == []  # one write for all who asked at once
        store.before["probe"] = [FULL]
        assert (await host.client.get("/v1/health")).status_code == 200  # asked a moment ago
        host.ticks.now += 2
        assert (await host.client.get("/v1/health")).status_code == 507

    with_host(test, store)


# --- memory ---------------------------------------------------------------------------------------


def test_long_unused_logs_are_forgotten_and_read_anew() -> None:
    store = FaultyStore(MemoryStore(SEED))

    async def test(host: Host) -> None:
        channels = [await host.founded(n) for n in range(6)]
        for channel in channels:
            await host.client.post(**channel.append(frame(n) for n in range(10)))
        assert len(host.relay._book._logs) <= 3
        for channel in channels:
            assert (await host.client.post(**channel.append([frame(3), frame(11)]))).json()["indices"] == [3, 10]
            assert (await host.read(channel)).size == 11

    with_host(test, store, Limits(**{**{f: getattr(FREE, f) for f in FREE.__struct_fields__}, "loaded_leaves": 25}))
