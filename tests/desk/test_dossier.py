"""A dossier on its way: whatever comes between, and whoever's program ends, the successor has what the holder had."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import dossier, handovers, mandates, soundings, steps, syncing, texts, understandings
from backchannel.desk.book.intent import Intent, Say
from backchannel.desk.book.outbox import Outbox
from backchannel.desk.channel import Channel
from backchannel.desk.duties import lapse
from backchannel.errors import BackchannelError, Misuse, RelayRefused
from backchannel.instruments.handover import Handover
from backchannel.instruments.step.acts import PIECE, File, Piece
from backchannel.ledger.wire import Frame
from tests.desk.evidence import PLAN
from tests.desk.world import (
    NAMES,
    World,
    agree,
    alarms,
    notes,
    offline,
    online,
    returned,
    talks,
    waiting,
    wire,
)
from tests.desk.world import (
    texts as said,
)
from tests.faults.test_crash import Crash, crash_at

SEATS = ("ana", "hernan", "sofia")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path, SEATS) as made:
        yield made


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many parts, few at a time."""
    monkeypatch.setattr(dossier, "MOST", 700)
    monkeypatch.setattr(dossier, "AT_ONCE", 2)
    monkeypatch.setattr(dossier, "_BATCH", 2)


def fill(world: World, many: int = 4) -> None:
    """A channel in which something of everything was said, Sofia in and out of it."""
    ana, hernan, sofia = (world[name] for name in SEATS)
    for k in range(many):
        ana.send_note(f"to Sofia {k}", [sofia.me], read_back=True)
        sofia.send_note(f"of Sofia {k}")
    hernan.send_note("not for Sofia", [ana.me])
    hernan.send_note("soon gone", [sofia.me], keep_days=1)
    texts.open_(ana, "Draft", ["One.", "Two.", "Three. " * 200])
    mandates.grant(hernan, hernan.me, ["sign"], "All of it.")
    understandings.propose(ana, "Act", "We agree.", [ana.me, hernan.me])
    world.settle()
    for name in ("ana", "hernan"):
        understandings.initial(world[name], world[name].items("understanding")[0].value)
        world.settle()
    sofia.restate(notes(sofia)[0], "I see.")
    world.settle()


def offer(world: World, seat: str = "sofia", heir: str = "ago") -> None:
    """The holder offers its seat, and its successor signs the charter: a ROTATE is due."""
    holder = world[seat]
    invite = handovers.offer(holder, holder.me, f"Heir {heir}")
    holder.sync()
    world.desk(heir).join(holder.code(invite))
    world[heir].sign_charter(world[heir].state.charter)


def enter(world: World, *names: str, heir: str = "ago") -> None:
    """The successor is in; the holder's desk is off, so that it has begun nothing."""
    world.sync(*names, heir)
    assert world[heir].state.keys(world[heir].me) is not None


def through(world: World, *names: str) -> None:
    """Everybody goes on until the holder has left and nothing moves."""
    for _ in range(40):
        before = [(world[name].size, waiting(world[name])) for name in names or world.desks]
        for name in names or tuple(world.desks):
            world[name].sync()
        if before == [(world[name].size, waiting(world[name])) for name in names or world.desks]:
            return
    raise AssertionError("it does not come to rest")


def passing(channel: Channel) -> dict[int, Any]:
    """What passes, by position, but for what is gone."""
    held = channel.session.book.items.passing(0, 10_000)
    return {item.position: item.value for item in held if not getattr(item.value, "gone", False)}


def says(channel: Channel) -> list[Say]:
    """What waits on a desk to be said."""
    return [row.intent for row in channel.session.book.outbox.waiting() if isinstance(row.intent, Say)]


