"""What a person is told before a seat is handed over, frozen, or its dossier passed on: refused before it is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backchannel.desk import handovers, texts
from backchannel.desk.channel import Channel
from backchannel.errors import BackchannelError
from backchannel.ledger.wire import decode_frames
from tests.desk import world as worlds
from tests.desk.world import World, notes, offline, online, talks

NAMES = ("ana", "hernan", "pia")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Two of one party, and one of another."""
    monkeypatch.setitem(worlds.NAMES, "pia", ("Pia A.", "Argentina", "principal"))
    with talks(tmp_path, NAMES) as made:
        yield made


def refused(code: str, deed: Callable[[], object]) -> str:
    with pytest.raises(BackchannelError) as error:
        deed()
    assert error.value.code == code, error.value
    return error.value.what


def come(world: World, by: Channel, name: str, code: bytes) -> Channel:
    """Whoever was offered a place takes it."""
    world.desk(name).join(by.code(code))
    heir = world[name]
    heir.sign_charter(heir.state.charter)
    return heir


def replaced(world: World) -> Channel:
    """Ana's seat is frozen; Ana B. has come into its place."""
    hernan, pia, ana = world["hernan"], world["pia"], world["ana"].me
    handovers.freeze(pia, ana, "Lost.")
    world.settle("hernan", "pia")
    invite = handovers.offer(pia, ana, "Ana B.")
    world.settle("hernan", "pia")
    hernan.admit("Ana B.")
    world.settle("hernan", "pia")
    heir = come(world, pia, "heir", invite)
    world.settle("hernan", "pia", "heir")
    return heir


def test_what_cannot_be_offered_is_refused_before_it_is_asked(world: World) -> None:
    ana, hernan, pia = (world[name] for name in NAMES)
    refused("days", lambda: handovers.check_offer(ana, ana.me, "Ana B.", 31))
    refused("same-name", lambda: handovers.check_offer(ana, ana.me, "Pia A.", 14))
    refused("rule", lambda: handovers.check_offer(hernan, ana.me, "Ana B.", 14))
    before = ana.size
    handovers.check_offer(ana, ana.me, "Ana P.", 14)
    handovers.check_offer(pia, ana.me, "Ana B.", 14)
    assert ana.size == before
    refused("seat", lambda: handovers.check_freeze(hernan, ana.me, "x"))
    refused("prose", lambda: handovers.check_freeze(pia, ana.me, "x" * 501))
    handovers.check_freeze(pia, ana.me, "Lost.")
    assert pia.size == before
    assert {seat.standing for seat in pia.state.seats} == {"active"}


def test_a_place_is_found_while_it_has_no_successor(world: World) -> None:
    ana, pia = world["ana"].me, world["pia"]
    assert handovers.place(pia, "Ana").id == ana
    heir = replaced(world)
    refused("seat", lambda: handovers.place(pia, "Ana P."))
    assert handovers.place(pia, "Ana B.").id == heir.me
    handovers.offer(pia, heir.me, "Ana C.")
    pia.sync()
    refused("seat", lambda: handovers.place(pia, "Ana B."))


def test_who_passes_on_what_to_whom(world: World) -> None:
    ana, hernan, pia = (world[name] for name in NAMES)
    hernan.send_note("to both", [ana.me, pia.me])
    hernan.send_note("to Pia alone", [pia.me])
    texts.open_(hernan, "T", ["A."])
    world.settle()
    assert handovers.passing(pia, ana.me) == {"note": 1, "text": 1}
    assert handovers.passing(ana, ana.me) == {"note": 1, "text": 1}
    refused("to", lambda: handovers.predecessor(pia, pia.state.member(hernan.me)))
    heir = replaced(world)
    seat = pia.state.member(heir.me)
    refused("party", lambda: handovers.predecessor(hernan, seat))
    refused("own", lambda: handovers.predecessor(heir, seat))
    assert handovers.predecessor(pia, seat).id == ana.me
    assert [handovers.may_pass_on(one, seat) for one in (pia, hernan, heir)] == [True, False, False]
    handovers.pass_on(pia, seat)
    pia.sync()
    assert handovers.giving(pia) is not None
    world.settle("hernan", "pia", "heir")
    assert handovers.giving(pia) is None
    refused("repeat", lambda: handovers.predecessor(pia, seat))
    assert not handovers.may_pass_on(pia, seat)
    assert [one.text for one in notes(heir)] == ["to both"]
    assert heir.session.book.items.passed_by(pia.me) == {"note": 1, "text": 1}
    assert heir.session.book.items.passed_by(hernan.me) == {}


