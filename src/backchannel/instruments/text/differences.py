"""What differs between two texts, word by word (spec/text.md, 5.4).

Words that stand once in either are held fast, and what lies between two of these is compared word by word if it is
short: linear in the length, so that nobody can write a paragraph that keeps a desk busy for hours.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import groupby
from typing import NamedTuple, TypeVar

T = TypeVar("T", bound=Hashable)

DEEPEST = 16
"""How often what lies between is searched again for words that stand once."""
MOST_CELLS = 4_096
"""Gaps of more pairs of words than this, in which no word stands once, are shown as replaced."""

_MARKS = r"\[\]()/.,;:!?«»\"“”…\u3001\u3002\uff0c\u060c\u061b\u061f"
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134a"
_TOKEN = re.compile(
    rf"\\[\[\]\\/]|\s+|[{_MARKS}]|[{_IDEOGRAPHS}][\u3099\u309a\ufe0e\ufe0f]*|[^\s{_MARKS}{_IDEOGRAPHS}\\]+|\\"
)


class Run(NamedTuple):
    """Words that stayed (`=`), went (`-`) or came (`+`)."""

    mark: str
    words: str


def compare(old: str, new: str) -> tuple[Run, ...]:
    """The runs from one text to another: those that stayed and went are the old one, stayed and came the new one."""
    if old == new:
        return (Run("=", old),) if old else ()
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    marks: list[tuple[str, str]] = []
    a = b = 0
    for x, y in (*common(before, after), (len(before), len(after))):
        marks += [("-", word) for word in before[a:x]]
        marks += [("+", word) for word in after[b:y]]
        marks += [("=", word) for word in before[x : x + 1]]
        a, b = x + 1, y + 1
    return tuple(Run(mark, "".join(word for _, word in some)) for mark, some in groupby(marks, lambda one: one[0]))


def common(before: Sequence[T], after: Sequence[T]) -> list[tuple[int, int]]:
    """Places of what is alike in both, in order."""
    found: list[tuple[int, int]] = []
    todo = [(0, 0, len(before), 0, len(after))]
    while todo:
        level, a, a_end, b, b_end = todo.pop()
        while a < a_end and b < b_end and before[a] == after[b]:
            found.append((a, b))
            a, b = a + 1, b + 1
        while a < a_end and b < b_end and before[a_end - 1] == after[b_end - 1]:
            a_end, b_end = a_end - 1, b_end - 1
            found.append((a_end, b_end))
        if a == a_end or b == b_end:
            continue
        fast = _unique(before, after, a, a_end, b, b_end) if level < DEEPEST else []
        if fast:
            for x, y in (*fast, (a_end, b_end)):
                todo.append((level + 1, a, x, b, y))
                a, b = x, y
        elif (a_end - a) * (b_end - b) <= MOST_CELLS:
            found += _short(before, after, a, a_end, b, b_end)
    return sorted(found)


def rising(numbers: Sequence[int]) -> list[int]:
    """Places of a longest run of growing numbers."""
    ends: list[int] = []
    last: list[int] = []
    back: list[int] = []
    for n, number in enumerate(numbers):
        at = bisect_left(ends, number)
        ends[at : at + 1], last[at : at + 1] = [number], [n]
        back.append(last[at - 1] if at else -1)
    found, n = [], last[-1] if last else -1
    while n >= 0:
        found.append(n)
        n = back[n]
    return found[::-1]


def _unique(before: Sequence[T], after: Sequence[T], a: int, a_end: int, b: int, b_end: int) -> list[tuple[int, int]]:
    """What stands once in either, in the order of both."""
    counts, others = Counter(before[a:a_end]), Counter(after[b:b_end])
    places = {after[y]: y for y in range(b, b_end)}
    both = [(x, places[word]) for x in range(a, a_end) if counts[word := before[x]] == 1 == others[word]]
    return [both[n] for n in rising([y for _, y in both])]


def _short(before: Sequence[T], after: Sequence[T], a: int, a_end: int, b: int, b_end: int) -> list[tuple[int, int]]:
    """A longest common part, by the plain table."""
    width = b_end - b + 1
    best = [[0] * width for _ in range(a_end - a + 1)]
    for x in range(a_end - 1, a - 1, -1):
        row, under = best[x - a], best[x - a + 1]
        for y in range(b_end - 1, b - 1, -1):
            row[y - b] = under[y - b + 1] + 1 if before[x] == after[y] else max(under[y - b], row[y - b + 1])
    found, x, y = [], a, b
    while x < a_end and y < b_end:
        if before[x] == after[y]:
            found.append((x, y))
            x, y = x + 1, y + 1
        elif best[x - a + 1][y - b] >= best[x - a][y - b + 1]:
            x += 1
        else:
            y += 1
    return found