def complete(
    world: World, *, holder: str = "sofia", heir: str = "ago", others: tuple[str, ...] = ("ana", "hernan")
) -> None:
    """The successor has exactly what was the holder's, as the others have it; the holder is gone."""
    gone, new = world[holder].me, world[heir]
    assert new.state.member(gone).standing == "gone"
    expected: dict[int, Any] = {}
    for name in others:
        for position, value in passing(world[name]).items():
            if new.me in world[name].state.current(value.audience):
                expected[position] = value
    assert passing(new) == expected
    assert alarms(new) == alarms(world[holder]) == []
    for name in (holder, heir, *others):
        assert (waiting(world[name]), returned(world[name])) == (0, [])
    agree(world, heir, *others)
    assert [one.note for one in new.session.book.entries.log() if one.verdict == "rejected"] == []  # nobody is blamed


# --- as it should be


def test_the_successor_has_what_the_holder_had_and_the_holder_goes(world: World) -> None:
    fill(world)
    offer(world)
    through(world)
    complete(world)
    ago, sofia = world["ago"], world["sofia"]
    assert "soon gone" in said(ago)
    assert "not for Sofia" not in said(ago)
    assert {one.value.title for one in ago.items("text")} == {"Draft"}
    held = ago.session.book.items
    assert {held.passed_on(position) for position in passing(ago)} == {sofia.me}


def test_in_many_parts_as_well(world: World, small: None) -> None:
    fill(world)
    offer(world)
    through(world)
    complete(world)
    (item,) = (one.value for one in world["ago"].items("handover"))
    assert item.parts > 6


def test_the_relay_keeps_no_part(world: World) -> None:
    fill(world)
    offer(world)
    through(world)
    log = world["ago"].session.book.entries.log()
    assert [one.gone is not None for one in log if one.kind == "handover.part"] == [True]


def test_the_new_device_goes_on_where_the_old_one_stood(world: World) -> None:
    fill(world)
    offer(world)
    through(world)
    ana, ago, sofia = world["ana"], world["ago"], world["sofia"]
    asked = next(one for one in notes(ago) if one.text == "to Sofia 1")
    ago.restate(asked, "I read.")
    world.settle("ana", "hernan", "ago")
    ana.confirm(ana.note_at(asked.at.position), sofia.me)
    world.settle("ana", "hernan", "ago")
    assert ago.note_at(asked.at.position).readbacks[0].state == "confirmed"
    before = len(notes(sofia))
    with pytest.raises(BackchannelError):
        sofia.send_note("I am still here.")
    sofia.sync()
    assert len(notes(sofia)) == before
    complete(world)


def test_what_the_old_device_has_opens_nothing_that_came_after(world: World) -> None:
    """Even if whoever holds it reads the relay's disk."""
    fill(world)
    offer(world)
    through(world)
    ana, ago, sofia = world["ana"], world["ago"], world["sofia"]
    last = sofia.size
    ana.send_note("to the seat", [ago.me])
    texts.open_(ana, "Later", ["One."])
    world.settle("ana", "hernan", "ago")
    engine = sofia.session.engine
    assert ago.state.epoch not in engine.wallet.secrets
    assert not engine.lines.places
    for _, body in world.host.rows(world.name)[last:]:
        assert engine.lines.find((body or b"")[:16]) is None
        assert not any(engine._recognises(epoch, body or b"") for epoch in engine.wallet.secrets)


def test_the_successor_opens_nothing_that_was_said_before_it_came(world: World) -> None:
    fill(world)
    before = world["ana"].size
    offer(world)
    through(world)
    found = [one for one in world["ago"].session.book.entries.log() if one.position < before]
    assert {one.verdict for one in found} <= {"act", "closed"}
    assert {one.sender for one in found if one.verdict == "closed"} == {None}


# --- what comes between

AFTER = ("restate", "amend", "withdraw", "note", "text")


def say_something(world: World, k: int) -> None:
    """Ana or Hernán says something to Sofia's seat, about what was there or of something new."""
    ana, hernan, sofia = (world[name] for name in SEATS)
    what = AFTER[k % len(AFTER)]
    if what == "restate":
        ana.correct(notes(ana)[0], sofia.me, "Not so.")
    elif what == "amend":
        item = hernan.items("text")[0].value
        texts.stand(hernan, item, item.here[:1], "reserve", "Never.")
    elif what == "withdraw":
        understandings.withdraw(ana, ana.items("understanding")[0].value, "No more.")
    elif what == "note":
        hernan.send_note("meanwhile", [sofia.me] if sofia.state.keys(sofia.me) else None)
    else:
        texts.open_(hernan, "Another", ["One."])


