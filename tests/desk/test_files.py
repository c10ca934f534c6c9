"""Files that a person gives a desk to send: taken in whatever pieces they come, let go in portions (web/test_step)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from backchannel.desk import files, sending, steps
from backchannel.desk.book import outgoing
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.instruments.step.acts import PIECE, File
from tests.desk.evidence import made
from tests.desk.world import talks

PLAN = b'title="T"\n[[step]]\nwho="Argentina"\nwhat="One."\nowed_to=["Chile"]\nannounced=true\n'
RAW = hashlib.shake_256(b"a file").digest(2 * PIECE + 77)


@pytest.fixture
def ana(tmp_path: Path) -> Iterator[Channel]:
    with talks(tmp_path) as world:
        steps.propose(world["ana"], steps.plan(world["ana"], PLAN))
        world.settle()
        yield world["ana"]


@pytest.mark.parametrize(
    "cuts", [(), (0,), (1,), (PIECE,), (PIECE - 1, PIECE, PIECE + 1), (2 * PIECE,), (7, 8, 2 * PIECE + 76)]
)
def test_a_file_is_the_same_in_whatever_pieces_it_comes(ana: Channel, cuts: tuple[int, ...]) -> None:
    incoming = files.Incoming(ana.session, ana.items("step")[-1].position, "a.bin")
    for start, end in pairwise((0, *cuts, len(RAW))):
        incoming.write(RAW[start:end])
    kept = incoming.end()
    assert (kept.file.size, kept.file.sha256) == (len(RAW), hashlib.sha256(RAW).digest())
    book = ana.session.book.outgoing
    assert b"".join(book.data(kept.k, n) for n in sorted(book.pieces(kept.k))) == RAW
    assert [len(book.data(kept.k, n)) for n in range(4)] == [PIECE, PIECE, 77, 0]


def test_a_file_of_nothing(ana: Channel) -> None:
    kept = files.Incoming(ana.session, 1, "empty").end()
    assert (kept.file.size, kept.file.sha256) == (0, hashlib.sha256(b"").digest())
    assert ana.session.book.outgoing.pieces(kept.k) == frozenset()


def test_what_is_let_go_goes_in_portions(ana: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    incoming = files.Incoming(ana.session, ana.items("step")[-1].position, "a.bin")
    incoming.write(RAW)
    kept, other = incoming.end(), files.Incoming(ana.session, 1, "other").end()
    turns: list[int] = []
    drop = outgoing.Outgoing.drop

    def portion(self: outgoing.Outgoing, k: int) -> bool:
        turns.append(k)
        return drop(self, k, 1)

    monkeypatch.setattr(outgoing.Outgoing, "drop", portion)
    files.discard(ana.session, [kept.k, kept.k, 999])
    assert turns == [kept.k] * 3
    assert [row.k for row in ana.session.book.outgoing.all()] == [other.k]
    assert ana.session.vault.query("SELECT COUNT(*) FROM outgoing_piece") == [(0,)]


def test_a_number_of_another_channel_lets_nothing_go(ana: Channel, tmp_path: Path) -> None:
    incoming = files.Incoming(ana.session, 1, "a")
    incoming.write(b"x")
    kept = incoming.end()
    outgoing.Outgoing(ana.session.vault, 99).drop(kept.k)
    assert ana.session.book.outgoing.pieces(kept.k)
    assert [row.k for row in ana.session.book.outgoing.all()] == [kept.k]


# --- from the disk ----------------------------------------------------------------------------------------------------


def taken(ana: Channel, path: Path) -> files.Kept:
    return files.take(ana.session, ana.items("step")[-1].position, path)


def test_a_file_is_named_by_its_hash(ana: Channel, tmp_path: Path) -> None:
    path, heard = made(tmp_path, 2 * PIECE + 1), []
    place = ana.items("step")[-1].position
    kept = files.take(ana.session, place, path, lambda done, total: heard.append((done, total)))
    digest = hashlib.sha256(path.read_bytes()).digest()
    assert kept.file == File("photo.jpg", 2 * PIECE + 1, digest)
    assert heard == [(1, 3), (2, 3), (3, 3)]
    assert files.kept(ana.session, place, [kept.k]) == [kept]
    assert files.kept(ana.session, place + 1, []) == []
    with pytest.raises(Misuse, match="not here any more"):
        files.kept(ana.session, place + 1, [kept.k])


@pytest.mark.parametrize("change", ["longer", "shorter", "other"])
def test_a_file_that_changes_while_it_is_read(change: str, ana: Channel, tmp_path: Path) -> None:
    """It is whatever was read: that it is named by, and that goes."""
    path, heard = made(tmp_path, 3 * PIECE), []

    def meanwhile(done: int, total: int) -> None:
        heard.append((done, total))
        if done == 1:
            with path.open("r+b") as out:
                if change == "shorter":
                    out.truncate(PIECE + 10)
                else:
                    out.seek(0 if change == "other" else 3 * PIECE)
                    out.write(b"x" * 2 * PIECE)

    kept = files.take(ana.session, ana.items("step")[-1].position, path, meanwhile)
    book = ana.session.book.outgoing
    data = b"".join(book.data(kept.k, n) for n in sorted(book.pieces(kept.k)))
    assert (kept.file.size, kept.file.sha256) == (len(data), hashlib.sha256(data).digest())
    assert all(done <= total for done, total in heard)
    assert {"longer": 5 * PIECE, "shorter": PIECE + 10, "other": 3 * PIECE}[change] == len(data)


def test_what_is_no_file(ana: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "gone", tmp_path / "pipe"):
        with pytest.raises(Misuse, match="no file") as caught:
            taken(ana, path)
        assert (caught.value.code, caught.value.safe) == ("file", "Nothing was sent.")
    with pytest.raises(Misuse, match="hidden"):
        taken(ana, made(tmp_path, 1, "a\u202eb"))
    monkeypatch.setattr(files, "LARGEST", 10)
    with pytest.raises(Misuse, match="larger than a gigabyte"):
        taken(ana, made(tmp_path, 11))
    growing = made(tmp_path, 10, "growing")
    monkeypatch.setattr(files, "_read", lambda path: iter([path.read_bytes(), b"more"]))
    with pytest.raises(Misuse, match="larger than a gigabyte"):
        taken(ana, growing)
    assert not sending.sending(ana.session)


def test_a_file_that_cannot_be_read(ana: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made(tmp_path, 1)

    def refused(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied")

    for name in ("open", "is_file"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, refused)
            with pytest.raises(Misuse, match="cannot be read: Permission denied"):
                taken(ana, path)
    assert not sending.sending(ana.session)


def test_what_is_stopped_while_it_is_taken_in_is_let_go(ana: Channel, tmp_path: Path) -> None:
    def stopped(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.take(ana.session, ana.items("step")[-1].position, made(tmp_path, 5 * PIECE), stopped)
    assert not sending.sending(ana.session)
    assert ana.session.vault.query("SELECT COUNT(*) FROM outgoing_piece") == [(0,)]


def test_what_is_chosen_is_not_forgotten_before_it_is_named(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        ana = world["ana"]
        steps.propose(ana, steps.plan(ana, PLAN))
        world.settle()
        first, second = (taken(ana, made(tmp_path, 10, name, seed)) for seed, name in enumerate(("a", "b")))
        world.clock.now += sending.FORGOTTEN_SECONDS - 1
        files.kept(ana.session, ana.items("step")[-1].position, [first.k])
        world.clock.now += 2
        ana.sync()
        assert [row.k for row in ana.session.book.outgoing.all()] == [first.k]
        assert second.k != first.k
