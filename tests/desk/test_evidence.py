"""Files of evidence: given out whole or not at all; missing, altered; under names that lead nowhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.desk import evidence
from backchannel.entry import text
from backchannel.errors import Misuse
from backchannel.instruments.step.acts import PIECE, File
from tests.desk.evidence import announced, ladder, made, reported
from tests.desk.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with announced(tmp_path) as found:
        yield found


def test_what_is_missing_is_counted(world: World, tmp_path: Path) -> None:
    path, ana = made(tmp_path, 3 * PIECE), world["ana"]
    reported(world, path, sends=False)
    (named,) = evidence.named(ana, ladder(ana), 1)
    with pytest.raises(Misuse, match=r"3 of 3 pieces of photo\.jpg are not here yet"):
        evidence.save(ana, ladder(ana), named, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_altered_is_not_given_out(world: World, tmp_path: Path) -> None:
    path, ana = made(tmp_path, 2 * PIECE), world["ana"]
    file = reported(world, path, sends=False)
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
    reported(world, path)
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