def at_call(world: World, names: tuple[str, ...], number: int, do: Callable[[], None]) -> Callable[[], bool]:
    """Before the `number`-th call of one of these desks to the relay, something else is said; whether it was."""
    left, done = [number], [False]

    def before(op: str, args: tuple[Any, ...]) -> None:
        left[0] -= 1
        if left[0] == 0:
            do()
            done[0] = True

    def dial(made: Any) -> None:
        made.before = before

    for name in names:
        desk = world.desks[name]
        desk.dial = dial
        dial(wire(world[name]))
    return lambda: done[0]


@pytest.mark.parametrize(
    "k", [k if k in (1, 3) else pytest.param(k, marks=pytest.mark.soak) for k in range(len(AFTER))]
)
@pytest.mark.parametrize("who", ["sofia", "ago"])
def test_whatever_is_said_at_any_moment_arrives(tmp_path: Path, small: None, who: str, k: int) -> None:
    number, said_it = 1 + k % 4, True
    while said_it:
        folder = tmp_path / str(number)
        folder.mkdir()
        with talks(folder, SEATS) as world:
            fill(world, 2)
            offer(world)
            world.sync("ana", "hernan")

            def speak(world: World = world) -> None:
                with suppress(Misuse):  # she has left already, or this was said
                    world.sync("ana", "hernan")
                    say_something(world, k)

            happened = at_call(world, (who,), number, speak)
            through(world, "sofia", "ago", "ana", "hernan")
            said_it = happened()
            world.settle("ana", "hernan", "ago")
            complete(world)
        number += 4
    assert number > 14


def test_what_was_written_before_the_rotation_and_leaves_after_it_goes_to_both(world: World) -> None:
    ana = world["ana"]
    fill(world)
    offer(world)
    offline(ana)
    ana.send_note("written too early", [world["sofia"].me])
    world.settle("hernan", "sofia", "ago")
    online(ana)
    through(world)
    complete(world)
    assert "written too early" in said(world["ago"])


def test_a_holder_that_is_away_for_weeks_goes_on(world: World, small: None) -> None:
    fill(world)
    offer(world)
    enter(world, "ana", "hernan")
    world["ana"].send_note("while she was away", [world["sofia"].me], keep_days=30)
    world.settle("ana", "hernan", "ago")
    for _ in range(4):
        world.clock.days(5)
        world.settle("ana", "hernan", "ago")
    through(world)
    complete(world)
    assert "soon gone" not in said(world["ago"])
    assert "while she was away" in said(world["ago"])


def test_a_successor_that_is_away_for_weeks_finds_it_all(world: World, small: None) -> None:
    fill(world)
    offer(world)
    enter(world, "ana", "hernan")
    world.settle(*SEATS)
    assert world["sofia"].state.keys(world["sofia"].me) is not None
    for _ in range(4):
        world.clock.days(5)
        world.settle(*SEATS)
    world["hernan"].send_note("in between", [world["sofia"].me])
    through(world)
    complete(world)


def test_a_note_whose_time_ends_while_its_part_has_not_left_is_in_no_row(world: World) -> None:
    fill(world)
    offer(world)
    enter(world, "ana", "hernan")
    sofia = world["sofia"]

    def before(op: str, args: tuple[Any, ...]) -> None:
        if op == "append" and any(one.kind == "handover.part" for one in says(sofia)):
            offline(sofia)
            wire(sofia).before(op, args)

    wire(sofia).before = before
    with pytest.raises(BackchannelError):
        sofia.sync()
    (part,) = (one for one in says(sofia) if one.kind == "handover.part")
    assert b"soon gone" in part.body
    world.clock.days(2)
    with sofia.session.turn(), sofia.session.vault.transaction():
        assert lapse(sofia.session)
    assert not [one for one in says(sofia) if one.kind.startswith("handover")]
    online(sofia)
    through(world)
    complete(world)


