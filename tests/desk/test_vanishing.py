"""A non-paper that is over can be read nowhere: not on a desk, in a backup, at the relay, or from what a relay kept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backchannel.desk import nonpapers
from backchannel.desk.book.aside import Asides
from backchannel.desk.channel import Channel
from backchannel.errors import Unreachable
from backchannel.instruments.nonpaper.values import Nonpaper
from tests.desk.forensics import Recorder, opened, runs, secrets, traces
from tests.desk.world import World, agree, make, offline, once, online, returned, waiting, wire

TITLE, FIRST, SECOND, REMARK = "xylophonezanzibar", "quixoterymeridian", "jabberwockstraits", "snarkhuntingbeagle"
SEATS = ("ana", "hernan", "sofia")
WORDS = "nonpaper.words"


def papers(channel: Channel) -> list[Nonpaper]:
    return [item.value for item in channel.items("nonpaper")]


def last(channel: Channel) -> Nonpaper:
    return papers(channel)[-1]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Three desks under a charter by which two parties' objections end a non-paper, on a relay that keeps all."""
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setenv("TMPDIR", str(scratch))
    made = make(tmp_path, *SEATS, host=lambda clock: Recorder(clock, tmp_path / "relay.db"), objection="2")
    yield made
    made.close()
    recorder(made).sql.close()


def recorder(world: World) -> Recorder:
    assert isinstance(world.host, Recorder)
    return world.host


def talk(world: World) -> None:
    """Float, react, revise: in words that stand nowhere else."""
    ana, hernan = world["ana"], world["hernan"]
    nonpapers.float_(ana, "A title " + TITLE, "Words " + FIRST, hours=48)
    world.settle()
    nonpapers.react(hernan, last(hernan), "question", "What is " + REMARK)
    world.settle()
    nonpapers.revise(ana, last(ana), "A title", "Words " + SECOND)
    world.settle()


def withdraw(world: World) -> None:
    nonpapers.withdraw(world["ana"], last(world["ana"]))


def hour(world: World) -> None:
    world.clock.days(2)
    world.settle()  # by each desk's own clock
    world.clock.days(0.02)


def object_(world: World) -> None:
    for name in ("hernan", "sofia"):
        nonpapers.react(world[name], last(world[name]), "objection")
        world.settle()


def take_up(world: World) -> None:
    sofia = world["sofia"]
    nonpapers.take_up(sofia, last(sofia), [world["ana"].me, sofia.me])


ENDS: dict[str, Callable[[World], None]] = {
    "withdrawn": withdraw,
    "lapsed": hour,
    "objected": object_,
    "taken-up": take_up,
}


@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_left_and_nothing_opens_what_was_recorded(world: World, end: str) -> None:
    spent = {seed for n in SEATS for seed in secrets(world[n])["once"]}
    assert all(traces(world[n], spent) == secrets(world[n])["once"] for n in SEATS)
    talk(world)
    marks = runs(TITLE, FIRST, REMARK) | (runs(SECOND) if end != "taken-up" else set())
    keys = {key for n in SEATS for key in secrets(world[n])["aside_key"]}
    assert len(keys) == 1
    for name in SEATS:  # before the end all of it stands there, and opens
        assert traces(world[name], marks | keys) == marks | keys
    assert [sum(word.encode() in one for one in _opened(world)) for word in (FIRST, SECOND, REMARK)] == [1, 1, 1]
    kept = [recorder(world).bodies[e.leaf.id] for e in world["ana"].session.book.entries.log() if e.kind == WORDS]
    assert len(kept) == 3
    assert all(body[200:300] in recorder(world).files() for body in kept)
    backups = [world.backup("hernan")]
    ENDS[end](world)
    world.settle()
    backups.append(world.backup("hernan"))
    for name in SEATS:
        (item,) = papers(world[name])
        assert (item.state, item.author, item.versions, item.reactions, len(item.destroyed)) == (end, None, (), (), 3)
        assert (waiting(world[name]), returned(world[name])) == (0, [])
        assert _left(world, name, marks | keys | spent) == set()
    assert _opened(world) == []
    assert not any(body[200:300] in recorder(world).files() for body in kept)
    assert not any(row[0] for n in SEATS for row in world[n].session.vault.query("SELECT token FROM entry"))
    spent |= {seed for n in SEATS for seed in secrets(world[n])["once"]}
    for number, source in enumerate(backups):
        copy = world.restore(source, f"copy {number}")
        assert traces(copy, marks | keys | spent) == set()
        assert opened(recorder(world), [copy]) == []
        world.desks.pop(f"copy {number}").close()
    assert list((world.folder / "tmp").iterdir()) == []
    names = {path.name for n in SEATS for path in (world.folder / n).iterdir()}
    assert names <= {"vault.db", "vault.db-wal", "vault.db-shm", "vault.key", "desk.lock"}
    if end == "taken-up":
        assert {world[n].items("understanding")[0].value.terms.text for n in SEATS} == {"Words " + SECOND}
    agree(world, *SEATS)


