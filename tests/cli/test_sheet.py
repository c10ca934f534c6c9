"""`backchannel desk sheet`: a page to be printed, with the channel's names or without, in a language that there is."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Table


def test_a_sheet_is_written_for_its_owner_only(table: Table, tmp_path: Path) -> None:
    said = table.ana.run("desk", "sheet", str(tmp_path / "one.pdf")).out
    assert "It names who talks." in said
    assert (tmp_path / "one.pdf").read_bytes().startswith(b"%PDF-")
    assert (tmp_path / "one.pdf").stat().st_mode & 0o777 == 0o600
    told = table.ana.facts("desk", "sheet", str(tmp_path / "two.pdf"), "--language", "ar", "--without-names")
    assert (told["language"], told["names"]) == ("ar", False)
    again = table.ana.facts("desk", "sheet", str(tmp_path / "two.pdf"), code=1)
    assert again["error"] == "exists"


def test_a_language_that_there_is_not(table: Table, tmp_path: Path) -> None:
    told = table.ana.facts("desk", "sheet", str(tmp_path / "one.pdf"), "--language", "xx", code=1)
    assert told["error"] == "language"
    assert not (tmp_path / "one.pdf").exists()