@pytest.mark.parametrize("posted", range(1, 25, 2))
def test_an_item_of_which_a_stretch_was_sent_when_something_ended_arrives(
    world: World, small: None, monkeypatch: pytest.MonkeyPatch, posted: int
) -> None:
    """What had not left is taken back: the successor has the beginning of an item, and then one from the beginning."""
    monkeypatch.setattr(syncing, "_MOST_FRAMES", 1)
    fill(world)
    offer(world)
    enter(world, "ana", "hernan")
    sofia = world["sofia"]
    left = [posted]

    def before(op: str, args: tuple[Any, ...]) -> None:
        left[0] -= op == "append"
        if left[0] < 0:
            offline(sofia)
            wire(sofia).before(op, args)

    wire(sofia).before = before
    with suppress(BackchannelError):
        sofia.sync()
    world.clock.days(2)
    online(sofia)
    rounds: list[int] = []
    parts = dossier._parts

    def counted(session: Any, item: Handover, plan: dossier.Plan) -> Any:
        rounds.append(plan.after)
        return parts(session, item, plan)

    monkeypatch.setattr(dossier, "_parts", counted)
    through(world)
    complete(world)
    # Nothing that a member lets end every five minutes makes a dossier of days begin again each time.
    assert posted < 10 or (rounds and min(rounds) > 0)


def test_notes_are_erased_at_their_hour_by_the_successor(world: World) -> None:
    fill(world)
    offer(world)
    through(world)
    sofia, ago = world["sofia"], world["ago"]
    own = [note.at.position for note in notes(ago) if note.author == sofia.me]
    world.clock.days(31)
    world.settle("ana", "hernan", "ago")
    log = {one.position: one for one in ago.session.book.entries.log()}
    assert own
    assert all(log[position].gone is not None for position in own)
    assert not {text for text in said(ago) if text}


# --- programs that end


@pytest.mark.parametrize("durable", [pytest.param(False, marks=pytest.mark.soak), True])
@pytest.mark.parametrize("who", ["sofia", "ago"])
def test_a_desk_that_ends_at_any_transaction_goes_on(tmp_path: Path, small: None, who: str, durable: bool) -> None:
    number, crashed = 1, True
    while crashed:
        folder = tmp_path / str(number)
        folder.mkdir()
        with talks(folder, SEATS) as world:
            fill(world, 2)
            offer(world)
            world.sync("ana", "hernan")
            done = crash_at(world[who], number, durable=durable)
            with suppress(Crash):
                through(world, "sofia", "ago", "ana", "hernan")
            crashed = done()
            world.open(who)
            through(world, "sofia", "ago", "ana", "hernan")
            complete(world)
        number += 4
    assert number > 8


@pytest.mark.parametrize("when", range(0, 40, 5))
def test_a_holder_that_comes_back_from_a_backup_amid_it_finishes(world: World, small: None, when: int) -> None:
    fill(world)
    offer(world)
    world.sync("ana", "hernan")
    kept: list[Path] = []

    def back() -> None:
        kept.append(world.backup("sofia"))

    happened = at_call(world, ("sofia",), when + 1, back)
    through(world, "sofia", "ago", "ana")
    if not happened():
        return
    left = world["ago"].state.keys(world["sofia"].me) is None
    world.desks.pop("sofia").close()
    world.restore(kept[0], "sofia again")
    world.desks["sofia"] = world.desks.pop("sofia again")
    assert left
    world.sync("sofia")  # it learns that it has left, and gives nothing twice
    through(world, "sofia", "ago", "ana", "hernan")
    assert world["sofia"].state.keys(world["sofia"].me) is None or world["sofia"].state.epoch < world["ago"].state.epoch
    assert alarms(world["ago"]) == []