def _opened(world: World) -> list[bytes]:
    return opened(recorder(world), [world[n] for n in SEATS])


def _left(world: World, name: str, marks: set[bytes]) -> set[bytes]:
    """What is left of these while the program runs, and when it runs again."""
    left = traces(world[name], marks)
    return left | traces(world.open(name), marks)


def _nothing(*_: Any) -> None:
    """Not done."""


def _keeps(*_: Any) -> bool:
    return False


WEAK: dict[str, tuple[str, Callable[..., Any]]] = {
    "keys and words are kept": ("destroy", _nothing),
    "one-time keys are kept": ("keep_only", _keeps),
}


@pytest.mark.parametrize("weak", WEAK)
def test_the_search_would_find_what_a_careless_desk_leaves(
    world: World, weak: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, instead = WEAK[weak]
    monkeypatch.setattr(Asides, name, instead)
    talk(world)
    withdraw(world)
    world.settle()
    assert sum(REMARK.encode() in words for words in _opened(world)) == 1
    assert bool(traces(world["hernan"], runs(REMARK))) == (name == "destroy")


def test_what_waits_on_a_desk_that_is_cut_off_goes_too(world: World) -> None:
    """Reaction, revision and taking up wait in the outbox, in no backup, and never leave once the non-paper is over."""
    talk(world)
    hernan, sofia, ana = (world[n] for n in ("hernan", "sofia", "ana"))
    offline(hernan, sofia, ana)
    nonpapers.react(hernan, last(hernan), "interest", "pterodactylharbour")
    nonpapers.take_up(sofia, last(sofia), [sofia.me, hernan.me])
    marks = runs("pterodactylharbour", SECOND, FIRST, TITLE)
    for name in ("hernan", "sofia"):
        assert traces(world[name], runs(SECOND)) == runs(SECOND)
        source = world.backup(name)
        copy = world.restore(source, name + " copy")
        assert traces(copy, marks) == set()
        assert waiting(copy) == 0
        world.desks.pop(name + " copy").close()
    online(ana)
    nonpapers.withdraw(ana, last(ana))
    ana.sync()
    online(hernan, sofia)
    # They read before they post.
    world.settle()
    world.settle()
    for name in SEATS:
        assert last(world[name]).state == "withdrawn"
        assert len(last(world[name]).destroyed) == 3
        assert traces(world[name], marks) == set()
        assert world[name].items("understanding") == []
        assert (waiting(world[name]), returned(world[name])) == (0, [])


def test_a_float_whose_hour_passes_on_the_way_leaves_no_words(world: World) -> None:
    ana = world["ana"]
    offline(ana)
    nonpapers.float_(ana, "A title " + TITLE, "Words " + FIRST, hours=3)
    made = secrets(ana)["aside_made"]
    assert len(made) == 1
    assert traces(ana, runs(TITLE) | made) == runs(TITLE) | made
    world.clock.days(0.2)
    online(ana)
    world.settle()
    world.settle()
    assert [papers(world[n]) for n in SEATS] == [[], [], []]
    assert [why.split(":")[0] for why in returned(ana)] == [
        "Its hour passed before it had reached the others; its words are destroyed."
    ]
    assert traces(ana, runs(TITLE, FIRST) | made) == set()
    assert [e.kind for e in ana.session.book.entries.log() if e.verdict == "line"] == []
    (row,) = ana.session.book.outbox.returned()
    ana.discard(row.n)


def test_a_float_that_the_relay_has_and_the_hour_ended_comes_to_the_same(world: World) -> None:
    """The answer was lost, the hour passed: the desk says that it did not reach the others, until the log says more."""
    ana = world["ana"]
    once("append", Unreachable("broken", "The connection to the relay broke."), done=True)(wire(ana))
    nonpapers.float_(ana, "A title " + TITLE, "Words " + FIRST, hours=3)
    offline(ana)
    world.clock.days(0.2)
    ana.work()
    assert len(returned(ana)) == 1
    assert traces(ana, runs(TITLE, FIRST)) == set()
    online(ana)
    world.settle()
    world.settle()
    assert returned(ana) == []
    for name in SEATS:
        assert (last(world[name]).state, len(last(world[name]).destroyed)) == ("lapsed", 3)
    assert _opened(world) == []
