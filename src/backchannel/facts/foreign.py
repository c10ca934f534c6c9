"""What others wrote, for places that would obey it: a terminal, a page that is read far from here."""

from __future__ import annotations

import unicodedata

from backchannel.entry.repertoire import outside

_STACK = 6
"""More marks than this on one letter would paint over the lines above and below."""


def foreign(text: str, *, lines: bool = False) -> str:
    """The one way for text to reach a terminal: as it is where it is harmless, `<U+202E>` for what is not.

    Line breaks and tabs stay (tabs as spaces) where `lines` is set.
    """
    if text.isascii() and text.isprintable():
        return text
    parts: list[str] = []
    rest, marks = text.replace("\t", "    ") if lines else text, 0
    for char in rest if _unusual(rest) else ():
        marks = marks + 1 if unicodedata.combining(char) else 0
        safe = (lines and char == "\n") or (outside(char) is None and marks <= _STACK)
        parts.append(char if safe else f"<U+{ord(char):04X}>")
    return "".join(parts) or rest


def _unusual(text: str) -> bool:
    return outside(text) is not None or any(unicodedata.combining(char) for char in text)
