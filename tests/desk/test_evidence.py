"""Files of evidence: named, sent in pieces, given out whole or not at all; changed, missing, altered, interrupted."""

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
from hypothesis import given
from hypothesis import strategies as st

from backchannel.desk import evidence, files, steps
from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.entry import text
from backchannel.errors import Misuse, RelayRefused, Unreachable
from backchannel.instruments.step.acts import PIECE, File
from backchannel.instruments.step.files import pieces
from backchannel.instruments.step.values import Ladder
from tests.conftest import ROOT
from tests.desk.conftest import CHEAP
from tests.desk.relays import relay_process
from tests.desk.world import NAMES, PHRASE, TERMS, World, agree, returned, talks, waiting, wire

PLAN = b"""title = "T"
[[step]]
who = "Argentina"
what = "One."
owed_to = ["Chile"]
verified_by = ["Holy See"]
announced = true
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as found:
        steps.propose(found["ana"], steps.plan(found["ana"], PLAN))
        found.settle()
        yield found


def ladder(channel: Channel) -> Ladder:
    found: Ladder = channel.items("step")[-1].value
    return found


def made(folder: Path, size: int, name: str = "photo.jpg", seed: int = 1) -> Path:
    path = folder / name
    block = hashlib.shake_256(str(seed).encode()).digest(1 << 16)
    with path.open("wb") as out:
        left = size
        while left:
            out.write(block[: min(left, len(block))])
            left -= min(left, len(block))
    return path


def reported(world: World, *files: File, who: str = "ana") -> None:
    channel = world[who]
    steps.report(channel, ladder(channel), ladder(channel).steps[0], "Done.", files)
    world.settle()


# --- naming -----------------------------------------------------------------------------------------------------------


def test_a_file_is_named_by_its_hash(tmp_path: Path) -> None:
    path, heard = made(tmp_path, 2 * PIECE + 1), []
    file = evidence.describe(path, lambda done, total: heard.append((done, total)))
    assert (file.name, file.size, file.sha256) == (
        "photo.jpg",
        2 * PIECE + 1,
        hashlib.sha256(path.read_bytes()).digest(),
    )
    assert heard == [(1, 3), (2, 3), (3, 3)]
    empty = evidence.describe(made(tmp_path, 0, "empty"))
    assert (empty.size, pieces(empty)) == (0, 0)


def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "gone", tmp_path / "pipe"):
        with pytest.raises(Misuse, match="no file") as caught:
            evidence.describe(path)
        assert (caught.value.code, caught.value.safe) == ("file", "Nothing was sent.")
    monkeypatch.setattr(files, "LARGEST", 10)
    with pytest.raises(Misuse, match="larger than a gigabyte"):
        evidence.describe(made(tmp_path, 11))
    with pytest.raises(Misuse, match="hidden"):
        evidence.describe(made(tmp_path, 1, "a\u202eb"))


def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path, 1)

    def refused(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(Misuse, match="cannot be read: Permission denied"):
        evidence.describe(path)
    with pytest.raises(Misuse, match="cannot be read: Permission denied"):
        list(evidence._read(path))


# --- sending ----------------------------------------------------------------------------------------------------------


def test_it_comes_whole_to_all(world: World, tmp_path: Path) -> None:
    path, heard = made(tmp_path, 5 * PIECE + 3), []
    ana, file = world["ana"], evidence.describe(path)
    reported(world, file)
    evidence.send(ana, ladder(ana), file, path, lambda done, total: heard.append((done, total)))
    world.settle()
    assert heard == [(n, 6) for n in range(1, 7)]
    for who in ("ana", "hernan", "sofia"):
        (named,) = evidence.named(world[who], ladder(world[who]), 1)
        assert (named.party, named.here, named.pieces) == ("Argentina", 6, 6)
        target = tmp_path / f"{who}.jpg"
        evidence.save(world[who], ladder(world[who]), named, target)
        assert target.read_bytes() == path.read_bytes()
        assert target.stat().st_mode & 0o777 == 0o600
    size = ana.size
    evidence.send(ana, ladder(ana), file, path)
    world.settle()
    assert ana.size == size
    agree(world)


def test_an_empty_file_has_no_pieces(world: World, tmp_path: Path) -> None:
    path, ana = made(tmp_path, 0), world["ana"]
    file = evidence.describe(path)
    reported(world, file)
    evidence.send(ana, ladder(ana), file, path)
    (named,) = evidence.named(world["sofia"], ladder(world["sofia"]), 1)
    evidence.save(world["sofia"], ladder(world["sofia"]), named, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b""


def test_which_of_the_named_it_is(world: World, tmp_path: Path) -> None:
    ana = world["ana"]
    path, other = made(tmp_path, 10), made(tmp_path, 20, "b.txt")
    with pytest.raises(Misuse, match="no file that Argentina named for step 1: none"):
        evidence.mine(ana, ladder(ana), 1, path)
    file = evidence.describe(path)
    reported(world, file)
    assert evidence.mine(ana, ladder(ana), 1, path.rename(tmp_path / "moved.jpg")) == file
    with pytest.raises(Misuse, match=r"b\.txt is no file that Argentina named for step 1: photo\.jpg"):
        evidence.mine(ana, ladder(ana), 1, other)
    with pytest.raises(Misuse, match="it has changed since"):
        evidence.mine(ana, ladder(ana), 1, made(tmp_path, 10, seed=2))
    with pytest.raises(Misuse, match="no file that Chile named"):
        evidence.mine(world["hernan"], ladder(world["hernan"]), 1, tmp_path / "moved.jpg")


@pytest.mark.parametrize("size", [3 * PIECE, 3 * PIECE - 1, 3 * PIECE + 1, 0])
def test_a_file_that_changed_before_it_was_sent(size: int, world: World, tmp_path: Path) -> None:
    path, ana = made(tmp_path, 3 * PIECE), world["ana"]
    file = evidence.describe(path)
    reported(world, file)
    made(tmp_path, size, seed=2)
    before = ana.size
    with pytest.raises(Misuse, match="has changed since it was named"):
        evidence.send(ana, ladder(ana), file, path)
    ana.sync()
    assert ana.size == before


@pytest.mark.parametrize("change", ["other bytes", "shorter", "longer"])
def test_a_file_that_changes_while_it_is_sent(change: str, world: World, tmp_path: Path) -> None:
    path, ana = made(tmp_path, 7 * PIECE), world["ana"]
    file = evidence.describe(path)
    reported(world, file)
    whole = path.read_bytes()

    def meanwhile(done: int, total: int) -> None:
        if done == 2:
            with path.open("r+b") as out:
                if change == "other bytes":
                    out.seek(4 * PIECE)
                    out.write(b"\0" * PIECE)
                elif change == "shorter":
                    out.truncate(5 * PIECE - 10)
                else:
                    out.seek(0, 2)
                    out.write(b"more")

    with pytest.raises(Misuse, match="has changed since it was named"):
        evidence.send(ana, ladder(ana), file, path, meanwhile)
    path.write_bytes(whole)
    evidence.send(ana, ladder(ana), file, path)
    world.settle()
    (named,) = evidence.named(world["sofia"], ladder(world["sofia"]), 1)
    evidence.save(world["sofia"], ladder(world["sofia"]), named, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == whole


def test_a_relay_that_goes_away_while_it_is_sent(world: World, tmp_path: Path) -> None:
    path, ana = made(tmp_path, 9 * PIECE), world["ana"]
    file = evidence.describe(path)
    reported(world, file)
    posted = 0

    def lost(op: str, _: object) -> None:
        nonlocal posted
        posted += op == "append"
        if posted > 2:
            raise Unreachable("unreachable", "The relay does not answer.")

    wire(ana).before = lost
    with pytest.raises(Unreachable):
        evidence.send(ana, ladder(ana), file, path)
    assert waiting(ana) <= files.AT_ONCE
    wire(ana).before = lambda op, args: None
    ana = world.open("ana")
    evidence.send(ana, ladder(ana), file, path)
    world.settle()
    (named,) = evidence.named(world["hernan"], ladder(world["hernan"]), 1)
    assert named.here == 9
    assert not returned(ana)
    pieces = [row for row in world["hernan"].session.book.entries.log() if row.kind == "step.piece"]
    assert len(pieces) == 9


def test_a_relay_that_takes_no_more(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, ana = made(tmp_path, 9 * PIECE), world["ana"]
    file = evidence.describe(path)
    reported(world, file)

    def full(op: str, _: object) -> None:
        if op == "append":
            raise RelayRefused("full", "The relay keeps no more of this channel.")

    wire(ana).before = full
    with pytest.raises((RelayRefused, Misuse)):
        evidence.send(ana, ladder(ana), file, path)
    monkeypatch.setattr(type(ana), "sync", lambda self, progress=None: None)
    with pytest.raises(Misuse, match="The relay takes nothing now") as caught:
        evidence.send(ana, ladder(ana), file, path)
    assert caught.value.code == "waits"
    assert caught.value.safe == evidence.SENT


# --- giving out -------------------------------------------------------------------------------------------------------


def test_what_is_missing_is_counted(world: World, tmp_path: Path) -> None:
    path, ana = made(tmp_path, 3 * PIECE), world["ana"]
    file = evidence.describe(path)
    reported(world, file)
    (named,) = evidence.named(ana, ladder(ana), 1)
    with pytest.raises(Misuse, match=r"3 of 3 pieces of photo\.jpg are not here yet"):
        evidence.save(ana, ladder(ana), named, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_altered_is_not_given_out(world: World, tmp_path: Path) -> None:
    path, ana = made(tmp_path, 2 * PIECE), world["ana"]
    file = evidence.describe(path)
    reported(world, file)
    book = world["sofia"].session.book
    position = ladder(world["sofia"]).at.position
    for n, data in enumerate((path.read_bytes()[:PIECE], b"\0" * PIECE)):  # from a desk with another program
        with book.vault.transaction():
            book.pieces.keep(position, "Argentina", file.sha256, n, data)
    (named,) = evidence.named(world["sofia"], ladder(world["sofia"]), 1)
    with pytest.raises(Misuse, match="is not the file that Argentina named") as caught:
        evidence.save(world["sofia"], ladder(world["sofia"]), named, tmp_path / "out")
    assert caught.value.code == "altered"
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith((".evidence", "out"))] == []
    assert ana.size


def test_where_it_cannot_be_written(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, ana = made(tmp_path, 10), world["ana"]
    file = evidence.describe(path)
    reported(world, file)
    evidence.send(ana, ladder(ana), file, path)
    world.settle()
    (named,) = evidence.named(ana, ladder(ana), 1)
    with pytest.raises(Misuse, match="is there already"):
        evidence.save(ana, ladder(ana), named, path)
    with pytest.raises(Misuse, match="cannot be written: No such file"):
        evidence.save(ana, ladder(ana), named, tmp_path / "no" / "out")
    folder = tmp_path / "out"
    folder.mkdir()

    def no_links(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    def meanwhile(source: str, target: Path) -> None:
        target.write_text("mine")
        assert Path(source).exists()
        raise FileExistsError

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", meanwhile)
        with pytest.raises(Misuse, match="is there already"):
            evidence.save(ana, ladder(ana), named, folder / "a")
        assert (folder / "a").read_text() == "mine"
        patch.setattr(os, "link", no_links)
        evidence.save(ana, ladder(ana), named, folder / "b")  # a stick that knows no links
        assert (folder / "b").read_bytes() == path.read_bytes()
        with pytest.raises(FileExistsError):
            evidence._place("x", folder / "b")
        patch.setattr(os, "fsync", no_links)
        with pytest.raises(Misuse, match="cannot be written: Operation not permitted"):
            evidence.save(ana, ladder(ana), named, folder / "c")
    assert sorted(one.name for one in folder.iterdir()) == ["a", "b"]


HOSTILE = {
    "../../etc/passwd": "__.._etc_passwd",
    "/etc/passwd": "_etc_passwd",
    ".bashrc": "_bashrc",
    "..": "_",
    "...": "_",
    "C:\\x|y?.exe": "C__x_y_.exe",
    "plain name.pdf": "plain name.pdf",
    "no ending": "no ending",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_others_lead_nowhere(name: str) -> None:
    assert evidence.filename(name) == HOSTILE[name]


def test_names_are_told_apart() -> None:
    named = [
        evidence.Named(party, File(name, 1, bytes(32)), 1, 1)
        for party, name in (("A", "a.jpg"), ("B", "A.JPG"), ("C", "a-2.jpg"), ("D", "a.jpg"), ("A", "b"), ("B", "b"))
    ]
    assert evidence.filenames(named) == ["a.jpg", "A-2.JPG", "a-2-2.jpg", "a-3.jpg", "b", "b-2"]


@given(st.text(min_size=1, max_size=200))
def test_no_name_leads_anywhere(name: str) -> None:
    kept = evidence.filename(text.tidy(name))
    assert "/" not in kept
    assert not kept.startswith(".")
    assert len(kept.encode("utf-8", "surrogatepass")) <= 255


# --- killed, and large ------------------------------------------------------------------------------------------------

SENDER = """
import sys
from pathlib import Path
from backchannel.desk import evidence, steps
from backchannel.desk.desk import Desk
folder, path, phrase = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
with Desk.open(folder, phrase) as desk:
    channel = desk.channel()
    channel.sync()
    item = channel.items("step")[0].value
    file = evidence.mine(channel, item, 1, path)
    def told(done, total):
        print(done, flush=True)
    evidence.send(channel, item, file, path, told)
"""


def sender(folder: Path, path: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", SENDER, str(folder), str(path), PHRASE]
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
            steps.report(channel, item, item.steps[0], "Done.", [evidence.describe(path)])
            channel.sync()
        total = -(-size // PIECE)
        for k in range(kills):
            process = sender(folder / "ana", path)
            assert process.stdout is not None
            upto = (k + 1) * total // (kills + 1)
            with process.stdout as lines:
                while int(lines.readline()) < upto:
                    pass
                process.send_signal(signal.SIGKILL)
            process.wait()
        process = sender(folder / "ana", path)
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
