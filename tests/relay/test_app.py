"""Every route: what it does, and what it refuses."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from backchannel.errors import RelayRefused
from backchannel.ledger.checkpoint import open_checkpoint
from backchannel.ledger.leaf import ARRIVAL_UNIT, NO_ERASE, EraseRecord, arrival_unit
from backchannel.ledger.note import VerifierKey
from backchannel.ledger.origin import control_hash, origin_line
from backchannel.ledger.tree import verify_consistency, verify_inclusion
from backchannel.ledger.wire import Frame, decode_range, encode_frames
from backchannel.relay.access import encode_bearer
from backchannel.relay.limits import Limits
from backchannel.relay.refusals import REFUSALS
from backchannel.relay.store import Keys
from tests.relay.host import FREE, NOW, Channel, Host, frame, hosted, token, with_host


def refusal(response: httpx.Response) -> str:
    """The code of a refusal, which has exactly the form of spec/relay.md 2."""
    said = response.json()
    assert set(said) == {"error", "what", "todo"}
    assert REFUSALS[said["error"]][0] == response.status_code
    assert "Traceback" not in response.text
    return str(said["error"])


# --- founding -------------------------------------------------------------------------------------


def test_founding_is_idempotent_and_never_overwrites() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        again = await host.client.post(channel.path, json=channel.keys)
        assert (again.status_code, again.json()) == (200, {"made": False})
        other = await host.client.post(channel.path, json=channel.rotated(1).keys)
        assert refusal(other) == "exists"

    with_host(test)


def test_two_who_found_one_log_at_once() -> None:
    async def test(host: Host) -> None:
        channel = Channel()
        same = [host.client.post(channel.path, json=channel.keys) for _ in range(3)]
        other = host.client.post(channel.path, json=channel.rotated(1).keys)
        statuses = [response.status_code for response in await asyncio.gather(*same, other)]
        assert statuses == [201, 200, 200, 409]

    with_host(test)


def test_a_founding_code_is_asked_for() -> None:
    async def run() -> None:
        code, channel = b"f" * 32, Channel()
        async with hosted(founding_code=code) as host:
            for header in (None, encode_bearer(b"g" * 32)):
                headers = {} if header is None else {"Authorization": header}
                refused = await host.client.post(channel.path, json=channel.keys, headers=headers)
                assert refusal(refused) == "founding"
            headers = {"Authorization": encode_bearer(code)}
            made = await host.client.post(channel.path, json=channel.keys, headers=headers)
            assert made.status_code == 201

    asyncio.run(run())


def test_foundings_an_hour_are_limited() -> None:
    async def test(host: Host) -> None:
        codes = [(await host.client.post(Channel(n).path, json=Channel(n).keys)).status_code for n in range(4)]
        assert codes == [201, 201, 201, 429]
        host.ticks.now += 1200
        assert (await host.client.post(Channel(9).path, json=Channel(9).keys)).status_code == 201

    with_host(test, limits=Limits(founded_an_hour=3))


# --- appending and reading ------------------------------------------------------------------------


def test_what_was_appended_reads_back_and_verifies() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        done = await host.client.post(**channel.append([frame(0), frame(1)]))
        assert (done.status_code, done.json()) == (200, {"indices": [0, 1], "size": 2})
        host.clock.now += 2 * ARRIVAL_UNIT
        done = await host.client.post(**channel.append([frame(2)]))
        assert done.json() == {"indices": [2], "size": 3}
        history = await host.read(channel)
        assert [history.leaf(i).arrival - arrival_unit(NOW) for i in range(3)] == [0, 0, 2]

    with_host(test)


def test_a_retry_answers_with_the_first_index_and_changes_nothing() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        await host.client.post(**channel.append([frame(0), frame(1)]))
        again = await host.client.post(**channel.append([frame(1), frame(2), frame(2), frame(0)]))
        assert again.json() == {"indices": [1, 2, 2, 0], "size": 3}

    with_host(test)


def test_the_time_of_arrival_never_falls() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        await host.client.post(**channel.append([frame(0)]))
        host.clock.now -= 10 * ARRIVAL_UNIT
        await host.client.post(**channel.append([frame(1)]))
        host.clock.now += 10 * ARRIVAL_UNIT
        assert (await host.read(channel)).size == 2

    with_host(test)


def test_a_range_is_cut_by_count_and_by_bytes() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        await host.client.post(**channel.append([frame(n, size=100) for n in range(9)]))

        async def records(**query: int) -> tuple[int, int]:
            answer = decode_range((await host.client.get(**channel.reading(**query))).content)
            assert answer.head == 9
            return answer.start, len(answer.records)

        assert await records(start=0) == (0, 3)  # 250 bytes are passed at the third
        assert await records(start=4, limit=2) == (4, 2)
        assert await records(start=8, limit=2**62) == (8, 1)
        assert await records(start=9) == (9, 0)
        assert refusal(await host.client.get(**channel.reading(10))) == "malformed"
        assert (await host.read(channel)).size == 9

    with_host(test, limits=Limits(range_bytes=250, entries_rate=1e9, reads_rate=1e9))


def test_checkpoints_and_proofs() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        await host.client.post(**channel.append(frame(n) for n in range(7)))
        history = await host.read(channel)

        async def get(what: str, **query: int) -> httpx.Response:
            return await host.client.get(f"{channel.path}/{what}", params=query, headers=channel.auth)

        for query in ({}, {"size": 7}, {"size": 3}, {"size": 0}):
            response = await get("checkpoint", **query)
            assert response.headers["content-type"] == "text/plain; charset=utf-8"
            point = open_checkpoint(response.content, origin_line(channel.name), host.relay.public_key)
            assert (point.size, point.root) == (query.get("size", 7), history.root(query.get("size", 7)))
        steps = [bytes.fromhex(step) for step in (await get("inclusion", index=2, size=6)).json()["proof"]]
        assert verify_inclusion(history.leaf(2).hash(), 2, 6, steps, history.root(6))
        steps = [bytes.fromhex(step) for step in (await get("consistency", first=3, second=7)).json()["proof"]]
        assert verify_consistency(3, 7, steps, history.root(3), history.root(7))
        for what, query in (
            ("checkpoint", {"size": 8}),
            ("inclusion", {"index": 6, "size": 6}),
            ("inclusion", {"index": 0, "size": 8}),
            ("inclusion", {"index": 0, "size": 0}),
            ("consistency", {"first": 0, "second": 7}),
            ("consistency", {"first": 5, "second": 4}),
            ("consistency", {"first": 5, "second": 8}),
        ):
            assert refusal(await get(what, **query)) == "malformed"

    with_host(test)


# --- erasing --------------------------------------------------------------------------------------


def test_an_erasure_deletes_the_body_and_leaves_a_record() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        await host.client.post(**channel.append([frame(0), frame(1), frame(2)]))
        for _ in range(2):  # a retry answers alike
            done = await host.client.post(**channel.erasure(1, token(1)))
            assert (done.status_code, done.json()) == (200, {"index": 3})
        answer = decode_range((await host.client.get(**channel.reading())).content)
        assert [entry.body for entry in answer.records] == [
            frame(0).body,
            None,
            frame(2).body,
            EraseRecord(1, token(1)).encode(),
        ]
        assert dict((await host.read(channel)).erased) == {1: 3}
        again = await host.client.post(**channel.append([frame(1)]))  # it stays where it was
        assert again.json() == {"indices": [1], "size": 4}

    with_host(test)


def test_an_erasure_in_the_group_of_its_append() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        requests = [
            channel.append([frame(0)]),
            channel.erasure(0, token(0)),
            channel.erasure(0, token(0)),
        ]
        done = await asyncio.gather(*(host.client.post(**request) for request in requests))
        assert [response.status_code for response in done] == [200, 200, 200]
        assert [done[1].json(), done[2].json()] == [{"index": 1}, {"index": 1}]
        assert dict((await host.read(channel)).erased) == {0: 1}

    with_host(test)


def test_only_the_token_erases() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        await host.client.post(**channel.append([frame(0)]))
        assert refusal(await host.client.post(**channel.erasure(0, token(1)))) == "token"
        assert refusal(await host.client.post(**channel.erasure(1, token(1)))) == "unknown"
        await host.client.post(**channel.erasure(0, token(0)))
        assert refusal(await host.client.post(**channel.erasure(1, bytes(32)))) == "token"

    with_host(test)


# --- rotating -------------------------------------------------------------------------------------


def test_what_an_old_credential_still_may() -> None:
    async def test(host: Host) -> None:
        old = await host.founded()
        new = old.rotated(1)
        await host.client.post(**old.append([frame(0), frame(1)]))
        before = await host.read(old)
        rotated = await host.client.post(**old.rotation(new, frame(2)))
        assert (rotated.status_code, rotated.json()) == (200, {"index": 2})
        await host.client.post(**new.append([frame(3)]))

        # It reads on to the rotation, which carries the new one, and not further; how much more there is, is not told.
        answer = decode_range((await host.client.get(**old.reading(before.size))).content)
        assert (answer.head, answer.start, len(answer.records)) == (4, 2, 1)
        verified = before.check(answer, NOW)
        assert not verified.at_head
        await host.client.post(**new.append([frame(4)]))
        assert decode_range((await host.client.get(**old.reading(2))).content).head == 4
        assert refusal(await host.client.get(**old.reading(3))) == "rotated"
        assert refusal(await host.client.post(**old.append([frame(5)]))) == "rotated"
        assert refusal(await host.client.post(**old.erasure(0, token(0)))) == "rotated"

        async def get(what: str, **query: int) -> httpx.Response:
            return await host.client.get(f"{old.path}/{what}", params=query, headers=old.auth)

        assert open_checkpoint((await get("checkpoint")).content, before.origin, before.public_key).size == 3
        assert (await get("checkpoint", size=2)).status_code == 200
        assert refusal(await get("checkpoint", size=4)) == "rotated"
        assert (await get("inclusion", index=1, size=3)).status_code == 200
        assert refusal(await get("inclusion", index=1, size=4)) == "rotated"
        assert refusal(await get("consistency", first=1, second=4)) == "rotated"

        # The new one reads everything, and so on over a second rotation.
        assert (await host.read(new)).size == 5
        newest = new.rotated(2)
        assert (await host.client.post(**new.rotation(newest, frame(6)))).json() == {"index": 5}
        assert refusal(await host.client.get(**old.reading(3))) == "rotated"
        assert decode_range((await host.client.get(**new.reading(3))).content).head == 7
        assert (await host.read(newest)).size == 6

    with_host(test)


def test_of_two_that_rotate_at_once_one_wins() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        rivals = [channel.rotation(channel.rotated(n), frame(n)) for n in (1, 2)]
        done = await asyncio.gather(*(host.client.post(**rival) for rival in rivals))
        assert sorted(response.status_code for response in done) == [200, 401]
        assert (await host.read(channel.rotated(1))).size == 1

    with_host(test)


def test_a_rotation_lands_where_it_was_judged_or_not_at_all() -> None:
    async def test(host: Host) -> None:
        old = await host.founded()
        new = old.rotated(1)
        request = old.rotation(new, frame(7))
        named = {**request, "json": {**request["json"], "index": 1}}
        assert refusal(await host.client.post(**named)) == "moved"
        await host.client.post(**old.append([frame(0), frame(1)]))
        assert refusal(await host.client.post(**named)) == "moved"
        # Nothing was changed: the old keys are good, and so is the rotation once it is judged again.
        await host.client.post(**old.append([frame(2)]))
        good = {**named, "json": {**named["json"], "index": 3}}
        assert [(await host.client.post(**good)).json() for _ in range(2)] == [{"index": 3}] * 2
        assert (await host.read(new)).size == 4

    with_host(test)


def test_a_rotation_may_be_repeated_with_either_control_key() -> None:
    async def test(host: Host) -> None:
        old = await host.founded()
        new = old.rotated(1)
        request = old.rotation(new, frame(0))
        with_new = {**request, "headers": {"Authorization": encode_bearer(new.control)}}
        answers = [(await host.client.post(**r)).json() for r in (request, request, with_new)]
        assert answers == [{"index": 0}] * 3
        # With anything else in it, it is another rotation, by a key that is no longer good.
        assert refusal(await host.client.post(**old.rotation(new, frame(1)))) == "credential"
        assert refusal(await host.client.post(**old.rotation(old.rotated(2), frame(0)))) == "credential"
        # A credential rotates nothing.
        wrong = {**request, "headers": old.auth}
        assert refusal(await host.client.post(**wrong)) == "credential"
        # And the repetition stays safe when a second rotation has followed.
        await host.client.post(**new.rotation(old.rotated(2), frame(2)))
        assert (await host.client.post(**request)).json() == {"index": 0}

    with_host(test)


def test_a_rotation_needs_new_keys_and_a_new_entry() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        await host.client.post(**channel.append([frame(0)]))
        new = channel.rotated(1)
        for half in (Channel(0, channel.credential, new.control), Channel(0, new.credential, channel.control)):
            assert refusal(await host.client.post(**channel.rotation(half, frame(1)))) == "malformed"
        assert refusal(await host.client.post(**channel.rotation(new, frame(0)))) == "exists"
        for bad in (Frame(NO_ERASE, b"x"), Frame(bytes([1]) * 32, EraseRecord(0, token(0)).encode())):
            assert refusal(await host.client.post(**channel.rotation(new, bad))) == "malformed"
        assert (await host.read(channel)).size == 1

    with_host(test)


def test_an_append_in_the_group_of_a_rotation_is_refused() -> None:
    async def test(host: Host) -> None:
        old = await host.founded()
        await host.client.post(**old.append([frame(0)]))
        access = await host.relay.access(old.name, old.auth["Authorization"])
        keys = Keys(b"1" * 32, b"2" * 32)
        rotated, late = await asyncio.gather(
            host.relay.rotate(old.name, control_hash(old.control), keys, frame(1)),
            host.relay.append(access, [frame(2)]),
            return_exceptions=True,
        )
        assert rotated == 1
        assert isinstance(late, RelayRefused)
        assert late.code == "rotated"

    with_host(test)


# --- bad input ------------------------------------------------------------------------------------

NAME = Channel().name
GOOD = encode_frames([frame(0)])
FOUND, ENTRIES, ERASE, ROTATE = "", "/entries", "/erase", "/rotate"
KEYS = Channel().keys
RECORD = Frame(bytes([1]) * 32, EraseRecord(0, token(0)).encode())


def rotation(frame_text: Any, **changed: Any) -> dict[str, Any]:
    return {**Channel().rotated(1).keys, "frame": frame_text, **changed}


BAD_BODIES: list[tuple[str, Any, str]] = [
    (FOUND, b"", "malformed"),
    (FOUND, b"\xff", "malformed"),
    (FOUND, b"{", "malformed"),
    (FOUND, b"[]", "malformed"),
    (FOUND, {}, "malformed"),
    (FOUND, {**KEYS, "more": 1}, "malformed"),
    (FOUND, {**KEYS, "control": KEYS["control"].upper()}, "malformed"),
    (FOUND, {**KEYS, "control": KEYS["control"][1:]}, "malformed"),
    (FOUND, {**KEYS, "control": KEYS["control"] + "\n"}, "malformed"),
    (FOUND, {**KEYS, "control": 7}, "malformed"),
    (FOUND, json.dumps(KEYS).encode() + b" " * 5000, "too-large"),
    (ENTRIES, b"", "malformed"),
    (ENTRIES, GOOD[:-1], "malformed"),
    (ENTRIES, GOOD + b"\0", "malformed"),
    (ENTRIES, encode_frames([Frame(bytes([1]) * 32, b"")]), "malformed"),
    (ENTRIES, encode_frames([Frame(NO_ERASE, b"x")]), "malformed"),
    (ENTRIES, encode_frames([frame(0), RECORD]), "malformed"),
    (ENTRIES, GOOD * 5, "malformed"),
    (ENTRIES, encode_frames([frame(0, 101)]), "too-large"),
    (ENTRIES, b"\xff" * 40, "too-large"),
    (ENTRIES, bytes(1001), "too-large"),
    (ERASE, {"index": -1, "token": token(0).hex()}, "malformed"),
    (ERASE, {"index": 2**63, "token": token(0).hex()}, "malformed"),
    (ERASE, {"index": 10**40, "token": token(0).hex()}, "malformed"),
    (ERASE, {"index": 0.5, "token": token(0).hex()}, "malformed"),
    (ERASE, {"index": "0", "token": token(0).hex()}, "malformed"),
    (ERASE, {"index": 0, "token": ""}, "malformed"),
    (ERASE, {"index": 0}, "malformed"),
    (ERASE, b"null", "malformed"),
    (ERASE, {"index": 2**62, "token": token(0).hex()}, "unknown"),
    (ROTATE, rotation("!"), "malformed"),
    (ROTATE, rotation("é"), "malformed"),
    (ROTATE, rotation(""), "malformed"),
    (ROTATE, rotation(7), "malformed"),
    (ROTATE, rotation(base64.b64encode(GOOD * 2).decode()), "malformed"),
    (ROTATE, rotation(base64.b64encode(encode_frames([frame(0, 101)])).decode()), "too-large"),
    (ROTATE, rotation(base64.b64encode(GOOD).decode(), control="x"), "malformed"),
    (ROTATE, rotation("A" * 9000), "too-large"),
]

BAD_QUERIES: list[tuple[str, str]] = [
    ("entries", ""),
    ("entries", "start="),
    ("entries", "start=-1"),
    ("entries", "start=+1"),
    ("entries", "start=01"),
    ("entries", "start=1.0"),
    ("entries", "start=%D9%A1"),
    ("entries", "start=9223372036854775808"),
    ("entries", f"start={'9' * 5000}"),
    ("entries", "start=0&start=0"),
    ("entries", "start=0&limit=0"),
    ("entries", "start=0&limit=x"),
    ("entries", "start"),
    ("entries", "&&"),
    ("entries", "&".join(f"a{n}=1" for n in range(20))),
    ("checkpoint", "size="),
    ("checkpoint", "size=x"),
    ("inclusion", "index=0"),
    ("inclusion", "size=1"),
    ("inclusion", "index=-1&size=1"),
    ("consistency", "first=1"),
    ("consistency", "first=1&second=x"),
]

SMALL = Limits(entry_bytes=100, append_bytes=1000, append_frames=4, entries_rate=1e9, reads_rate=1e9, reads_burst=1e9)


@pytest.mark.parametrize(("path", "body", "code"), BAD_BODIES)
def test_bad_bodies_are_refused_and_change_nothing(path: str, body: Any, code: str) -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        secret = channel.control if path == ROTATE else channel.credential
        headers = {"Authorization": encode_bearer(secret)}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = await host.client.post(channel.path + path, content=content, headers=headers)
        assert refusal(response) == code
        assert (await host.read(channel)).size == 0

    with_host(test, limits=SMALL)


@pytest.mark.parametrize(("what", "query"), BAD_QUERIES)
def test_bad_queries_are_refused(what: str, query: str) -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        response = await host.client.get(f"{channel.path}/{what}?{query}", headers=channel.auth)
        assert refusal(response) == "malformed"

    with_host(test)


ROUTES: list[tuple[str, str]] = [
    ("POST", "/entries"),
    ("GET", "/entries?start=0"),
    ("GET", "/checkpoint"),
    ("GET", "/inclusion?index=0&size=1"),
    ("GET", "/consistency?first=1&second=1"),
    ("POST", "/erase"),
    ("POST", "/rotate"),
]
OUTSIDERS: dict[str, Callable[[Channel], tuple[str, str | None]]] = {
    "unknown log": lambda c: (Channel(99).name, encode_bearer(c.credential)),
    "no credential": lambda c: (c.name, None),
    "malformed credential": lambda c: (c.name, "Bearer x"),
    "wrong credential": lambda c: (c.name, encode_bearer(b"w" * 32)),
    "name in capitals": lambda c: (c.name.upper(), encode_bearer(c.credential)),
    "name of another form": lambda c: ("x", encode_bearer(c.credential)),
}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_outsiders_all_get_the_same_answer(method: str, path: str) -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        await host.client.post(**channel.append([frame(0)]))
        seen = set()
        for outsider in OUTSIDERS.values():
            name, header = outsider(channel)
            headers = {} if header is None else {"Authorization": header}
            body = rotation(base64.b64encode(encode_frames([frame(1)])).decode())
            content = json.dumps(body).encode() if path == "/rotate" else b""
            response = await host.client.request(method, f"/v1/logs/{name}{path}", content=content, headers=headers)
            assert refusal(response) == "credential"
            seen.add((response.content, tuple(sorted(response.headers.items()))))
        assert len(seen) == 1

    with_host(test)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", "unknown"),
        ("GET", "/v1", "unknown"),
        ("GET", "/v1/relay/", "unknown"),
        ("GET", f"/v1/logs/{NAME}/nothing", "unknown"),
        ("POST", "/v1/logs//entries/", "unknown"),
        ("DELETE", f"/v1/logs/{NAME}/entries", "method"),
        ("PUT", f"/v1/logs/{NAME}", "method"),
        ("GET", f"/v1/logs/{NAME}/erase", "method"),
        ("POST", "/v1/health", "method"),
    ],
)
def test_other_addresses_and_methods(method: str, path: str, code: str) -> None:
    async def test(host: Host) -> None:
        assert refusal(await host.client.request(method, path)) == code

    with_host(test)


def test_a_name_that_cannot_be_founded() -> None:
    async def test(host: Host) -> None:
        for name in (NAME.upper(), NAME[1:], "x"):
            response = await host.client.post(f"/v1/logs/{name}", json=KEYS)
            assert refusal(response) == "malformed"

    with_host(test)


# --- limits ---------------------------------------------------------------------------------------


def test_entries_and_reads_are_limited_by_log() -> None:
    async def test(host: Host) -> None:
        channel, other = await host.founded(0), await host.founded(1)
        assert (await host.client.post(**channel.append([frame(n) for n in range(3)]))).status_code == 200
        late = await host.client.post(**channel.append([frame(3)]))
        assert refusal(late) == "rate"
        assert late.headers["retry-after"] == "2"
        assert (await host.client.post(**other.append([frame(0)]))).status_code == 200
        host.ticks.now += 1.0
        assert (await host.client.post(**channel.append([frame(3)]))).status_code == 200
        assert (await host.client.get(**channel.reading())).status_code == 200
        assert refusal(await host.client.get(**channel.reading())) == "rate"

    limits = Limits(entries_rate=1, entries_burst=3, reads_rate=1, reads_burst=1, founded_an_hour=1e9)
    with_host(test, limits=limits)


def test_storage_is_limited_and_erasing_gives_room() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        assert (await host.client.post(**channel.append([frame(0, 700)]))).status_code == 200
        assert refusal(await host.client.post(**channel.append([frame(1, 100)]))) == "full"
        assert (await host.client.post(**channel.append([frame(0, 700)]))).status_code == 200  # a retry
        assert (await host.client.post(**channel.erasure(0, token(0)))).status_code == 200
        assert (await host.client.post(**channel.append([frame(1, 100)]))).status_code == 200
        # A rotation is never refused for lack of room.
        assert (await host.client.post(**channel.rotation(channel.rotated(1), frame(2, 900)))).status_code == 200

    with_host(test, limits=Limits(log_bytes=900))


def test_a_body_is_cut_off_when_it_is_too_large() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        sent = 0

        async def endless() -> Any:
            nonlocal sent
            while True:
                sent += 1
                yield bytes(100)

        response = await host.client.post(f"{channel.path}/entries", content=endless(), headers=channel.auth)
        assert refusal(response) == "too-large"
        assert sent < 20
        response = await host.client.post(channel.path, content=endless())
        assert refusal(response) == "too-large"

    with_host(test, limits=SMALL)


def test_a_body_that_does_not_arrive_is_given_up() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()

        async def slow() -> Any:
            yield GOOD[:10]
            await asyncio.sleep(30)
            yield GOOD[10:]

        response = await host.client.post(f"{channel.path}/entries", content=slow(), headers=channel.auth)
        assert refusal(response) == "malformed"

    with_host(test, limits=Limits(request_seconds=0.05))


@pytest.mark.parametrize("path", ["", "/entries"])
def test_a_client_that_goes_away_is_not_answered(path: str) -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        messages = [
            {"type": "http.request", "body": GOOD[:10], "more_body": True},
            {"type": "http.disconnect"},
        ]
        answers: list[dict[str, Any]] = []

        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            answers.append(message)

        header = (b"authorization", channel.auth["Authorization"].encode())
        scope = {
            "type": "http",
            "method": "POST",
            "path": channel.path + path,
            "headers": [header],
            "query_string": b"",
        }
        app = host.client._transport.app  # type: ignore[attr-defined]
        await app(scope, receive, send)
        assert [a["status"] for a in answers if a["type"] == "http.response.start"] in ([], [400])
        assert (await host.read(channel)).size == 0

    with_host(test)


@pytest.mark.parametrize("length", ["1001", "99999999999999999999999", "-1", "1e3"])
def test_an_announced_length_is_believed_when_it_is_too_large(length: str) -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        headers = [("Authorization", channel.auth["Authorization"]), ("Content-Length", length)]
        request = host.client.build_request("POST", f"{channel.path}/entries", content=GOOD, headers=headers)
        assert refusal(await host.client.send(request)) == "too-large"

    with_host(test, limits=SMALL)


def test_more_than_can_be_kept_waiting_is_refused() -> None:
    async def test(host: Host) -> None:
        channel = await host.founded()
        done = await asyncio.gather(*(host.client.post(**channel.append([frame(n, 400)])) for n in range(4)))
        codes = [response.status_code for response in done]
        assert set(codes) == {200, 503}
        again = await host.client.post(**channel.append([frame(n, 400) for n in range(2)]))
        assert again.status_code == 200

    with_host(test, limits=Limits(waiting_bytes=1000))


# --- about itself ---------------------------------------------------------------------------------


def test_the_relay_says_its_key_and_limits() -> None:
    async def test(host: Host) -> None:
        said = (await host.client.get("/v1/relay")).json()
        key = VerifierKey.parse(said["key"])
        assert (key.name, key.public.hex()) == ("bc1/relay", said["public_key"])
        assert said["limits"]["entry_bytes"] == 1 << 20
        assert (await host.client.get("/v1/health")).json() == {"ok": True}
        described = (await host.client.get("/v1/openapi.json")).json()
        assert set(described["paths"]) >= {"/v1/logs/{name}/entries", "/v1/health"}

    with_host(test, limits=FREE)
