"""Clauses: how a text falls into parts of which each can be shown by itself (spec/understanding.md, 1.2)."""

from __future__ import annotations

import re

_BLANK = re.compile(r"\n[ \t]*\n\s*")
_NUMBER = re.compile(r"^[ \t]*(\d{1,4})[.)][ \t]+", re.MULTILINE)


def split(words: str) -> tuple[str, ...]:
    """The clauses of a text: its numbered paragraphs, if it begins with 1 and counts on; else what blank lines part.

    The numbers themselves are left out: clause k is number k. What stands between two numbers that follow each other
    belongs to the first, other numbers too.
    """
    starts: list[re.Match[str]] = []
    for found in _NUMBER.finditer(words):
        if int(found[1]) == len(starts) + 1:
            starts.append(found)
    if len(starts) < 2 or words[: starts[0].start()].strip():
        return tuple(part.strip() for part in _BLANK.split(words) if part.strip())
    ends = [*(found.start() for found in starts[1:]), len(words)]
    return tuple(words[found.end() : end].strip() for found, end in zip(starts, ends, strict=True))
