"""Search files for words that must not lie open in them: raw bytes, several encodings, capitals or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
_MIDDLE = {"utf-16-le": slice(None, -1), "utf-16-be": slice(1, None)}
PIECE = 10
"""Texts are searched for in pieces of so many characters, so any 19 of them in a row are found."""


class Hit(NamedTuple):
    """Words that were found, in which file and how written."""

    words: str
    file: Path
    encoding: str


def search(files: Iterable[Path], texts: Sequence[str], names: Sequence[str] = ()) -> list[Hit]:
    """Where any piece of `texts`, or any of `names` whole, stands in `files`, regardless of capitals."""
    wanted = pieces(texts, names)
    return [Hit(piece, file, encoding) for file in files for piece, encoding in found_in(file.read_bytes(), wanted)]


def found_in(hay: bytes, wanted: Sequence[str]) -> list[tuple[str, str]]:
    """Which pieces stand in these bytes, and how written, regardless of capitals."""
    hay = hay.lower()
    maybe = (piece for piece in wanted if any(mark in hay for mark in _marks(piece)))
    return [(piece, encoding) for piece in maybe for encoding, raw in _written(piece) if raw in hay]


def pieces(texts: Sequence[str], names: Sequence[str] = ()) -> list[str]:
    """What to look for: every text cut into pieces, every name whole; nothing twice."""
    cut = [text[at : at + PIECE] for text in texts for at in range(0, max(1, len(text) - PIECE + 1), PIECE)]
    return list(dict.fromkeys([*cut, *names]))


def _marks(piece: str) -> set[bytes]:
    """What is in every hay that holds the piece, however written: UTF-16 of either kind has the same middle."""
    return {raw[_MIDDLE.get(encoding, slice(None))] for encoding, raw in _written(piece)}


def _written(piece: str) -> set[tuple[str, bytes]]:
    # bytes.lower() folds ASCII only: letters with accents are looked for in both forms
    forms = {piece, piece.lower(), piece.upper()}
    return {(encoding, form.encode(encoding).lower()) for encoding in ENCODINGS for form in forms}
