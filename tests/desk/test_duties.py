"""What a desk owes by the clock: receiving keys, new lines, texts that are to be gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import sealing
from backchannel.desk.audit import audit
from backchannel.desk.channel import Channel
from backchannel.entry.codec import encode
from backchannel.errors import Misuse, RelayRefused
from backchannel.relay.refusals import refuse
from backchannel.seal.chain import erase_token
from tests.desk.world import (
    NAMES,
    World,
    agree,
    notes,
    offline,
    online,
    pages,
    remove,
    returned,
    talks,
    texts,
    waiting,
    wire,
)

SECRET = "xylophonezanzibar"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as made:
        yield made


def kinds(channel: Channel, kind: str) -> list[int]:
    return [e.position for e in channel.session.book.entries.log() if kind in (e.kind, e.verdict)]


# --- receiving keys ---------------------------------------------------------------------------------


def test_receiving_keys_are_renewed_after_seven_days(world: World) -> None:
    ana = world["ana"]
    assert len(kinds(ana, "prekey")) == 3
    world.clock.days(6.9)
    world.settle()
    assert len(kinds(ana, "prekey")) == 3
    world.clock.days(0.2)
    world.settle()
    world.settle()
    assert len(kinds(ana, "prekey")) == 6
    assert [p.seq for p in ana.session.book.prekeys()] == [1, 0]
    ana.send_note("to the new keys")
    world.settle()
    agree(world)
    assert texts(world["hernan"]) == ["to the new keys"]


def test_a_receiving_key_that_waits_is_not_made_twice(world: World) -> None:
    ana = world["ana"]
    world.clock.days(8)
    wire(ana).before = lambda op, args: (_ for _ in ()).throw(refuse("full")) if op == "append" else None
    for _ in range(3):
        with pytest.raises(RelayRefused):
            ana.sync()
    assert waiting(ana) == 1
    online(ana)
    world.settle()
    assert [s.prekeys[-1].prekey.seq for s in ana.state.seats] == [1, 1, 1]


def test_private_halves_are_destroyed_when_their_bound_has_passed(world: World) -> None:
    """No page of the vault holds them any more, and none of the write-ahead log."""
    ana = world["ana"]
    first = ana.session.book.prekeys()[0].seeds
    assert first.xwing in pages(ana)
    world.clock.days(8)
    world.settle()
    world.clock.days(13.9)
    world.settle()
    assert 0 in [p.seq for p in ana.session.book.prekeys()]
    world.clock.days(0.3)
    ana.sync()
    assert 0 not in [p.seq for p in ana.session.book.prekeys()]
    raw = pages(ana)
    assert first.xwing not in raw
    assert first.x25519 not in raw
    world.settle()
    world["hernan"].send_note("still reads")
    world.settle()
    assert texts(ana) == ["still reads"]


def test_private_halves_are_destroyed_by_distance_in_the_log_too(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    world.clock.days(8)
    world.settle()
    offline(hernan)
    for n in range(514):
        with hernan.session.turn(), hernan.session.vault.transaction():
            pass
        if n % 171 == 0:
            online(hernan)
            hernan.sync()
            offline(hernan)
        hernan.send_note(f"{n}")
    online(hernan)
    hernan.sync()
    ana.sync()
    assert [p.seq for p in ana.session.book.prekeys()] == [1]
    assert len(texts(ana)) == 514


def test_private_halves_are_not_destroyed_before_the_log_is_read(world: World) -> None:
    """A line that was started to the old key in time, and read late, opens."""
    ana, hernan = world["ana"], world["hernan"]
    world.clock.days(8)
    world.settle()
    world.clock.days(1)
    hernan.send_note("in time")
    world.clock.days(20)
    wire(ana).most = 1
    ana.sync()
    assert texts(ana) == ["in time"]


def test_a_seat_absent_for_ninety_days_is_named_and_nothing_is_lost(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    for _ in range(13):
        world.clock.days(7.1)
        world.settle("ana", "hernan")
    with pytest.raises(Misuse) as caught:
        ana.send_note("to all")
    assert caught.value.code == "absent"
    assert "Sofia S." in caught.value.what
    assert "90 days" in caught.value.what
    assert (waiting(ana), returned(ana)) == (0, [])
    ana.send_note("to him", [hernan.me])
    offline(ana)
    world.settle("hernan")
    assert texts(hernan) == ["to him"]
    online(ana)
    sofia.sync()
    world.settle()
    ana.send_note("to all")
    world.settle()
    assert texts(sofia) == ["to all"]
    agree(world)


def test_what_waited_until_a_seat_was_absent_comes_back_with_the_reason(world: World) -> None:
    ana = world["ana"]
    for _ in range(12):
        world.clock.days(7.1)
        world.settle("ana", "hernan")
    offline(ana)
    ana.send_note("sealed in time, posted too late")
    world.clock.days(7)
    online(ana)
    world.settle("ana", "hernan")
    assert len(returned(ana)) == 1
    assert "Sofia S." in returned(ana)[0]
    assert ana.session.book.outbox.returned()[0].intent
    assert texts(world["hernan"]) == []


# --- new lines --------------------------------------------------------------------------------------


def test_a_line_is_renewed_after_a_day_and_when_the_clock_went_back(world: World) -> None:
    ana = world["ana"]
    for pause, lines in ((0.0, 1), (0.9, 1), (0.2, 2), (-2.0, 3)):
        world.clock.days(pause)
        ana.send_note("another")
        assert len(_cids(ana)) == 1
        count = sum(op == "append" for op in wire(ana).calls)
        assert count
        world.clock.days(max(0.0, -pause))
        world.settle()
        assert len(kinds(ana, "start")) == lines
    assert len(texts(world["hernan"])) == 4


def _cids(channel: Channel) -> list[bytes]:
    return [row[0] for row in channel.session.vault.query("SELECT chain FROM sending")]


def test_a_line_is_renewed_when_it_is_full(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "LONGEST", 5)
    ana = world["ana"]
    for n in range(12):
        ana.send_note(f"{n}")
    world.settle()
    assert len(kinds(world["hernan"], "start")) == 3
    assert texts(world["sofia"]) == [f"{n}" for n in range(12)]


def test_a_line_is_renewed_after_a_restore(world: World) -> None:
    ana = world["ana"]
    ana.send_note("before")
    source = world.backup("ana")
    again = world.restore(source, "ana restored")
    assert _cids(again) == []
    again.send_note("after")
    world.settle()
    assert len(kinds(world["hernan"], "start")) == 2
    assert texts(world["hernan"]) == ["before", "after"]


# --- texts that are to be gone -----------------------------------------------------------------------


def bodies(world: World, position: int) -> bytes | None:
    return world.host.rows(world.name)[position][1]


def test_after_its_time_a_text_is_gone_from_every_desk_and_from_the_relay(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    ana.send_note(f"{SECRET} one", read_back=True, keep_days=3)
    ana.send_note("kept longer", keep_days=5)
    world.settle()
    hernan.restate(notes(hernan)[0], f"{SECRET} two")
    world.settle()
    ana.correct(notes(ana)[0], hernan.me, f"{SECRET} three")
    world.settle()
    said = [e.position for e in ana.session.book.entries.log() if e.item == notes(ana)[0].at.position]
    assert len(said) == 3
    for channel in (ana, hernan, sofia):
        assert SECRET.encode() in pages(channel)
        assert [i.value.at for i in channel.session.book.items.find(SECRET)] == [notes(ana)[0].at]
    world.clock.days(3.1)
    world.settle()
    world.settle()
    agree(world)
    for channel in (ana, hernan, sofia):
        assert texts(channel) == ["", "kept longer"]
        assert notes(channel)[0].gone
        assert channel.session.book.items.find(SECRET) == []
        raw = pages(channel)
        assert SECRET.encode() not in raw
        assert SECRET[:12].encode() not in raw
        assert b"kept longer" in raw
    assert [bodies(world, position) for position in said] == [None] * 3
    assert all(finding.ok for finding in audit(sofia))
    assert "3 erased with leave" in audit(sofia)[0].detail
    with pytest.raises(Misuse):
        hernan.restate(notes(hernan)[0], "too late")


def test_a_text_goes_while_the_relay_is_away_and_from_a_removed_desk(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    ana.send_note(SECRET, keep_days=1)
    world.settle()
    remove(world, "hernan", "ana", "sofia")
    hernan.sync()
    world.clock.days(2)
    hernan.sync()
    assert SECRET.encode() not in pages(hernan)
    offline(sofia)
    with pytest.raises(Exception, match="does not answer"):
        sofia.sync()
    assert SECRET.encode() not in pages(sofia)


def test_a_late_desk_reads_on_over_what_is_gone(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    ana.send_note("zero", keep_days=30)
    world.settle()
    for n in range(6):
        ana.send_note(f"{n}", keep_days=1 if n % 2 else 20)
    ana.sync()
    world.clock.days(0.5)
    hernan.send_note("meanwhile")
    hernan.sync()
    world.clock.days(0.6)
    world.settle("ana", "hernan")
    ana.send_note("on a new line")
    ana.sync()
    wire(sofia).most = 3
    sofia.sync()
    sofia = world.open("sofia")
    assert texts(sofia) == ["zero", "0", "2", "4", "meanwhile", "on a new line"]
    world.settle()
    agree(world)


def test_a_gap_in_a_line_that_goes_on_is_read_over(world: World) -> None:
    """Within a day: the author's own line continues after an entry that a member had erased early."""
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    ana.send_note("zero")
    world.settle()
    ana.send_note("early gone")
    ana.send_note("also gone")
    ana.send_note("stays")
    hernan.sync()
    place = next(p for p in hernan.session.engine.lines.places.values() if p.chain.sender == ana.me)
    positions = [note.at.position for note in notes(hernan)][1:3]
    for position, i in zip(positions, (1, 2), strict=True):
        token = erase_token(place.chain, i)
        wire(hernan).erase(hernan.name, hernan.session.book.credential()[1], position, token)
    wire(sofia).most = 2
    sofia.sync()
    ana.send_note("and on")
    world.settle()
    agree(world)
    assert texts(sofia) == ["zero", "stays", "and on"]
    assert [e.verdict for e in sofia.session.book.entries.log()].count("erased") == 2
    assert all(finding.ok for finding in audit(sofia))


