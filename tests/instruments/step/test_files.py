"""Files that go with what is said, and their pieces."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from backchannel.instruments.step.acts import PIECE, File, Piece
from backchannel.instruments.step.files import LARGEST, named, pieces
from tests.instruments.step.kit import NOTE, Walk, promise, standing_in
from tests.seal.kit import refused

DIGEST = hashlib.sha256(b"film").digest()
FILM = File("film.mp4", 2 * PIECE + 5, DIGEST)
EMPTY = File("empty", 0, hashlib.sha256(b"").digest())


def reported() -> Walk:
    """Arland has named a photograph and a film, Vigil the film."""
    walk = Walk([promise(), promise(doer="Borland", toward=("Arland",))])
    walk.pledge(1)
    walk.report(files=[NOTE, FILM, EMPTY])
    walk.find(files=[FILM])
    return walk


def test_pieces_of_what_was_named_change_nothing() -> None:
    walk = reported()
    before = walk.item
    for by, file, n, size in (
        ("Ana", FILM, 2, 5),
        ("Axl", FILM, 0, PIECE),
        ("Vic", FILM, 1, PIECE),
        ("Ana", FILM, 0, PIECE),
        ("Ana", NOTE, 0, 10),
    ):
        walk.say(by, Piece(walk.id, file.sha256, n, bytes(size)))
    assert walk.item is before
    assert [pieces(one) for one in (NOTE, FILM, EMPTY, File("x", PIECE, DIGEST), File("x", LARGEST, DIGEST))] == [
        1, 3, 0, 1, 1366
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("by", "file", "n", "size", "code"),
    [
        ("Ana", FILM, 0, PIECE - 1, "piece"),
        ("Ana", FILM, 0, PIECE + 1, "piece"),
        ("Ana", FILM, 1, 5, "piece"),
        ("Ana", FILM, 2, 4, "piece"),
        ("Ana", FILM, 2, 6, "piece"),
        ("Ana", FILM, 2, 0, "piece"),
        ("Ana", FILM, 3, 0, "piece"),
        ("Ana", FILM, 1 << 62, 5, "piece"),
        ("Ana", EMPTY, 0, 0, "piece"),
        ("Vic", NOTE, 0, 10, "file"),
        ("Ben", FILM, 0, PIECE, "file"),
        ("Pia", NOTE, 0, 10, "file"),
        ("Obi", NOTE, 0, 10, "rule"),
    ],
)
def test_a_piece_that_is_none(by: str, file: File, n: int, size: int, code: str) -> None:
    walk = reported()
    with refused(code):
        walk.say(by, Piece(walk.id, file.sha256, n, bytes(size)))


def test_a_file_named_twice_may_have_either_size() -> None:
    """Who names a digest with a wrong size first has not lost it."""
    walk = reported()
    walk.find(verdict="doubted")
    walk.report(files=[File("photo.jpg", 11, NOTE.sha256)])
    for size in (10, 11):
        walk.say("Ana", Piece(walk.id, NOTE.sha256, 0, bytes(size)))
    assert [one.size for one in named(walk.item, "Arland") if one.sha256 == NOTE.sha256] == [10, 11]


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([File("", 1, DIGEST)], "name"),
        ([File("a\nb", 1, DIGEST)], "name"),
        ([File("x" * 81, 1, DIGEST)], "name"),
        ([File("a", LARGEST + 1, DIGEST)], "files"),
        ([File("a", 1, DIGEST), File("b", 2, DIGEST)], "files"),
        ([File("a", 1, bytes([n]) * 32) for n in range(65)], "files"),
    ],
)
def test_files_that_cannot_be_named(files: list[File], code: str) -> None:
    walk = standing_in("due")
    with refused(code):
        walk.report(files=files)
    with refused(code):
        walk.find(files=files)


def test_the_most_that_can_be_named() -> None:
    many: Any = [File("a", LARGEST, bytes([n]) * 32) for n in range(64)]
    walk = standing_in("due")
    walk.report(files=many)
    walk.find(files=many)
    assert len(list(named(walk.item, "Arland"))) == len(list(named(walk.item, "Vigil"))) == 64
    assert list(named(walk.item, "Borland")) == []