def test_nothing_is_passed_on_to_who_is_not_in_yet_or_by_who_does_so_anyway(world: World) -> None:
    ana, pia = world["ana"], world["pia"]
    invite = handovers.offer(ana, ana.me, "Ana B.")
    ana.sync()
    world.desk("heir").join(ana.code(invite))
    pia.sync()
    heir = world["heir"]
    assert "not in the channel yet" in refused("to", lambda: handovers.predecessor(pia, pia.state.member(heir.me)))
    heir.sign_charter(heir.state.charter)
    world.settle("hernan", "pia", "heir")
    ana.sync()
    refused("own", lambda: handovers.predecessor(ana, ana.state.member(heir.me)))
    world.settle()
    assert not handovers.may_pass_on(pia, pia.state.member(heir.me))  # its holder has done so itself


def test_progress_is_that_of_the_dossier_while_it_is_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = world["ana"]
    told: list[tuple[int, int | None]] = []
    tell = handovers.telling(ana, lambda done, total: told.append((done, total)))
    tell(3, 7)
    assert told == [(3, 7)]
    monkeypatch.setattr("backchannel.instruments.handover.MOST", 600)
    monkeypatch.setattr("backchannel.desk.dossier.MOST", 600)
    for k in range(40):
        ana.send_note(f"{k} " + "word " * 60)
    world.settle()
    invite = handovers.offer(ana, ana.me, "Ana B.")
    ana.sync()
    come(world, ana, "heir", invite)
    world.settle("hernan", "pia", "heir")
    told.clear()
    while ana.state.keys(ana.me) is not None:
        ana.sync(tell)
        world.sync("heir")
    assert told[-1][0] == ana.size  # it has left, and reads as ever
    through = [done for done, total in told[1:] if total is not None and done < total]
    assert through == sorted(through)
    assert len(set(through)) > 2


def test_what_waited_for_the_relay_is_not_posted_for_a_seat_that_was_frozen_meanwhile(world: World) -> None:
    """It was sealed to that seat too, whose device is in other hands, and whose credential the relay still takes."""
    ana, hernan, pia = (world[name] for name in NAMES)
    offline(hernan)
    hernan.send_note("The cape.")
    (row,) = hernan.session.book.outbox.waiting()
    frames = decode_frames(hernan.session.book.outbox.frames(row.n))
    handovers.freeze(pia, ana.me, "Lost.")
    online(hernan)
    world.settle("hernan", "pia")
    posted = {body for _, body in world.host.rows(world.name)}
    assert not posted & {frame.body for frame in frames}
    assert [one.text for one in notes(pia)] == ["The cape."]
    assert notes(pia)[0].audience == tuple(sorted((hernan.me, pia.me)))


def test_the_holder_goes_without_another_entry_once_the_relay_has_erased_what_passed(world: World) -> None:
    """A desk that only follows what is pushed: no entry tells of an erasure."""
    ana, hernan = world["ana"], world["hernan"]
    hernan.send_note("For the dossier.", [ana.me])
    world.settle("ana", "hernan", "pia")
    invite = handovers.offer(ana, ana.me, "Ana B.")
    world.settle("ana", "hernan", "pia")
    heir = come(world, ana, "heir", invite)
    for _ in range(9):
        for who in (heir, hernan):
            who.sync()
        if ana._syncer.gone() or not (came := ana._syncer.read()):
            break
        ana._syncer.pushed(came)
    assert ana._syncer.gone()
    assert [note.text for note in notes(heir)] == ["For the dossier."]
