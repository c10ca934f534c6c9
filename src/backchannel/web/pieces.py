"""Long texts in pieces: who writes to this desk must not keep its browser busy while its owner wants to lock it.

A browser lays out one block of mixed directions in time that grows with its square: a note of 190,000 characters took
minutes, in which no key was heard. In pieces of a thousand it takes a second (spec/web.md, 3.5).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

from markupsafe import escape

MOST = 1_000
"""Characters of a piece."""

_LONG = re.compile(rf"(?<=>)[^<]{{{MOST + 1},}}(?=<)")
_PLAIN = re.compile(r"<(?:textarea|title|option|script|style)\b[^<]*$", re.IGNORECASE)
_JOINED = "\u200c\u200d"
_FARTHEST = 40
"""Marks on one letter that are not torn from it; more of them are nobody's writing."""


def in_pieces(page: str) -> str:
    """The page; texts in it that are long, as blocks of their own. Selected and copied they are what they were."""
    return _LONG.sub(_one, page)


def _one(found: re.Match[str]) -> str:
    tag = found.string.rfind("<", 0, found.start())
    if _PLAIN.match(found.string, tag, found.start()):
        return found[0]
    text = html.unescape(found[0])
    return "".join(f'<span class="piece">{escape(piece)}</span>' for piece in pieces(text))


def pieces(text: str, most: int = MOST) -> Iterator[str]:
    """The text in pieces of at most so many characters: ended by a line's end, else by a space, where there is one."""
    start = 0
    while len(text) - start > most:
        end = start + most
        at = max(text.rfind("\n", start, end), -1)
        if at < 0:
            at = text.rfind(" ", start, end)
        cut = at + 1 if at >= 0 else _whole(text, start, end)
        yield text[start:cut]
        start = cut
    yield text[start:]


def first(text: str, most: int) -> str:
    """The beginning of a text."""
    return next(pieces(text, most)).rstrip()


def _whole(text: str, start: int, end: int) -> int:
    """Where a letter with its marks begins, not far before `end`."""
    for cut in range(end, max(start, end - _FARTHEST), -1):
        if not unicodedata.combining(text[cut]) and text[cut] not in _JOINED and text[cut - 1] not in _JOINED:
            return cut
    return end
