"""A relay that lies is caught, in every case in which the spec says that it can be (spec/ledger.md, 9)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.desk import watching
from backchannel.desk.audit import audit
from backchannel.desk.channel import Channel
from backchannel.desk.link.client import parse_range
from backchannel.errors import RelayFault, RelayRefused, Unreachable
from backchannel.ledger.wire import Frame, Range, Record, encode_range
from backchannel.relay.refusals import REFUSALS, refuse
from tests.desk.world import (
    World,
    agree,
    alarms,
    notes,
    offline,
    online,
    picture,
    returned,
    talks,
    texts,
    the_truth,
    waiting,
    wire,
)
from tests.faults.lies import LIES, Lie, Scene


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Ana has something in her outbox and two entries to read."""
    with talks(tmp_path) as made:
        made["ana"].send_note("read by all")
        made.clock.now += 3600
        made.settle()
        made["hernan"].send_note("two")
        made["hernan"].send_note("three")
        made["hernan"].sync()
        offline(made["ana"])
        made["ana"].send_note("mine")
        online(made["ana"])
        yield made


def lying(world: World, lie: Lie, op: str = "read") -> None:
    scene = Scene(world, world["ana"].size)

    def after(now: str, args: tuple[Any, ...], result: Any) -> Any:
        return lie(scene, result) if now == op else result

    wire(world["ana"]).after = after


def all_is_well(world: World) -> None:
    """The relay tells the truth again: nothing was lost, nothing is there twice."""
    online(world["ana"])
    world.settle()
    agree(world)
    for channel in (world[name] for name in world.desks):
        assert sorted(texts(channel)) == ["mine", "read by all", "three", "two"]
        assert (waiting(channel), returned(channel)) == (0, [])


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_lie_is_caught_by_sync(world: World, lie: Lie) -> None:
    ana = world["ana"]
    before = picture(ana)
    lying(world, lie)
    for _ in range(2):
        with pytest.raises(RelayFault) as caught:
            ana.sync()
        assert caught.value.code == LIES[lie]
        assert caught.value.what.endswith(".")
        assert picture(ana) == before
    assert alarms(ana) == [LIES[lie]]
    assert alarms(world.open("ana")) == [LIES[lie]]
    all_is_well(world)


class Pushes:
    """`Stream` as `watch` uses it, from a Wire; with nothing to push it calls `rest`."""

    rest: Callable[[], None]

    def __init__(self, client: Any, name: str, credential: bytes, start: int, *, heard: Any = None) -> None:
        self.client, self.name, self.credential, self.position = client, name, credential, start
        self.stopped = False
        self.first = True

    def __iter__(self) -> Pushes:
        return self

    def __next__(self) -> Range:
        while not self.stopped:
            answer = self.client._call("stream", (self.name, self.credential, self.position, 4096), self.client._read)
            found = parse_range(answer if isinstance(answer, bytes) else encode_range(answer), self.position, 4096)
            if self.first or found.records or self.client.after is not the_truth:
                self.first = False
                self.position += len(found.records)
                return found
            type(self).rest()
        raise StopIteration

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def pushes(monkeypatch: pytest.MonkeyPatch) -> type[Pushes]:
    monkeypatch.setattr(watching, "Stream", Pushes)
    return Pushes


@pytest.mark.parametrize(
    "lie", [lie for lie in LIES if lie.__name__ != "nothing_new_forever"], ids=lambda lie: lie.__name__
)
def test_a_lie_is_caught_by_watch(tmp_path: Path, pushes: type[Pushes], lie: Lie) -> None:
    with talks(tmp_path) as world:
        ana = world["ana"]
        world["hernan"].send_note("read by all")
        world.clock.now += 3600
        world.settle()
        pushed: list[bool] = []

        def rest() -> None:
            assert not pushed
            world["hernan"].send_note("two")
            world["hernan"].send_note("three")
            offline_but_for_the_stream(ana)
            ana.send_note("mine")
            lying_after_the_first(world, lie)
            pushed.append(True)

        pushes.rest = staticmethod(rest)
        with pytest.raises(RelayFault) as caught:
            list(ana.watch(threading.Event()))
        assert caught.value.code == LIES[lie]
        assert alarms(ana) == [LIES[lie]]
        assert texts(ana) == ["read by all"]
        assert waiting(ana) == 1
        all_is_well(world)


def offline_but_for_the_stream(channel: Channel) -> None:
    def before(op: str, args: tuple[Any, ...]) -> None:
        if op != "stream":
            raise Unreachable("refused", "The relay does not answer.")

    wire(channel).before = before


def lying_after_the_first(world: World, lie: Lie) -> None:
    lying(world, lie, "stream")


def test_a_rollback_is_caught_and_remembered(world: World) -> None:
    ana, truth = world["ana"], world.host.clone()
    early = world.host.clone()
    name = world.name
    log = early.log(name).log
    early.store._rows[log] = early.store._rows[log][: ana.size - 2]
    row = early.store._logs[bytes.fromhex(name)]
    early.store._logs[bytes.fromhex(name)] = type(row)(row.log, row.keys, ana.size - 2, row.root, 0, row.rotations)
    world.host.become(early)
    before = picture(ana)
    with pytest.raises(RelayFault) as caught:
        ana.sync()
    assert caught.value.code == "rollback"
    assert alarms(ana) == ["rollback"]
    assert picture(ana) == before
    world.host.become(truth)
    all_is_well(world)