@pytest.mark.parametrize("rounds", range(1, 9))
def test_a_holder_restored_while_parts_are_on_their_way_sends_them_again(
    world: World, small: None, rounds: int
) -> None:
    """The backup knows of fewer parts than the log has."""
    fill(world)
    offer(world)
    enter(world, "ana", "hernan")
    sofia = world["sofia"]
    left = [rounds]

    def before(op: str, args: tuple[Any, ...]) -> None:
        if op == "append":
            left[0] -= 1
        if left[0] == 0:
            kept.append(world.backup("sofia"))
        if left[0] < -2:
            offline(sofia)
            wire(sofia).before(op, args)

    kept: list[Path] = []
    wire(sofia).before = before
    with suppress(BackchannelError):
        sofia.sync()
    if not kept:
        kept.append(world.backup("sofia"))
    world.desks.pop("sofia").close()
    world.restore(kept[0], "sofia again")
    world.desks["sofia"] = world.desks.pop("sofia again")
    world.clock.days(0.2)
    through(world, "sofia", "ago", "ana", "hernan")
    complete(world)


# --- what comes back


def test_a_part_that_came_back_waits_for_its_person_and_then_all_is_sent_again(world: World, small: None) -> None:
    fill(world)
    offer(world)
    enter(world, "ana", "hernan")
    sofia, whole = world["sofia"], wire(world["sofia"]).append

    def too_large(name: str, credential: bytes, frames: Any) -> list[int]:
        outbox = sofia.session.book.outbox
        held = b"".join(outbox.frames(row.n) for row in outbox.waiting("handover.part"))
        if any(frame.body in held for frame in frames):
            raise RelayRefused("too-large", "This is more than this host takes.")
        return whole(name, credential, frames)

    wire(sofia).append = too_large  # type: ignore[method-assign]
    sofia.sync()
    back = sofia.session.book.outbox.returned()
    assert {row.why for row in back} == {"This is more than this host takes."}
    rows = waiting(sofia)
    for _ in range(3):
        world.settle("sofia", "ago")
    assert sofia.session.book.outbox.returned() == back
    assert waiting(sofia) == rows
    wire(sofia).append = whole  # type: ignore[method-assign]
    for row in back:
        sofia.discard(row.n)
    through(world)
    complete(world)


