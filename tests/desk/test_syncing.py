"""Sync under hostile timing: rosters that change while people write, races, desks that were away, two programs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel import acts
from backchannel.desk import duties, files, sending, soundings, understandings, watching
from backchannel.desk.book.intent import Say
from backchannel.entry.codec import decode, encode
from backchannel.errors import BackchannelError, Malformed, Misuse, RelayFault, RelayRefused, Unreachable
from backchannel.instruments.note import Send
from backchannel.instruments.step.acts import PIECE
from backchannel.ledger.wire import Frame
from backchannel.relay.refusals import refuse
from backchannel.seal import primitives as p
from backchannel.seal.roster import EpochSecrets, seal_epoch
from backchannel.seal.slots import Recipient, rotate_info
from tests.desk.world import (
    NAMES,
    World,
    agree,
    alarms,
    notes,
    offline,
    online,
    remove,
    returned,
    talks,
    texts,
    the_truth,
    waiting,
    wire,
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as made:
        yield made


# --- the roster changes while somebody writes -----------------------------------------------------


def test_a_note_written_while_the_roster_changes_goes_once_to_who_is_left(world: World) -> None:
    ana, hernan, sofia = world["ana"], world["hernan"], world["sofia"]
    sofia.send_note("before")
    world.settle()
    sofia.remove(hernan.me, "It is over.")
    offline(sofia)
    sofia.send_note("for everyone here")
    ana.sync()
    ana.remove(hernan.me, "Agreed.")
    ana.sync()
    assert ana.state.epoch == 2
    online(sofia)
    world.settle()
    agree(world, "ana", "sofia")
    assert texts(ana) == texts(sofia) == ["before", "for everyone here"]
    assert texts(hernan) == ["before"]
    assert notes(ana)[-1].audience == tuple(sorted((ana.me, sofia.me)))
    assert waiting(sofia) == 0


def test_a_newcomer_does_not_get_what_was_written_before_it_came(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    invite = ana.invite(*NAMES["dora"])
    for other in (hernan, sofia):
        other.sync()
        other.admit(NAMES["dora"][0])
    ana.sync()
    dora = world.desk("dora").join(ana.code(invite))
    hernan.sync()
    offline(hernan)
    hernan.send_note("to those who were here")
    ana.sync()
    dora.sync()
    dora.sign_charter(dora.state.charter)
    ana.sync()
    assert ana.state.epoch == 2
    online(hernan)
    world.settle()
    agree(world)
    assert texts(dora) == []
    assert texts(ana) == texts(sofia) == ["to those who were here"]
    hernan.send_note("to all four")
    world.settle()
    assert texts(dora) == ["to all four"]


def _not(*ops: str) -> Any:
    def before(op: str, args: tuple[Any, ...]) -> None:
        if op in ops:
            raise Unreachable("refused", "The relay does not answer.")

    return before


def test_an_append_under_the_old_roster_is_stale_and_sealed_again(world: World) -> None:
    """The relay takes the old credential after the rotation: nobody opens that, and it is sealed once more."""
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    sofia.send_note("before")
    world.settle()
    ana.remove(hernan.me, "It is over.")
    sofia.sync()
    sofia.remove(hernan.me, "Agreed.")  # posted; ana rotates
    offline(sofia)
    sofia.send_note("late")
    ana.sync()
    assert ana.state.epoch == 2
    credential = ana.session.book.credential()[1]
    host, line = world.host, wire(sofia)

    class Lax:
        def __getattr__(self, name: str) -> Any:
            return getattr(host, name)

        def append(self, name: str, _: bytes, frames: Sequence[Frame]) -> list[int]:
            return host.append(name, credential, frames)

    online(sofia)
    line.host = Lax()  # type: ignore[assignment]
    assert sofia._syncer.post()
    line.host = host
    world.settle()
    agree(world, "ana", "sofia")
    assert texts(ana) == texts(sofia) == ["before", "late"]
    rotated = max(e.position for e in ana.session.book.entries.log() if e.kind == "rotate")
    later = [e.verdict for e in ana.session.book.entries.log(rotated + 1) if e.kind != "once"]
    assert later == ["closed", "start", "line"]
    assert waiting(sofia) == 0


def test_two_desks_rotate_at_once(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    ana.remove(hernan.me, "It is over.")
    sofia.sync()
    sofia.remove(hernan.me, "Agreed.")
    for channel in (ana, sofia):
        channel._syncer.read()

    def meet(op: str, args: tuple[Any, ...]) -> None:
        if op == "rotate":
            wire(ana).before = wire(sofia).before = lambda op, args: None
            sofia.sync()

    wire(ana).before = meet
    ana.sync()
    world.settle()
    agree(world, "ana", "sofia")
    assert ana.state.epoch == 2
    assert wire(ana).calls.count("rotate") == 1
    assert wire(sofia).calls.count("rotate") == 1
    ana.send_note("after")
    world.settle()
    assert texts(sofia) == ["after"]


def test_a_rotation_that_was_done_unheard_is_found_in_the_log(world: World) -> None:
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    ana.remove(hernan.me, "It is over.")

    def lost(op: str, args: tuple[Any, ...], result: Any) -> Any:
        if op == "rotate":
            raise Unreachable("broken", "The connection broke.")
        return result

    sofia.sync()
    wire(sofia).after = lost
    sofia.remove(hernan.me, "Agreed.")
    with pytest.raises(Unreachable):
        sofia.sync()
    online(sofia)
    world.settle()
    agree(world, "ana", "sofia")
    assert sofia.state.epoch == 2
    sofia.send_note("with the new keys")
    world.settle()
    assert texts(ana) == ["with the new keys"]


def test_a_removed_seat_is_told_keeps_what_it_read_and_gets_back_what_it_wrote(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    ana.send_note("while he was here")
    world.settle()
    offline(hernan)
    hernan.send_note("never posted")
    hernan.remove(hernan.me, "I would rather go.")
    remove(world, "hernan", "ana", "sofia")
    ana.send_note("without him")
    world.settle("ana", "sofia")
    online(hernan)
    report = hernan.sync()
    assert report.waiting == 0
    assert hernan.state.seat(hernan.me).standing == "gone"  # type: ignore[union-attr]
    assert texts(hernan) == ["while he was here"]
    assert hernan.session.book.credential()[0] == 1
    back = hernan.session.book.outbox.returned()
    assert all("no longer in the channel" in row.why for row in back)
    said = [row.intent for row in back]
    assert [decode(s.body, Send).text for s in said if isinstance(s, Say)] == ["never posted"]
    assert len(back) == 2
    for act in (
        lambda: hernan.send_note("x"),
        lambda: hernan.invite(*NAMES["dora"]),
        lambda: hernan.remove(ana.me, "x"),
    ):
        with pytest.raises(Misuse):
            act()
    assert hernan.sync().events == []
    with pytest.raises(RelayRefused) as caught:
        wire(hernan).read(hernan.name, hernan.session.book.credential()[1], hernan.size)
    assert caught.value.code == "rotated"


def test_a_party_is_not_removed_without_the_assent_of_those_that_stay(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    ana.remove(hernan.me, "It is over.")
    world.settle()
    assert ana.state.epoch == 1
    (proposed,) = hernan.pending()
    with pytest.raises(Misuse):
        hernan.act(acts.Assent(proposed.proposal.digest))
    world.clock.days(31)
    world.settle()
    assert ana.state.epoch == 1
    assert ana.pending() == []
    with pytest.raises(Misuse):
        world["sofia"].act(acts.Assent(proposed.proposal.digest))


# --- away ------------------------------------------------------------------------------------------


def test_a_desk_that_was_away_for_three_rosters_finds_its_way(tmp_path: Path) -> None:
    with talks(tmp_path, ("ana", "hernan", "sofia", "dora", "emil")) as world:
        ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
        sofia.send_note("zero")
        world.settle()
        offline(sofia)
        sofia.send_note("written long ago")
        here = ["ana", "hernan", "dora", "emil"]
        for gone in ("emil", "dora"):
            world.clock.days(5)
            world[gone].remove(world[gone].me, "I go.")
            world.settle(*here)
            here.remove(gone)
            ana.send_note(f"without {gone}")
            world.settle(*here)
        invite = ana.invite("Fay", "Chile", "expert")
        online(sofia)
        sofia.sync()
        sofia.admit("Fay")
        offline(sofia)
        hernan.sync()
        hernan.admit("Fay")
        ana.sync()
        fay = world.desk("fay").join(ana.code(invite))
        fay.sign_charter(fay.state.charter)
        world.settle("ana", "hernan", "fay")
        world.clock.days(10)
        world.settle("ana", "hernan", "fay")
        assert ana.state.epoch == 4
        online(sofia)
        world.settle("ana", "hernan", "sofia", "fay")
        agree(world, "ana", "hernan", "sofia", "fay")
        assert texts(sofia) == ["zero", "without emil", "without dora", "written long ago"] or texts(sofia)[-1] == (
            "written long ago"
        )
        assert sorted(texts(sofia)) == sorted(texts(ana))
        assert texts(fay) == []


def test_what_was_written_offline_is_posted_in_order(world: World) -> None:
    ana = world["ana"]
    offline(ana)
    for n in range(5):
        ana.send_note(f"note {n}")
    invite = ana.invite(*NAMES["dora"])
    ana.send_note("after the invitation")
    understandings.propose(ana, "Act", "We agree.", [ana.me, world["hernan"].me])
    assert waiting(ana) == 8
    world.clock.days(2)
    ana = world.open("ana")
    world.settle()
    agree(world)
    assert texts(world["hernan"]) == [f"note {n}" for n in range(5)] + ["after the invitation"]
    assert [i.invite for i in world["hernan"].state.invitations] == [invite]
    assert len(world["hernan"].items("understanding")) == 1
    kinds = [e.kind for e in ana.session.book.entries.log(14) if e.kind.startswith(("note", "invite", "understanding"))]
    assert kinds == ["note.send"] * 5 + ["invite", "note.send", "understanding.propose"]


def test_a_long_log_is_read_in_many_answers_and_progress_is_told(world: World) -> None:
    for n in range(40):
        world["ana"].send_note(f"note {n}")
    hernan = world["hernan"]
    wire(hernan).most = 7
    told: list[tuple[int, int]] = []
    report = hernan.sync(lambda done, total: told.append((done, total)))
    assert len(report.events) >= 40
    assert len(told) >= 6
    assert told == sorted(told)
    assert texts(hernan) == [f"note {n}" for n in range(40)]


# --- two programs on one desk ----------------------------------------------------------------------


def test_a_second_program_on_the_desk_sees_and_continues_what_the_first_did(world: World) -> None:
    first, second = world["ana"], world.twin("ana")
    first.send_note("one")
    second.send_note("two")
    first.send_note("three")
    second.sync()
    first.sync()
    world.settle("ana", "hernan", "sofia")
    assert texts(world["hernan"]) == texts(first) == texts(second) == ["one", "two", "three"]
    agree(world)


def test_what_another_program_sealed_again_meanwhile_is_not_taken_for_posted(world: World) -> None:
    """Between the relay's acknowledgement and our note of it the other program reads that the entry fell out."""
    first, second = world["ana"], world.twin("ana")
    first.send_note("zero")
    world.settle("ana", "hernan", "sofia")
    offline(first, second)
    first.send_note("one")
    online(first, second)

    def meanwhile(op: str, args: tuple[Any, ...], result: Any) -> Any:
        if op == "append":
            wire(first).after = the_truth
            with second.session.turn(), second.session.vault.transaction():
                rows = second.session.book.outbox.waiting()
                second.session.book.end_sending()
                second.session.book.outbox.set_unsealed([row.n for row in rows])
        return result

    wire(first).after = meanwhile
    first.sync()
    assert alarms(first) == []
    world.settle("ana", "hernan", "sofia")
    assert alarms(first) == alarms(second) == []
    assert waiting(first) == 0


