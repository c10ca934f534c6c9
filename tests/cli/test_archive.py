"""`backchannel archive`: sealed at a desk, checked and opened by anybody; what each says, and what it never shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from backchannel.cli import archive
from tests.cli.conftest import PHRASE, Person, Table
from tests.cli.test_commands import FORBIDDEN
from tests.cli.test_process import on_terminal

ASKED = ("--threshold", "2", "--shares", "3")


@pytest.fixture
def spoken(table: Table) -> Table:
    table.ana.run("note", "send", "The cape.")
    table.ana.run(
        "understanding", "propose", "--title", "Act", "--text", "No force.", "--sign", "Ana", "--sign", "Chile"
    )
    return table


@pytest.fixture
def stranger(tmp_path: Path) -> Person:
    """Somebody without a desk or a passphrase."""
    return Person(tmp_path / "nothing", {"BACKCHANNEL_PASSPHRASE": ""})


def sealed(person: Person, folder: Path, *options: str) -> Any:
    line = ("archive", "seal", str(folder / "talks"), *ASKED, "--shares-to", str(folder / "shares"), "--yes")
    return person.facts(*line, *options)


def papers(folder: Path) -> list[Path]:
    return sorted((folder / "shares").iterdir())


def flat(said: str) -> str:
    """Without line breaks: where they fall depends on the folder's name."""
    return " ".join(said.split())


def bare(paper: Path) -> str:
    """The words of a share, as somebody types them."""
    lines = [line for line in paper.read_text().splitlines() if not line.startswith("#")]
    return " ".join(word for word in " ".join(lines).split() if not word.isdigit())


def spoiled(share: str, place: int = 9) -> str:
    words = share.split()
    words[place - 1] = "acid" if words[place - 1] == "academic" else "academic"
    return " ".join(words)


def test_sealed_checked_and_opened_in_json(spoken: Table, stranger: Person, tmp_path: Path) -> None:
    told = sealed(spoken.ana, tmp_path)
    source = str(tmp_path / "talks")
    assert (told["file"], told["threshold"], told["shares"], told["notes"]) == (source, 2, 3, True)
    assert told["bytes"] == Path(source).stat().st_size
    assert (told["alarms"], told["relay_trouble"]) == ([], None)
    assert len(told["words"]) == 12
    first, _, third = papers(tmp_path)
    seen = stranger.facts("archive", "check", source)
    assert (seen["words"], seen["share"], seen["threshold"], seen["shares"]) == (told["words"], None, 2, 3)
    assert seen["sealed_by"] == spoken.hernan.facts("channel", "verify-seat", "Ana")["words"]
    assert stranger.facts("archive", "check", source, "--share", str(third))["share"] == 3
    assert stranger.facts("archive", "check", source, "--share", "-", typed=bare(first))["share"] == 1
    opened = tmp_path / "opened"
    line = ("archive", "open", source, "--to", str(opened), "--share", str(third), "--share", str(first))
    told = stranger.facts(*line)
    assert (told["used"], told["folder"]) == ([3, 1], str(opened))
    assert {"readme.txt", "notes.json", "channel.json", "log/checkpoint.txt"} <= set(told["files"])
    assert json.loads((opened / "notes.json").read_text())[0]["text"] == "The cape."
    assert not stranger.folder.exists()


def test_pages(spoken: Table, stranger: Person, short: Path) -> None:
    line = ("archive", "seal", str(short / "talks"), *ASKED, "--shares-to", str(short / "shares"))
    said = spoken.ana.run(*line, typed="y\n")
    assert "Any 2 of 3 shares will open the record of “Good offices”. Its notes outlive their time in it." in said.err
    assert "If more than 1 of the papers are lost, nobody can, ever." in flat(said.out)
    pages = [said.both]
    source, (first, second, _) = str(short / "talks"), papers(short)
    pages.append(stranger.run("archive", "check", source).both)
    assert "belongs" not in pages[-1]
    pages.append(stranger.run("archive", "check", source, "--share", str(first)).both)
    assert "belongs to it: number 1" in pages[-1]
    typed = f"{bare(first)}\n\n{bare(second)}\n\n"
    pages.append(stranger.run("archive", "open", source, "--to", str(short / "opened"), typed=typed).both)
    assert "begin with readme.txt" in flat(pages[-1])
    for page in pages:
        assert not FORBIDDEN.search(page)
        for paper in papers(short):
            assert " ".join(bare(paper).split()[8:10]) not in page