def test_a_part_that_the_log_has_is_not_sent_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup brought it back, and the desk that it is of had sealed it anew."""
    fill(world)
    monkeypatch.setattr(dossier, "_leave", lambda *_: [])
    offer(world)
    enter(world, "ana", "hernan")
    sofia, put, kept = world["sofia"], Outbox.put, list[Intent]()

    def keeping(outbox: Outbox, intent: Intent) -> int:
        kept.append(intent)
        return put(outbox, intent)

    monkeypatch.setattr(Outbox, "put", keeping)
    through(world)
    with sofia.session.turn(), sofia.session.vault.transaction():
        put(sofia.session.book.outbox, next(one for one in kept if isinstance(one, Say) and "part" in one.kind))
    size = sofia.size
    through(world)
    assert (sofia.size, waiting(sofia), returned(sofia)) == (size, 0, [])


def test_evidence_passes_with_its_ladder(world: World, small: None) -> None:
    fill(world)
    ana, sofia = world["ana"], world["sofia"]
    steps.propose(ana, steps.plan(ana, PLAN))
    data = bytes(range(256)) * 4_000
    file = File("photo.jpg", len(data), hashlib.sha256(data).digest())
    world.settle()
    item = ana.items("step")[0].value
    steps.report(ana, item, item.steps[0], "Done.", [file])
    world.settle()
    for n in range(2):
        ana.say("step.piece", Piece(item.id, file.sha256, n, data[n * PIECE : (n + 1) * PIECE]))
    world.settle()
    offer(world)
    through(world)
    complete(world)
    found = world["ago"].session.book.pieces
    position = item.at.position
    assert [one.n for one in found.of(position)] == [0, 1] == [one.n for one in sofia.session.book.pieces.of(position)]
    assert b"".join(found.read(position, "Argentina", file.sha256)) == data


def test_an_end_that_was_lost_is_said_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(world)
    offer(world)
    enter(world, "ana", "hernan")
    lost: list[int] = []
    put = Outbox.put

    def put_and_lose(outbox: Outbox, intent: Intent) -> int:
        n = put(outbox, intent)
        if isinstance(intent, Say) and intent.kind == "handover.end" and not lost:
            lost.append(n)
            outbox.done(lost)
        return n

    monkeypatch.setattr(Outbox, "put", put_and_lose)
    through(world)
    assert lost
    complete(world)


def test_nobody_leaves_a_channel_in_which_nobody_would_remain(tmp_path: Path) -> None:
    with talks(tmp_path, ("ana", "hernan")) as world:
        ana, hernan = world["ana"], world["hernan"]
        ana.send_note("hello")
        world.settle()
        offer(world, "ana", "heir")
        world.sync("hernan", "heir")
        hernan.remove(hernan.me, "I go.")
        world.settle()
        heir = world["heir"]
        assert heir.state.keys(ana.me) is not None
        assert heir.state.keys(hernan.me) is None
        assert (waiting(ana), returned(ana)) == (0, [])
        assert said(heir) == ["hello"]


def test_a_holder_whose_removal_all_have_agreed_to_does_not_ask_for_it(world: World) -> None:
    fill(world)
    offer(world)
    enter(world, "ana", "hernan")
    ana, sofia = world["ana"], world["sofia"]
    ana.remove(sofia.me, "She has left.")
    world.settle("ana", "hernan")
    world["hernan"].remove(sofia.me, "She has left.")
    through(world)
    assert returned(sofia) == []
    assert world["ago"].state.keys(sofia.me) is None


# --- who comes after whom


def test_a_successor_hands_over_in_its_turn(world: World, small: None) -> None:
    fill(world)
    offer(world)
    through(world, *SEATS, "ago")
    world["ana"].send_note("to Agostino", [world["ago"].me])
    world.settle("ana", "hernan", "ago")
    offer(world, "ago", "ugo")
    through(world, "ana", "hernan", "ago", "ugo")
    complete(world, holder="ago", heir="ugo")
    assert "to Agostino" in said(world["ugo"])
    assert "of Sofia 0" in said(world["ugo"])


def test_an_observer_and_the_founder_hand_over(tmp_path: Path) -> None:
    with talks(tmp_path, ("ana", "hernan", "dora")) as world:
        world["hernan"].send_note("to all")
        world["ana"].send_note("of Ana")
        world.settle()
        offer(world, "dora", "dina")
        through(world)
        assert said(world["dina"]) == ["to all", "of Ana"]
        assert not world["dina"].state.member(world["dina"].me).speaks
        offer(world, "ana", "heir")
        through(world, "ana", "hernan", "dina", "heir")
        heir, hernan = world["heir"], world["hernan"]
        assert said(heir) == ["to all", "of Ana"]
        invite = hernan.invite("New N.", "Norway", "expert")
        through(world, "hernan", "dina", "heir")
        for one in (heir, world["dina"]):
            if one.pending():
                one.admit("New N.")
        through(world, "hernan", "dina", "heir")
        world.desk("new").join(hernan.code(invite))  # the founder's fingerprint is in it, who has gone
        world["new"].sign_charter(world["new"].state.charter)
        through(world, "hernan", "dina", "heir", "new")
        assert world["new"].state.keys(world["new"].me) is not None


def test_under_a_charter_of_the_record_no_note_passes(tmp_path: Path) -> None:
    with talks(tmp_path, SEATS, dossier="record") as world:
        fill(world)
        offer(world)
        enter(world, "ana", "hernan")
        ana, ago, sofia = world["ana"], world["ago"], world["sofia"]
        ana.send_note("to Sofia, not to her seat", [sofia.me])
        through(world)
        assert notes(ago) == []
        assert {one.value.title for one in ago.items("text")} == {"Draft"}
        asked = next(one for one in notes(ana) if one.text == "of Sofia 0")
        ana.restate(asked, "I see.") if asked.readback(ana.me) else None
        world.settle("ana", "hernan", "ago")
        assert notes(ago) == []
        assert [one for one in ago.session.book.entries.log() if one.verdict == "rejected"] == []


# --- what does not pass


def test_a_sounding_that_runs_ends_when_a_seat_is_frozen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NAMES, "pia", ("Pia A.", "Argentina", "principal"))
    with talks(tmp_path, ("ana", "hernan", "pia", "sofia")) as world:
        ana, hernan, pia, sofia = (world[name] for name in ("ana", "hernan", "pia", "sofia"))
        soundings.ask(sofia, "Shall we meet?", ["Yes.", "No."], [ana.me, hernan.me])
        world.settle()
        item = hernan.items("sounding")[0]
        assert soundings.standing(hernan, item.value) not in ("lapsed", "void")
        handovers.freeze(pia, ana.me, "Taken at the border.")
        world.settle("hernan", "pia", "sofia")
        with pytest.raises(Misuse):
            soundings.answer(hernan, hernan.sounding_at(item.position), [1])


def test_a_frozen_seat_that_rotates_first_ends_the_channel_and_learns_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As any seat can (channel.md, 6.3): the relay sees a control key, and no roster."""
    monkeypatch.setitem(NAMES, "pia", ("Pia A.", "Argentina", "principal"))
    with talks(tmp_path, ("ana", "hernan", "pia")) as world:
        ana, hernan, pia = (world[name] for name in ("ana", "hernan", "pia"))
        offline(hernan)
        handovers.freeze(pia, ana.me, "Taken at the border.")
        secrets = ana.session.book.epoch(ana.state.epoch)
        assert secrets is not None
        wire(ana).rotate(ana.name, secrets.control, bytes(32), bytes(32), Frame(b"\x01" * 32, b"\x02" * 700))
        online(hernan)
        hernan.send_note("to all who are left")
        for channel in (hernan, pia, ana):
            with pytest.raises(BackchannelError):
                channel.sync()
        assert said(ana) == []
        assert waiting(hernan) == 1