# --- refused by the log ----------------------------------------------------------------------------


def test_two_invitations_of_one_name_made_offline_one_comes_back(world: World) -> None:
    ana = world["ana"]
    offline(ana)
    ana.invite(*NAMES["dora"])
    ana.invite(*NAMES["dora"])
    ana.send_note("and on")
    online(ana)
    world.settle()
    agree(world)
    assert returned(ana) == ["Two seats of a channel cannot have the same name."]
    assert texts(world["sofia"]) == ["and on"]
    ana.invite(*NAMES["emil"])
    world.settle()
    assert len(world["sofia"].state.invitations) == 2


def test_a_host_that_takes_less_at_once_gets_less_at_once(world: World) -> None:
    ana = world["ana"]
    offline(ana)
    for n in range(4):
        ana.send_note(f"note {n}" + "!" * (20_000 if n == 2 else 0))
    online(ana)

    def small(op: str, args: tuple[Any, ...]) -> None:
        if op == "append" and sum(len(f.body) for f in args[2]) > 12_000:
            raise refuse("too-large")

    wire(ana).before = small
    world.settle()
    world.settle()
    assert len(returned(ana)) == 1
    back = ana.session.book.outbox.returned()[0].intent
    assert isinstance(back, Say)
    assert decode(back.body, Send).text.startswith("note 2!!!")
    assert texts(world["hernan"]) == ["note 0", "note 1", "note 3"]
    ana.discard(ana.session.book.outbox.returned()[0].n)
    assert returned(ana) == []
    agree(world)


