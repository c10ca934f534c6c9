"""Files that a person gives a desk to send: taken in whatever pieces they come, let go in portions (web/test_step)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from backchannel.desk import files, steps
from backchannel.desk.book import outgoing
from backchannel.desk.channel import Channel
from backchannel.instruments.step.acts import PIECE
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