def test_an_erasure_that_the_relay_puts_off_is_asked_for_again(world: World) -> None:
    ana = world["ana"]
    ana.send_note(SECRET, keep_days=1)
    world.settle()
    position = notes(ana)[0].at.position
    world.clock.days(2)
    wire(ana).before = lambda op, args: (_ for _ in ()).throw(refuse("unavailable")) if op == "erase" else None
    with pytest.raises(RelayRefused):
        ana.sync()
    assert texts(ana) == [""]
    assert bodies(world, position) is not None
    online(ana)
    world.settle()
    assert bodies(world, position) is None


def test_an_erasure_under_a_credential_that_was_replaced_is_asked_for_again(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    hernan.send_note(SECRET, keep_days=1)
    world.settle()
    world.clock.days(2)

    def meanwhile(op: str, args: tuple[Any, ...]) -> None:
        if op == "erase":
            wire(hernan).before = lambda op, args: None
            world["sofia"].remove(world["sofia"].me, "I go.")
            world["sofia"].sync()
            ana.sync()
            assert ana.state.epoch == 2

    wire(hernan).before = meanwhile
    hernan.sync()
    assert hernan.state.epoch == 2
    assert bodies(world, notes(hernan)[0].at.position) is None


def test_only_who_is_asked_signs_and_nothing_is_owed_twice(world: World) -> None:
    """Nobody's desk acts on its own but for keys, welcomes and erasures: a second sync moves nothing."""
    ana = world["ana"]
    ana.invite(*NAMES["dora"])
    world.settle()
    size = ana.size
    for _ in range(3):
        world.sync()
    assert ana.size == size
    assert encode(ana.state) == encode(world["hernan"].state)


def test_a_welcome_follows_when_the_last_party_has_admitted(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    invite = ana.invite(*NAMES["dora"])
    world.settle()
    with pytest.raises(Misuse) as caught:
        ana.code(invite)
    assert caught.value.code == "not-granted"
    hernan.admit(NAMES["dora"][0])
    sofia.sync()
    sofia.admit(NAMES["dora"][0])
    world.settle()
    code = ana.code(invite)
    with pytest.raises(Misuse):
        hernan.code(invite)
    remove(world, "sofia", "sofia")
    world.settle("ana", "hernan")
    with pytest.raises(Misuse):
        ana.code(invite)
    with pytest.raises(Misuse) as caught:
        world.desk("dora").join(code)
    assert caught.value.code == "invitation"