def test_what_a_relay_refused_and_kept_is_not_called_unsent(world: World) -> None:
    """Else its author would write again what everybody has, or believe that a signature was not given."""
    ana = world["ana"]

    def kept(op: str, args: tuple[Any, ...], result: Any) -> Any:
        if op == "append":
            raise refuse("too-large")
        return result

    wire(ana).after = kept
    ana.send_note("The cape.")
    assert len(returned(ana)) == 1
    online(ana)
    world.settle()
    assert returned(ana) == []
    assert texts(ana) == texts(world["hernan"]) == ["The cape."]


def test_what_no_entry_holds_is_refused_and_holds_up_nothing(world: World) -> None:
    ana = world["ana"]
    ana.sync()
    options = [f"{n:04} " + "\U00010437" * 300 for n in range(1000)]
    with pytest.raises(Misuse) as caught:
        soundings.ask(ana, "Which?", options, [world[n].me for n in ("hernan", "sofia")], reveal="all")
    assert caught.value.code == "too-long"
    assert waiting(ana) == 0
    ana.send_note("The cape.")
    world.settle()
    assert texts(world["hernan"]) == ["The cape."]


def test_a_head_that_no_log_has_is_a_fault(world: World) -> None:
    ana = world["ana"]
    wire(ana).after = lambda op, args, result: replace(result, head=1 << 63) if op == "read" else result
    with pytest.raises(RelayFault) as caught:
        ana.sync()
    assert caught.value.code == "range"
    assert alarms(ana) == ["range"]


