"""The search finds words however they are written, and nothing where there is nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from backchannel.demo.search import ENCODINGS, PIECE, found_in, pieces, search

WORDS = "We pull back when they pull back. Así lo decidió Antonio Samoré."


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", [WORDS, WORDS.upper(), WORDS.lower(), WORDS[7:45], WORDS[11 : 11 + 2 * PIECE - 1]])
def test_planted_words_are_found(tmp_path: Path, encoding: str, form: str) -> None:
    file = tmp_path / "f"
    file.write_bytes(random.Random(1).randbytes(5001) + form.encode(encoding) + b"\0" * 77)
    hits = search([file], [WORDS])
    assert hits
    assert {hit.file for hit in hits} == {file}


def test_a_name_is_looked_for_whole(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"..antonio samor.." + "CHILE".encode("utf-16-le"))
    assert [hit[::2] for hit in search([file], (), ["Antonio Samoré", "Chile"])] == [("Chile", "utf-16-le")]


def test_nothing_is_found_in_noise(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(random.Random(2).randbytes(100_000))
    assert search([file], [WORDS], ["Chile", "Holy See"]) == []


def test_a_short_text_is_one_piece() -> None:
    assert pieces(["short"], ["name", "name"]) == ["short", "name"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("words", ["Sea of Peace", "Samoré", "Łódź", "和平友好"])
def test_every_way_to_write_is_found_and_named(words: str, encoding: str) -> None:
    """At the very beginning and the very end too, where nothing of it may be cut off."""
    raw = words.encode(encoding)
    found = found_in(raw, [words])
    assert (words, encoding) in found
    assert found_in(raw[:-1], [words]) == []
    assert found_in(raw[1:], [words]) == []
