"""A desk as a whole: its channels, restored copies, two live copies, and what no restart may repeat."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import sealing
from backchannel.desk.desk import Desk
from backchannel.desk.session import Session
from backchannel.errors import BackchannelError, Misuse, Unreachable
from backchannel.seal import chain as chains
from tests.desk.conftest import CHEAP
from tests.desk.world import (
    NAMES,
    PHRASE,
    TERMS,
    URL,
    World,
    agree,
    alarms,
    notes,
    offline,
    online,
    returned,
    talks,
    texts,
    waiting,
    wire,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as made:
        yield made


def code_of(act: Any) -> str:
    with pytest.raises(BackchannelError) as caught:
        act()
    return caught.value.code


# --- channels -----------------------------------------------------------------------------------------


def test_a_channel_is_found_by_what_a_person_calls_it(world: World) -> None:
    desk = world.desks["ana"]
    first = desk.channel()
    second = desk.found(URL, title="Gute Dienste", purpose="Peace.", name="Ana", party="Argentina", role="envoy")
    assert desk.channels() == [first, second]
    assert desk.channel("good") is first
    assert desk.channel("GUTE D") is second
    assert desk.channel(second.id.hex()[:8]) is second
    assert code_of(lambda: desk.channel()) == "which-channel"
    assert code_of(lambda: desk.channel("g")) == "which-channel"
    assert code_of(lambda: desk.channel("nothing")) == "which-channel"
    assert code_of(lambda: desk.channel("")) == "which-channel"
    assert code_of(lambda: desk.channel(second.id.hex()[:3])) == "which-channel"
    assert first.client is not second.client
    assert first.me != second.me
    second.invite(*NAMES["hernan"])
    first.send_note("to the first")
    world.sync("hernan")
    assert texts(world["hernan"]) == ["to the first"]
    assert texts(second) == []


def test_a_desk_without_channels_says_so(world: World) -> None:
    assert code_of(lambda: world.desk("new").channel()) == "no-channel"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 81),
        ("title", "a\nb"),
        ("title", "a\0b"),
        ("title", "a\u202eb"),
        ("purpose", ""),
        ("purpose", "x" * 2_001),
        ("purpose", "a\0b"),
        ("name", " "),
        ("name", "a  b"),
        ("name", "a\u200bb"),
        ("party", ""),
        ("party", "\u202d"),
        ("role", "oversight"),
        ("role", ""),
    ],
)
def test_a_channel_that_cannot_be_is_not_founded(world: World, field: str, value: str) -> None:
    good = {"title": "T", "purpose": "P.", "name": "N", "party": "Q", "role": "envoy"}
    desk = world.desk("new")
    with pytest.raises(BackchannelError):
        desk.found(URL, **{**good, field: value})
    assert desk.channels() == []
    assert desk.wires == []


def test_what_a_person_types_is_put_in_standard_form(world: World) -> None:
    desk = world.desk("new")
    channel = desk.found(
        URL, title=" Ge\u0301nesis ", purpose="Cafe\u0301\r\nau lait", name="Herna\u0301n", party="Q", role="envoy"
    )
    invite = channel.invite("Jose\u0301 ", "Peru\u0301", "expert")
    channel.sync()
    state = channel.state
    assert (state.title, state.purpose, state.seats[0].name) == ("Génesis", "Café\nau lait", "Hernán")
    assert [(i.name, i.party) for i in state.invitations if i.invite == invite] == [("José", "Perú")]


def test_a_desk_closes_its_connections(world: World) -> None:
    desk = world.desks["ana"]
    line = wire(desk.channel())
    with desk as same:
        assert same is desk
    assert line.closed
    assert code_of(desk.channels) == "closed"
    world.desks.pop("ana")


def test_a_desk_that_hung_up_calls_nobody_any_more(tmp_path: Path) -> None:
    with Desk.create(tmp_path / "d", PHRASE, cost=CHEAP) as desk:
        before = desk._client("http://127.0.0.1:1", None)
        desk.hang_up()
        for client in (before, desk._client("http://127.0.0.1:1", None)):
            assert code_of(client.info) == "closed"


def test_closing_waits_for_nobody_who_thinks_and_leaves_no_key(world: World) -> None:
    """A thread in a transaction gets an error at its next statement; what it had written is undone."""
    desk = world.desks.pop("ana")
    session, vault = desk.channel().session, desk.vault
    inside, go, told = threading.Event(), threading.Event(), []

    def work() -> None:
        with session.turn(), vault.transaction():
            vault.set_meta("half", "done")
            inside.set()
            go.wait(5)
            told.append(code_of(lambda: vault.set_meta("whole", "done")))
            vault.set_meta("whole", "done")

    thread = threading.Thread(target=lambda: code_of(work))
    thread.start()
    assert inside.wait(5)
    closer = threading.Thread(target=desk.close)
    closer.start()
    time.sleep(0.05)
    go.set()
    closer.join(5)
    thread.join(5)
    assert told == ["closed"]
    assert not hasattr(session, "engine")
    assert not hasattr(session, "history")
    assert code_of(lambda: session.state) == "closed"
    again = world.start("ana")
    assert again.vault.meta("half") is None


def test_a_real_desk_dials_its_relay(tmp_path: Path) -> None:
    with Desk.create(tmp_path / "d", PHRASE, cost=CHEAP) as desk:
        client = desk._client("http://127.0.0.1:1", None)
        assert str(client.address) in repr(client)
        with pytest.raises(BackchannelError) as caught:
            desk._client("http://relay.example", None)
        assert caught.value.what
        client.close()
    with Desk.open(tmp_path / "d", PHRASE) as again:
        assert again.channels() == []


# --- a session --------------------------------------------------------------------------------------


def test_what_fails_in_a_turn_is_forgotten(world: World) -> None:
    session = world["ana"].session
    with session.turn():
        before = session.history
    with pytest.raises(ZeroDivisionError), session.turn():
        raise ZeroDivisionError
    with session.turn():
        assert session.history is not before
        assert session.history.root() == before.root()


def test_a_session_reads_again_what_another_program_wrote(world: World) -> None:
    first, second = world["ana"], world.twin("ana")
    with first.session.turn():
        before = first.session.engine
    second.send_note("by the other")
    second.sync()
    with first.session.turn():
        assert first.session.engine is not before
    assert first.size == second.size
    assert isinstance(first.session, Session)


# --- restored ---------------------------------------------------------------------------------------


def test_a_restored_desk_goes_on_and_posts_nothing_twice(world: World) -> None:
    ana = world["ana"]
    ana.send_note("old")
    world.settle()
    offline(ana)
    ana.send_note("in the outbox")
    ana.invite(*NAMES["dora"])
    source = world.backup("ana")
    online(ana)
    world.settle()
    world["hernan"].send_note("an answer")
    ana.send_note("after the backup")
    world.settle()
    world.desks.pop("ana").close()

    again = world.restore(source, "ana again")
    outbox = again.session.book.outbox
    assert [(outbox.frames(row.n), row.epoch, row.stage) for row in outbox.waiting()] == [(b"", None, "written")] * 2
    again.send_note("first words")
    world.settle()
    agree(world)
    expected = ["old", "in the outbox", "an answer", "after the backup", "first words"]
    for channel in (again, world["hernan"], world["sofia"]):
        assert texts(channel) == expected
    assert len(again.state.invitations) == 1
    assert (waiting(again), returned(again), alarms(again)) == (0, [], [])


def test_a_desk_restored_without_its_newest_key_makes_another(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    source = world.backup("ana")
    world.clock.days(8)
    world.settle()
    world.desks.pop("ana").close()
    world.clock.days(1)
    again = world.restore(source, "ana again")
    again.sync()
    world.settle()
    assert again.state.seat(again.me).prekeys[-1].prekey.seq == 2  # type: ignore[union-attr]
    hernan.send_note("to the restored desk")
    world.settle()
    assert texts(again) == ["to the restored desk"]
    size = again.size
    world.sync()
    world.sync()
    assert again.size == size
    assert ana.client is not None


@pytest.mark.parametrize("seed", range(6))
def test_no_restore_and_no_crash_ever_repeats_a_place_in_a_line(
    world: World, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """(cid, i) is sealed once: collected where entries are sealed, over restores, restarts and lost answers."""
    sealed: dict[tuple[bytes, int], bytes] = {}
    real = chains.seal_entry

    def recording(channel: bytes, chain: Any, cursor: Any, seed: bytes, **rest: Any) -> Any:
        made = real(channel, chain, cursor, seed, **rest)
        assert (chain.cid, cursor.i) not in posted, "a place in a line was used twice"
        sealed[(chain.cid, cursor.i)] = made[0].body
        return made

    monkeypatch.setattr(sealing, "seal_entry", recording)
    posted: set[tuple[bytes, int]] = set()
    dice = random.Random(seed)
    backups = []
    name, written = "ana", 0

    def note_posted(op: str, args: tuple[Any, ...]) -> None:
        if op == "append":
            bodies = {frame.body for frame in args[2]}
            posted.update(place for place, body in sealed.items() if body in bodies)

    for round_ in range(14):
        channel = world[name]
        act = dice.choice(["say", "say", "lose", "drop", "backup", "restore", "restart"])
        wire(channel).before = note_posted
        if act == "lose":  # the relay has it, the answer is lost

            def lost(op: str, args: tuple[Any, ...], result: Any) -> Any:
                if op == "append":
                    raise Unreachable("broken", "The connection broke.")
                return result

            wire(channel).after = lost
        if act == "drop":
            offline(channel)
        if act in ("say", "lose", "drop"):
            channel.send_note(f"note {written}")
            written += 1
        online(channel)
        wire(channel).before = note_posted
        if act == "backup":
            backups.append(world.backup(name))
        if act == "restart":
            world.open(name)
        if act == "restore" and backups:
            world.desks.pop(name).close()
            name = f"ana {round_}"
            world.restore(dice.choice(backups), name)
            wire(world[name]).before = note_posted
            world[name].sync()
    wire(world[name]).before = note_posted
    world.settle()
    agree(world)
    heard = texts(world["hernan"])
    assert len(set(heard)) == len(heard), "a note was posted twice"
    assert sealed
    assert posted


def test_two_live_copies_of_a_seat_corrupt_nothing(world: World) -> None:
    source = world.backup("ana")
    original, copy = world["ana"], world.restore(source, "copy")
    for n in range(6):
        original.send_note(f"original {n}")
        copy.send_note(f"copy {n}")
        if n == 2:
            world.clock.days(8)
        world.settle()
    agree(world)
    heard = texts(world["hernan"])
    assert len(set(heard)) == len(heard), "a note was posted twice"
    # Lines that one copy starts to a key that the other lacks end the other's lines unseen: such use is not supported.
    assert {f"original {n}" for n in range(6)} | {f"copy {n}" for n in range(3)} <= set(heard)
    assert set(heard) <= set(texts(original)) | set(texts(copy))
    for channel in (original, copy):
        assert waiting(channel) == 0
        assert alarms(channel) == []
        channel.session.vault.verify()
    # They do not answer each other's receiving keys without end.
    size = original.size
    for _ in range(4):
        world.sync()
    assert original.size <= size + 4


def test_a_desk_restored_after_it_was_removed_is_told(world: World) -> None:
    source = world.backup("hernan")
    for name in ("ana", "sofia"):
        world[name].sync()
        world[name].remove(world["hernan"].me, "It is over.")
        world[name].sync()
    world.settle("ana", "sofia")
    again = world.restore(source, "hernan again")
    again.send_note("does he know?")
    again.sync()
    assert again._syncer.gone()
    assert texts(world["ana"]) == []
    assert returned(again)


def test_found_again_under_the_same_title(world: World) -> None:
    desk = world.desk("new")
    for _ in range(2):
        desk.found(URL, title=TERMS.title, purpose="P.", name="N", party="Q", role="envoy")
    assert code_of(lambda: desk.channel(TERMS.title)) == "which-channel"
    with pytest.raises(Misuse, match=desk.channels()[0].id.hex()[:8]):
        desk.channel()
    assert notes(desk.channels()[0]) == []


def test_a_desk_restored_from_long_ago_waits_for_its_key_and_says_it_once(world: World) -> None:
    """No receiving key of the backup is accepted any more: what is written waits, in order, for the next one."""
    source = world.backup("ana")
    for _ in range(4):
        world.clock.days(8)
        world.settle()
    world.desks.pop("ana").close()
    again = world.restore(source, "ana again")

    def reading_only(op: str, args: Any) -> None:
        if op == "append":
            raise Unreachable("refused", "The relay does not answer.")

    wire(again).before = reading_only
    with pytest.raises(Unreachable):
        again.sync()
    again.send_note("one")
    again.send_note("two")
    assert (waiting(again), returned(again)) == (3, [])
    online(again)
    again.sync()
    world.settle()
    agree(world)
    assert texts(world["hernan"]) == texts(again) == ["one", "two"]
    world["hernan"].send_note("heard")
    world.settle()
    assert texts(again) == ["one", "two", "heard"]