def test_what_falls_out_for_ever_comes_back_after_some_tries(world: World) -> None:
    ana = world["ana"]
    host = world.host

    class Garbling:
        def __getattr__(self, name: str) -> Any:
            return getattr(host, name)

        def append(self, name: str, credential: bytes, frames: Sequence[Frame]) -> list[int]:
            # The start of the line never arrives as it was written.
            host.append(name, credential, [Frame(frames[0].erase, bytes(600)), *frames[1:]])
            return host.append(name, credential, frames[1:])

    wire(ana).host = Garbling()  # type: ignore[assignment]
    ana.send_note("words that matter")
    ana.sync()
    wire(ana).host = host
    world.settle()
    back = [row.intent for row in ana.session.book.outbox.returned()]
    assert [decode(s.body, Send).text for s in back if isinstance(s, Say)] == ["words that matter"]
    assert texts(world["hernan"]) == []
    ana.send_note("on a new line")
    world.settle()
    assert texts(world["hernan"]) == ["on a new line"]


# --- a roster change that leaves a seat out ----------------------------------------------------------


@pytest.mark.parametrize("how", ["garbage", "other secrets"])
def test_a_rotation_that_leaves_a_seat_out_is_said_plainly(
    world: World, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    ana, hernan, sofia = (world[n] for n in ("ana", "hernan", "sofia"))
    ana.remove(hernan.me, "It is over.")
    sofia.sync()
    wire(sofia).before = _not("rotate")
    sofia.remove(hernan.me, "Agreed.")

    def unfair(channel: bytes, epoch: int, secrets: EpochSecrets, to: Sequence[Recipient], random: Any) -> Any:
        fair = [r for r in to if r.seat != sofia.me]
        (hers,) = (r for r in to if r.seat == sofia.me)
        slots = list(seal_epoch(channel, epoch, secrets, [*fair, *fair], random))
        if how == "other secrets":
            other = encode(EpochSecrets.new(random))
            slots[2] = p.hpke_seal(hers.xwing, rotate_info(channel, epoch, hers.seat, hers.seq), other)
        return tuple(slots)

    monkeypatch.setattr(duties, "seal_epoch", unfair)
    ana.sync()
    monkeypatch.undo()
    assert ana.state.epoch == 2
    offline(sofia)
    sofia.send_note("written before she knew")
    online(sofia)
    for _ in range(2):
        with pytest.raises(Malformed) as caught:
            sofia.sync()
        assert caught.value.code == "left-out"
        assert "no keys" in caught.value.what
    assert waiting(sofia) == 1
    with pytest.raises(BackchannelError) as said:
        sofia.send_note("now")
    assert said.value.code == "left-out"
    with pytest.raises(BackchannelError) as said:
        sofia.invite(*NAMES["dora"])
    assert said.value.code == "left-out"
    assert waiting(sofia) == 1


def test_a_relay_that_bounds_the_credential_without_a_roster_is_reported(world: World) -> None:
    """Somebody who holds the control key posts a rotation that is none: everybody is told, nothing loops."""
    ana, hernan = world["ana"], world["hernan"]
    control = hernan.session.book.epoch(1)
    assert control is not None
    world.host.rotate(world.name, control.control, b"\x01" * 32, b"\x02" * 32, Frame(b"\x03" * 32, bytes(700)))
    with pytest.raises(RelayRefused) as caught:
        ana.sync()
    assert caught.value.code == "rotated"
    assert len(wire(ana).calls) < 60


# --- watch -------------------------------------------------------------------------------------------


class Pushing:
    """Stands in for `Stream`: gives the messages that the test wrote, one a `next`; a callable is called instead."""

    script: list[Any]

    def __init__(self, client: Any, name: str, credential: bytes, start: int, *, heard: Any = None) -> None:
        self.client, self.name, self.credential, self.position = client, name, credential, start
        self.stopped = False

    def __iter__(self) -> Iterator[Any]:
        while not self.stopped and type(self).script:
            step = type(self).script.pop(0)
            answer = step() if callable(step) else None
            if answer is None:
                answer = self.client.read(self.name, self.credential, self.position)
            self.position += len(answer.records)
            yield answer

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def pushing(monkeypatch: pytest.MonkeyPatch) -> type[Pushing]:
    monkeypatch.setattr(watching, "Stream", Pushing)
    Pushing.script = []
    return Pushing


def test_watch_takes_answers_and_acts_as_it_goes(world: World, pushing: type[Pushing]) -> None:
    ana, hernan, stop = world["ana"], world["hernan"], threading.Event()
    pushing.script = [lambda: hernan.send_note("one"), lambda: hernan.send_note("two"), stop.set]
    kinds = [event.kind for events in ana.watch(stop) for event in events]
    assert kinds.count("note.send") == 2
    assert texts(ana) == ["one", "two"]


def test_watch_posts_what_waited_when_the_relay_is_back(world: World, pushing: type[Pushing]) -> None:
    ana, stop = world["ana"], threading.Event()

    def away() -> None:
        offline(ana)
        ana.send_note("waits")
        assert waiting(ana) == 1
        online(ana)

    pushing.script = [away, stop.set]
    list(ana.watch(stop))
    world["hernan"].sync()
    assert texts(world["hernan"]) == ["waits"]


def test_watch_outlives_a_relay_that_is_lost(world: World, pushing: type[Pushing]) -> None:
    ana, stop = world["ana"], threading.Event()
    heard: list[Any] = []

    def listen(problem: Any) -> None:
        heard.append(problem)
        if len(heard) == 2:
            online(ana)

    offline(ana)
    pushing.script = [stop.set]
    list(ana.watch(stop, listen))
    assert [h and h.code for h in heard] == ["refused", "refused", None]


def test_watch_ends_with_a_lasting_refusal_and_with_removal(world: World, pushing: type[Pushing]) -> None:
    ana, hernan = world["ana"], world["hernan"]
    wire(ana).before = lambda op, args: (_ for _ in ()).throw(refuse("credential"))
    with pytest.raises(RelayRefused):
        list(ana.watch(threading.Event()))
    online(ana)
    remove(world, "hernan", "ana", "sofia")
    ana.sync()
    assert list(hernan.watch(threading.Event()))
    assert hernan._syncer.gone()


def test_what_was_pushed_before_this_computer_slept_is_not_called_backdated(
    world: World, pushing: type[Pushing]
) -> None:
    ana, hernan, stop = world["ana"], world["hernan"], threading.Event()
    size = ana.size
    queue: list[Any] = []

    def before_sleep() -> Any:
        hernan.send_note("one")
        queue.append(wire(ana).read(ana.name, ana.session.book.credential()[1], size))
        middle = size + len(queue[0].records)
        hernan.send_note("two")
        queue.append(wire(ana).read(ana.name, ana.session.book.credential()[1], middle))
        world.clock.now += 7200
        return queue[0]

    pushing.script = [before_sleep, lambda: queue[1], stop.set]
    list(ana.watch(stop))
    assert texts(ana) == ["one", "two"]
    assert alarms(ana) == []


def test_watch_starts_anew_from_time_to_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is due by the clock is done without news."""
    ana, stop = world["ana"], threading.Event()
    ana.send_note("short lived", keep_days=1)
    world.settle()
    opened: list[Silent] = []

    class Silent:
        def __init__(self, *args: Any, **options: Any) -> None:
            self.over = threading.Event()
            self.position = args[3]
            opened.append(self)
            world.clock.days(2)
            if len(opened) == 2:
                stop.set()

        def __iter__(self) -> Iterator[Any]:
            assert self.over.wait(20)
            return iter(())

        def stop(self) -> None:
            self.over.set()

    monkeypatch.setattr(watching, "Stream", Silent)
    monkeypatch.setattr(watching, "RESYNC_SECONDS", 0.01)
    list(ana.watch(stop))
    assert len(opened) == 2
    assert texts(ana) == [""]


def test_what_was_for_somebody_who_left_comes_back(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    offline(ana)
    ana.send_note("for his eyes", [hernan.me])
    ana.send_note("for all")
    hernan.remove(hernan.me, "I go.")
    world["sofia"].sync()
    online(ana)
    world.settle("ana", "sofia")
    assert returned(ana) == ["Nobody to whom this was written is in the channel any more."]
    assert texts(world["sofia"]) == texts(ana) == ["for all"]
    assert waiting(ana) == 0


def test_a_refusal_of_rotation_that_is_no_lost_race_is_reported(world: World) -> None:
    ana, hernan = world["ana"], world["hernan"]
    hernan.remove(hernan.me, "I go.")
    for code in ("full", "rate"):
        wire(ana).before = _refusing("rotate", code)
        with pytest.raises(RelayRefused) as caught:
            ana.sync()
        assert caught.value.code == code
    wire(ana).before = _refusing("rotate", "credential")
    with pytest.raises(RelayRefused):
        ana.sync()
    assert len(wire(ana).calls) < 60
    online(ana)
    world.settle("ana", "sofia")
    assert ana.state.epoch == 2


def _refusing(which: str, code: str) -> Any:
    def before(op: str, args: tuple[Any, ...]) -> None:
        if op == which:
            raise refuse(code)

    return before


def test_a_watcher_who_stops_early_leaves_no_stream(world: World, pushing: type[Pushing]) -> None:
    ana, stop = world["ana"], threading.Event()
    pushing.script = [lambda: None] * 3
    watching = ana.watch(stop)
    next(watching)
    next(watching)
    watching.close()  # type: ignore[attr-defined]
    assert pushing.script
    stop.set()
    assert list(ana.watch(stop)) == []


def test_a_stream_that_says_rotated_is_opened_anew(world: World, pushing: type[Pushing]) -> None:
    ana, hernan, stop = world["ana"], world["hernan"], threading.Event()

    def rotated() -> None:
        hernan.remove(hernan.me, "I go.")
        world["sofia"].sync()
        raise refuse("rotated")

    pushing.script = [rotated, stop.set]
    list(ana.watch(stop))
    assert ana.state.epoch == 2


def test_a_stream_that_says_rotated_for_ever_is_not_opened_for_ever(world: World, pushing: type[Pushing]) -> None:
    def rotated() -> None:
        raise refuse("rotated")

    pushing.script = [rotated] * 9
    with pytest.raises(RelayRefused) as caught:
        list(world["ana"].watch(threading.Event()))
    assert caught.value.code == "rotated"
    assert len(pushing.script) == 7


def test_a_removed_desk_keeps_no_file_that_it_was_given_to_send(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        hernan = world["hernan"]
        files.Incoming(hernan.session, 1, "photo.jpg").write(bytes(20 * PIECE))
        assert sending.sending(hernan.session)
        remove(world, "hernan", "ana", "sofia")
        hernan.sync()
        assert not sending.sending(hernan.session)
        assert hernan.session.vault.query("SELECT * FROM outgoing_piece") == []
