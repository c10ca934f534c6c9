"""Files on their way: all of it, once, by itself; without a relay, returned, from another desk, killed, large."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backchannel.desk import evidence, files, sending, steps
from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.errors import Misuse, RelayRefused, Unreachable
from backchannel.instruments.step.acts import PIECE, File
from tests.conftest import ROOT
from tests.desk.conftest import CHEAP
from tests.desk.evidence import PLAN, announced, ladder, made, reported, taken
from tests.desk.relays import relay_process
from tests.desk.world import NAMES, PHRASE, TERMS, World, agree, returned, waiting, wire


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with announced(tmp_path) as found:
        yield found


def pieces_of(channel: Channel) -> int:
    """How many entries of the log are pieces."""
    return sum(row.kind == "step.piece" for row in channel.session.book.entries.log())


def given_out(world: World, who: str, folder: Path) -> bytes:
    (named,) = evidence.named(world[who], ladder(world[who]), 1)
    target = folder / f"{who}.out"
    evidence.save(world[who], ladder(world[who]), named, target)
    assert target.stat().st_mode & 0o777 == 0o600
    return target.read_bytes()


def named_only(world: World, path: Path) -> File:
    """Named in the log by ana, all of it here, nothing of it sent yet."""
    ana = world["ana"]
    file = taken(ana, path).file
    steps.report(ana, ladder(ana), ladder(ana).steps[0], "Done.", [file])
    ana.look()
    return file


def test_it_comes_whole_to_all(world: World, tmp_path: Path) -> None:
    path, heard, ana = made(tmp_path, 5 * PIECE + 3), [], world["ana"]
    named_only(world, path)
    assert sending.progress(ana.session, sending.going(ana.session)) == (0, 6)
    files.carry(ana, lambda done, total: heard.append((done, total)))
    assert heard == sorted(heard)
    assert (heard[0], heard[-1]) == ((0, 6), (6, 6))
    assert len(set(heard)) == 3  # a few pieces at a time
    world.settle()
    assert {given_out(world, who, tmp_path) for who in ("ana", "hernan", "sofia")} == {path.read_bytes()}
    assert not sending.sending(ana.session)
    assert ana.session.vault.query("SELECT COUNT(*) FROM outgoing_piece") == [(0,)]
    size = ana.size
    files.carry(ana)
    assert ana.size == size
    agree(world)


def test_an_empty_file_has_no_pieces(world: World, tmp_path: Path) -> None:
    reported(world, made(tmp_path, 0))
    assert given_out(world, "sofia", tmp_path) == b""
    assert not sending.sending(world["ana"].session)


def test_who_asks_for_something_else_waits_for_a_few_pieces_only(world: World, tmp_path: Path) -> None:
    ana = world["ana"]
    named_only(world, made(tmp_path, 9 * PIECE))
    for upto in (4, 8, 9, 9):
        ana.sync(files=False)
        assert pieces_of(ana) == upto


def test_what_becomes_of_the_file_meanwhile_changes_nothing(world: World, tmp_path: Path) -> None:
    path, ana = made(tmp_path, 7 * PIECE), world["ana"]
    whole = path.read_bytes()
    kept = taken(ana, path)
    made(tmp_path, 3 * PIECE, seed=2)
    steps.report(ana, ladder(ana), ladder(ana).steps[0], "Done.", [kept.file])
    ana.sync(files=False)
    path.unlink()
    world.settle()
    assert given_out(world, "sofia", tmp_path) == whole


def test_a_relay_that_goes_away_while_it_is_sent(world: World, tmp_path: Path) -> None:
    path, ana = made(tmp_path, 9 * PIECE), world["ana"]
    named_only(world, path)
    posted = 0

    def lost(op: str, _: object) -> None:
        nonlocal posted
        posted += op == "append"
        if posted > 4:
            raise Unreachable("unreachable", "The relay does not answer.")

    wire(ana).before = lost
    with pytest.raises(Unreachable):
        files.carry(ana)
    assert 0 < waiting(ana) <= sending.AT_ONCE
    assert 0 < pieces_of(ana) < 9
    wire(ana).before = lambda op, args: None
    ana = world.open("ana")
    files.carry(ana)
    world.settle()
    assert pieces_of(world["hernan"]) == 9
    assert given_out(world, "hernan", tmp_path) == path.read_bytes()
    assert not returned(ana)


def test_a_relay_that_takes_no_more(world: World, tmp_path: Path) -> None:
    ana = world["ana"]
    named_only(world, made(tmp_path, 9 * PIECE))

    def full(op: str, _: object) -> None:
        if op == "append":
            raise RelayRefused("full", "The relay keeps no more of this channel.")

    wire(ana).before = full
    with pytest.raises(RelayRefused):
        files.carry(ana)
    assert waiting(ana) == sending.AT_ONCE
    wire(ana).before = lambda op, args: None
    files.carry(ana)
    assert pieces_of(ana) == 9


def test_it_ends_where_nothing_moves(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, syncs = world["ana"], []
    named_only(world, made(tmp_path, 9 * PIECE))
    monkeypatch.setattr(sending, "owed", lambda session, waiting: syncs.append(1) or [])  # type: ignore[func-returns-value]
    files.carry(ana)
    assert len(syncs) == 1
    assert len(sending.going(ana.session)) == 1


def test_what_came_back_goes_again_when_its_person_has_let_go_of_it(world: World, tmp_path: Path) -> None:
    ana = world["ana"]
    file = named_only(world, made(tmp_path, 3 * PIECE))

    def large(op: str, args: object) -> None:
        if op == "append":
            raise RelayRefused("too-large", "This is more than the relay takes at once.")

    wire(ana).before = large
    files.carry(ana)
    wire(ana).before = lambda op, args: None
    back = returned(ana)
    assert len(back) == 3
    assert sending.came_back(ana.session) == {file.sha256: "This is more than the relay takes at once."}
    assert sending.going(ana.session) == []
    files.carry(ana)
    assert pieces_of(ana) == 0
    for row in ana.session.book.outbox.returned():
        ana.discard(row.n)
    files.carry(ana)
    assert pieces_of(ana) == 3
    assert sending.came_back(ana.session) == {}


# --- from another desk of the party -----------------------------------------------------------------------------------


def test_which_of_the_named_it_is(world: World, tmp_path: Path) -> None:
    ana = world["ana"]
    path, other = made(tmp_path, 10), made(tmp_path, 20, "b.txt")

    def again(path: Path, who: str = "ana") -> File:
        return files.take_again(world[who], ladder(world[who]), 1, path)

    with pytest.raises(Misuse, match="Argentina has named no files for step 1"):
        again(tmp_path / "gone")
    file = reported(world, path, sends=False)
    with pytest.raises(Misuse, match=r"b\.txt is no file that Argentina named for step 1: photo\.jpg"):
        again(other)
    moved = path.rename(tmp_path / "moved.jpg")
    with pytest.raises(Misuse, match="it has changed since"):
        again(made(tmp_path, 10, seed=2))
    with pytest.raises(Misuse, match="Chile has named no files"):
        again(moved, "hernan")
    assert not sending.sending(ana.session)
    assert again(moved) == file
    files.carry(ana)
    assert pieces_of(ana) == 1


def test_a_desk_sends_what_another_of_its_party_did_not(world: World, tmp_path: Path) -> None:
    """Its own pieces go; those that stand in the log, and those that this desk has twice, do not go again."""
    ana, path = world["ana"], made(tmp_path, 6 * PIECE + 1)
    named_only(world, path)
    ana.sync(files=False)
    assert pieces_of(ana) == 4
    (row,) = ana.session.book.outgoing.all()
    sending.drop(ana.session, row.k, named_too=True)
    world.settle()
    assert pieces_of(ana) == 4
    for _ in range(2):
        files.take_again(ana, ladder(ana), 1, path)
    world.settle()
    assert pieces_of(ana) == 7
    assert given_out(world, "hernan", tmp_path) == path.read_bytes()
    assert not sending.sending(ana.session)


# --- killed, and large ------------------------------------------------------------------------------------------------

SENDER = """
import sys
from pathlib import Path
from backchannel.desk import files
from backchannel.desk.desk import Desk
with Desk.open(Path(sys.argv[1]), sys.argv[2]) as desk:
    channel = desk.channel()
    def told(done, total):
        print(done, flush=True)
    files.carry(channel, told)