def test_a_no_seals_nothing(spoken: Table, tmp_path: Path) -> None:
    line = ("archive", "seal", str(tmp_path / "talks"), *ASKED, "--shares-to", str(tmp_path / "shares"))
    spoken.ana.run(*line, typed="n\n", code=1)
    assert spoken.ana.facts(*line, code=1)["error"] == "confirm"
    assert not (tmp_path / "talks").exists()
    assert not (tmp_path / "shares").exists()


def test_without_notes_nothing_is_said_of_them(spoken: Table, stranger: Person, tmp_path: Path) -> None:
    line = ("archive", "seal", str(tmp_path / "talks"), *ASKED, "--shares-to", str(tmp_path / "shares"))
    said = spoken.ana.run(*line, "--without-notes", typed="y\n")
    assert "outlive" not in said.both
    first, second, _ = papers(tmp_path)
    given = ("--to", str(tmp_path / "opened"), "--share", str(first), "--share", str(second))
    files = stranger.facts("archive", "open", str(tmp_path / "talks"), *given)["files"]
    assert "notes.json" not in files


# --- on a terminal


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_terminal", lambda given: not given.json)


def test_shares_are_shown_one_after_another(
    spoken: Table, stranger: Person, tmp_path: Path, terminal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    line = ("archive", "seal", str(tmp_path / "talks"), *ASKED, "--yes")
    said = spoken.ana.run(*line, typed="\n\n\n").out
    screens = said.split(archive.CLEAR)
    assert len(screens) == 5
    shares = []
    for number, screen in enumerate(screens[1:4], 1):
        assert f"Share {number} of 3" in screen
        grid = screen.partition("again.")[2].split()
        shares.append(" ".join(word for word in grid if word.isalpha()))
        assert len(shares[-1].split()) == 33
    assert not any(
        share.split()[9] in screens[4].split() and share.split()[10] in screens[4].split() for share in shares
    )
    assert [path.name for path in tmp_path.iterdir() if "share" in path.name] == []
    typed = "\n\n".join(shares[1:]) + "\n\n"
    done = stranger.run("archive", "open", str(tmp_path / "talks"), "--to", str(tmp_path / "opened"), typed=typed)
    assert "begin with readme.txt" in flat(done.out)
    assert archive.CLEAR in done.out  # what was typed


def test_who_stops_while_writing_down_has_no_archive(spoken: Table, tmp_path: Path, terminal: None) -> None:
    line = ("archive", "seal", str(tmp_path / "talks"), *ASKED, "--yes")
    said = spoken.ana.run(*line, typed="\n", code=1)
    assert "Stopped." in said.err
    assert not list(tmp_path.glob("talks*"))


def test_a_bad_share_is_named_and_asked_for_again(spoken: Table, stranger: Person, tmp_path: Path) -> None:
    sealed(spoken.ana, tmp_path)
    first, second, _ = map(bare, papers(tmp_path))
    source, to = str(tmp_path / "talks"), str(tmp_path / "opened")
    typed = "\n\n".join((first, spoiled(second), first, "herring " + second, second)) + "\n\n"
    said = stranger.run("archive", "open", source, "--to", to, typed=typed)
    assert "word 9 is wrong" in said.err
    assert "Share 1 was given already." in said.err
    assert "Word 1 is not one of the words" in said.err
    assert "begin with readme.txt" in flat(said.out)


def test_on_a_real_terminal(spoken: Table, short: Path) -> None:
    """Shown one after another, typed, and wiped; no bar is drawn over them."""
    line = ("archive", "seal", str(short / "talks"), *ASKED, "--yes")
    code, said = on_terminal(spoken.ana.folder, *line, typed=b"\n\n\n", BACKCHANNEL_PASSPHRASE=PHRASE)
    assert code == 0, said
    screens = re.sub(r"\x1b\[[0-9;?]*[A-Za-gi-zK-Z]|\r", "", said.replace(archive.CLEAR, "\0")).split("\0")
    assert len(screens) == 5
    shares = []
    for screen in screens[1:4]:
        grid = screen.partition("shown again.")[2].partition("When it is")[0]
        shares.append(" ".join(word for word in grid.split() if word.isalpha()))
        assert len(shares[-1].split()) == 33, screen
    typed = f"{shares[2]}\n\n{shares[0]}\n\n".encode()
    code, said = on_terminal(short, "archive", "open", str(short / "talks"), "--to", str(short / "new"), typed=typed)
    assert code == 0, said
    assert archive.CLEAR in said
    assert (short / "new" / "readme.txt").exists()


# --- refusals


def test_bad_shares_are_named_by_their_files(spoken: Table, stranger: Person, tmp_path: Path) -> None:
    sealed(spoken.ana, tmp_path)
    (tmp_path / "other").mkdir()
    sealed(spoken.ana, tmp_path / "other")
    good, bad, _ = papers(tmp_path)
    bad.write_text(spoiled(bare(bad)))
    foreign = papers(tmp_path / "other")[2]
    source, to = str(tmp_path / "talks"), str(tmp_path / "opened")
    line = ["archive", "open", source, "--to", to]
    for one in (good, bad, foreign):
        line += ["--share", str(one)]
    told = stranger.facts(*line, code=1)
    assert told["error"] == "checksum"
    assert f"{bad}: " in told["what"]
    assert f"{foreign}: " in told["what"]
    assert f"{good}: " not in told["what"]
    assert told["safe"] == "Nothing was opened."
    said = stranger.run("archive", "check", source, "--share", str(foreign), code=1)
    assert "of another archive" in flat(said.err)
    said = stranger.run("archive", "check", source, "--share", "-", typed=spoiled(bare(good)), code=1)
    assert "On stdin: " in said.err
    assert not (tmp_path / "opened").exists()


def refusals(folder: Path) -> list[tuple[tuple[str, ...], int, str | None]]:
    """Line, exit code, error."""
    source, first = str(folder / "talks"), str(papers(folder)[0])
    new, there = str(folder / "new"), str(folder / "shares")
    seal = ("archive", "seal", new)
    return [
        ((*seal, *ASKED, "--yes"), 1, "ask"),  # no terminal
        ((*seal, "--threshold", "1", "--shares", "3"), 2, "usage"),
        ((*seal, "--threshold", "2", "--shares", "17"), 2, "usage"),
        ((*seal, "--threshold", "2"), 2, "usage"),
        ((*seal, "--threshold", "3", "--shares", "2", "--shares-to", str(folder / "s"), "--yes"), 1, "threshold"),
        ((*seal, *ASKED, "--shares-to", there, "--yes"), 1, "exists"),
        (("archive", "seal", source, *ASKED, "--shares-to", str(folder / "s"), "--yes"), 1, "exists"),
        (("archive", "seal", str(folder / "no" / "a"), *ASKED, "--shares-to", new, "--yes"), 1, "file"),
        (("archive", "check", str(folder / "none")), 1, "file"),
        (("archive", "check", str(folder)), 1, "file"),
        (("archive", "check", first), 1, "archive"),
        (("archive", "check", source, "--share", str(folder / "none")), 1, "file"),
        (("archive", "check", source, "--share", source), 1, "not-text"),
        (("archive", "open", source), 2, "usage"),
        (("archive", "open", source, "--to", there), 1, "exists"),
        (("archive", "open", source, "--to", new), 1, "few"),
        (("archive", "open", source, "--to", new, "--share", first), 1, "few"),
        (("archive", "open", source, "--to", new, "--share", first, "--share", first), 1, "twice"),
    ]


def test_refusals(spoken: Table, short: Path) -> None:
    sealed(spoken.ana, short)
    before = sorted(path.name for path in short.iterdir())
    for line, code, error in refusals(short):
        told = spoken.ana.facts(*line, code=code)
        assert told["error"] == error, line
        assert code == 2 or told["what"].endswith("."), told
        assert not FORBIDDEN.search(f"{told['what']} {told['todo']}"), told
    assert sorted(path.name for path in short.iterdir()) == before


def test_without_a_relay_it_is_sealed_all_the_same(unreachable: Table, stranger: Person, tmp_path: Path) -> None:
    told = sealed(unreachable.ana, tmp_path)
    assert told["relay_trouble"] is not None
    assert stranger.facts("archive", "check", str(tmp_path / "talks"))["words"] == told["words"]


def test_a_damaged_file(spoken: Table, stranger: Person, tmp_path: Path) -> None:
    sealed(spoken.ana, tmp_path)
    source = tmp_path / "talks"
    raw = source.read_bytes()
    source.write_bytes(raw[:-7])
    assert "damaged" in stranger.run("archive", "check", str(source), code=1).err
    source.write_bytes(raw[:30_000] + b"?" + raw[30_001:])
    assert "damaged" in stranger.run("archive", "open", str(source), "--to", str(tmp_path / "new"), code=1).err