def test_what_a_frozen_desk_had_not_sent_goes_back_and_its_parts_are_destroyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NAMES, "pia", ("Pia A.", "Argentina", "principal"))
    with talks(tmp_path, ("ana", "hernan", "pia")) as world:
        ana, pia = world["ana"], world["pia"]
        ana.send_note("a word", keep_days=30)
        world.settle()
        offer(world, "ana", "heir")
        enter(world, "hernan", "pia", heir="heir")

        def before(op: str, args: tuple[Any, ...]) -> None:
            if op == "append" and any(one.kind == "handover.part" for one in says(ana)):
                offline(ana)
                wire(ana).before(op, args)

        wire(ana).before = before
        with pytest.raises(BackchannelError):
            ana.sync()
        assert [one.kind for one in says(ana)] == ["handover.part", "handover.end"]
        handovers.freeze(pia, ana.me, "Taken at the border.")
        world.settle("hernan", "pia", "heir")
        online(ana)
        ana.sync()
        assert (says(ana), returned(ana)) == ([], [])
        assert notes(world["heir"]) == []
        handovers.pass_on(pia, pia.state.member(world["heir"].me))
        through(world, "hernan", "pia", "heir")
        assert said(world["heir"]) == ["a word"]


# --- what may come of it


def test_a_person_passes_on_again_what_went_wrong(world: World) -> None:
    fill(world)
    offer(world)
    enter(world, "ana", "hernan")
    sofia, ago = world["sofia"], world["ago"]
    handovers_before = len(ago.items("handover"))
    through(world)
    assert len(ago.items("handover")) == handovers_before + 1
    with pytest.raises(Misuse):
        handovers.pass_on(sofia, sofia.state.member(ago.me))


def test_nothing_goes_that_the_successor_was_told_itself(world: World) -> None:
    offer(world)
    enter(world, "ana", "hernan")
    world["ana"].send_note("to both of them")
    world["ana"].sync()
    through(world)
    complete(world)
    (item,) = (one.value for one in world["ago"].items("handover"))
    assert isinstance(item, Handover)
    assert item.parts == 0