"""


def sender(folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", SENDER, str(folder), PHRASE]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def two_desks(folder: Path, url: str) -> None:
    """An open channel of two, over a real relay."""
    desks = [Desk.create(folder / name, PHRASE, cost=CHEAP) for name in ("ana", "hernan")]
    name, party, role = NAMES["ana"]
    ana = desks[0].found(url, title=TERMS.title, purpose=TERMS.purpose, name=name, party=party, role=role)
    invite = ana.invite(*NAMES["hernan"])
    ana.sync()
    hernan = desks[1].join(ana.code(invite))
    ana.sync()
    ana.propose_charter(TERMS)
    hernan.sync()
    hernan.sign_charter(hernan.state.charter)
    for channel in (ana, hernan, ana):
        channel.sync()
    for desk in desks:
        desk.close()


def sent_and_saved(folder: Path, size: int, kills: int) -> int:
    """Send a file, killed some times, to another desk; bytes of memory that the sender has taken at most."""
    with relay_process(folder / "relay.db") as relay:
        two_desks(folder, relay.url)
        path = made(folder, size)
        with Desk.open(folder / "ana", PHRASE) as desk:
            channel = desk.channel()
            steps.propose(channel, steps.plan(channel, PLAN.replace(b'verified_by = ["Holy See"]', b"")))
            channel.sync()
            item = ladder(channel)
            steps.report(channel, item, item.steps[0], "Done.", [taken(channel, path).file])
            path.unlink()
        total = -(-size // PIECE)
        for k in range(kills):
            process = sender(folder / "ana")
            assert process.stdout is not None
            upto = (k + 1) * total // (kills + 1)
            with process.stdout as lines:
                while int(lines.readline()) < upto:
                    pass
                process.send_signal(signal.SIGKILL)
            process.wait()
        process = sender(folder / "ana")
        most = 0
        while process.poll() is None:
            most = max(most, memory(process.pid))
            time.sleep(0.02)
        assert process.stdout is not None
        process.stdout.close()
        assert process.returncode == 0
        with Desk.open(folder / "hernan", PHRASE) as desk:
            channel = desk.channel()
            channel.sync()
            (named,) = evidence.named(channel, ladder(channel), 1)
            target = folder / "out.jpg"
            evidence.save(channel, ladder(channel), named, target)
            digest = hashlib.sha256()
            with target.open("rb") as source:
                while data := source.read(1 << 20):
                    digest.update(data)
            assert digest.digest() == named.file.sha256
            pieces = [row for row in channel.session.book.entries.log() if row.kind == "step.piece"]
            assert len(pieces) == total
        return most


def memory(pid: int) -> int:
    """Resident bytes of a process; 0 if it has ended."""
    try:
        words = Path(f"/proc/{pid}/statm").read_text().split()
    except OSError:
        return 0
    return int(words[1]) * resource.getpagesize() if words else 0


def test_twenty_megabytes_killed_on_the_way(tmp_path: Path) -> None:
    assert sent_and_saved(tmp_path, 20_000_001, kills=2) < 200_000_000


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_two_hundred_megabytes_take_no_more_memory(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    small.mkdir()
    large.mkdir()
    before = sent_and_saved(small, 20_000_000, kills=0)
    most = sent_and_saved(large, 200_000_003, kills=3)
    assert most < before + 40_000_000