def test_what_was_acknowledged_and_forgotten_is_posted_again(world: World) -> None:
    ana, host = world["ana"], world.host

    def forget(op: str, args: tuple[Any, ...], result: Any) -> Any:
        if op == "append":
            host.become(kept.pop())
        return result

    def before(op: str, args: tuple[Any, ...]) -> None:
        kept[:] = [host.clone()]

    kept = [host.clone()]
    wire(ana).before, wire(ana).after = before, forget
    with pytest.raises(RelayFault) as caught:
        ana.sync()
    assert caught.value.code == "dropped"
    assert alarms(ana) == ["dropped"]
    assert waiting(ana) == 1
    all_is_well(world)


def test_a_fork_shows_when_an_entry_crosses(world: World) -> None:
    """Ana and Hernán are shown two histories; the relay carries his next entry over into hers."""
    world.settle()
    ana, hernan = world["ana"], world["hernan"]
    his = world.host.clone()
    wire(hernan).host = his
    ana.send_note("in her world")
    ana.sync()
    hernan.send_note("in his world")
    hernan.sync()
    hernan.send_note("crosses")
    carried = [Frame(leaf[44:], body or b"") for leaf, body in his.rows(world.name)[-2:]]
    world.host.append(world.name, ana.session.book.credential()[1], carried)
    ana.sync()
    assert "fork" in alarms(ana)
    assert "crosses" not in texts(ana)
    rejected = [row for row in ana.session.book.entries.log() if "fork:" in row.note]
    assert len(rejected) == 1
    hernan.sync()
    size = min(ana.size, hernan.size)
    assert ana.compare_words(size) != hernan.compare_words(size)


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_relay_that_refuses_everything_is_reported(world: World, code: str) -> None:
    ana = world["ana"]
    before = picture(ana)

    def refusing(op: str, args: tuple[Any, ...]) -> None:
        raise refuse(code)

    wire(ana).before = refusing
    with pytest.raises(RelayRefused) as caught:
        ana.sync()
    assert caught.value.code == code
    assert picture(ana) == before
    ana.send_note("while it refused")
    if code == "too-large":  # that is said of this very note
        assert len(returned(ana)) == 2
        return
    assert waiting(ana) == 2
    online(ana)
    world.settle()
    agree(world)
    assert sorted(texts(world["sofia"])) == ["mine", "read by all", "three", "two", "while it refused"]


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_relay_that_takes_nothing_is_reported(world: World, code: str) -> None:
    """Also where it says for ever that the credential was replaced, and shows no rotation."""
    ana = world["ana"]

    def refusing(op: str, args: tuple[Any, ...]) -> None:
        if op == "append":
            raise refuse(code)

    wire(ana).before = refusing
    if code == "too-large":
        ana.sync()
        assert len(returned(ana)) == 1
        assert ana.session.book.outbox.returned()[0].intent
        return
    with pytest.raises(RelayRefused) as caught:
        ana.sync()
    assert caught.value.code == code
    assert len(wire(ana).calls) < 100
    assert "two" in texts(ana)
    assert waiting(ana) == 1
    all_is_well(world)


def test_a_body_withheld_without_leave_shows_in_the_audit(world: World) -> None:
    """Also when the relay claims that there is more to come, where the leave could stand."""
    ana = world["ana"]
    world["hernan"].send_note("The cape.")
    world.settle()

    def withheld(op: str, args: tuple[Any, ...], result: Any) -> Any:
        if op != "read" or not result.records:
            return replace(result, head=result.head + 1) if op == "read" else result
        last = result.records[-1]
        return replace(result, records=(*result.records[:-1], Record(last.leaf, None)), head=result.head + 1)

    wire(ana).after = withheld
    assert [finding.ok for finding in audit(ana)] == [False]


def test_a_body_changed_afterwards_shows_in_the_audit(world: World) -> None:
    world.settle()
    ana = world["ana"]
    assert all(finding.ok for finding in audit(ana))
    position = notes(ana)[0].at.position
    log = world.host.log(world.name).log
    leaf, body = world.host.store._rows[log][position]
    world.host.store._rows[log][position] = (leaf, (body or b"")[:-1] + b"\0")
    before = picture(ana)
    found = audit(ana)
    assert [finding.ok for finding in found] == [False]
    assert found[0].name == "record"
    assert picture(ana) == before
    world.host.store._rows[log][position] = (leaf, None)
    assert [finding.ok for finding in audit(ana)] == [False]


def test_what_was_acknowledged_forgotten_and_found_again_stands_there_once(world: World) -> None:
    ana, host = world["ana"], world.host
    kept: list[Any] = []

    def before(op: str, args: tuple[Any, ...]) -> None:
        if op == "append":
            kept[:] = [host.clone(), args]

    def forget(op: str, args: tuple[Any, ...], result: Any) -> Any:
        if op == "append":
            host.become(kept[0])
        return result

    wire(ana).before, wire(ana).after = before, forget
    with pytest.raises(RelayFault) as caught:
        ana.sync()
    assert caught.value.code == "dropped"
    online(ana)
    host.append(*kept[1])
    all_is_well(world)
