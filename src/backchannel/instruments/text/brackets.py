"""Brackets as negotiators write them: what is not agreed, by whom, and what stands beside it (spec/text.md, 2).

Words are parsed once from left to right with a stack of our own, so that no depth is too deep for the machine; a part
of the outcome is a slice of what was written, so that nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from backchannel.entry.text import folded
from backchannel.errors import Malformed

DEEPEST = 256

_MARK = re.compile(r"\\[\[\]\\/]|\[|\]")
_BETWEEN = re.compile(r"\s*(?:/\s*)?")
_DIVIDER = re.compile(r"(?<!\s)\s+/\s+")  # linear, however many spaces
_LABEL = re.compile(r"([^\[\]:\\]{1,40}): ")
_ESCAPED = re.compile(r"\\([\[\]\\/])")
_PLACEHOLDER = re.compile(r"\.\.\.|…|")
SHORTEST = 3
"""Characters with which the beginning of a party's name stands for it."""

Piece: TypeAlias = "str | Group"


class Alternative(NamedTuple):
    """What could stand there: whose wish, by the names that were written; the words, and what they are made of."""

    by: tuple[str, ...]
    words: str
    pieces: tuple[Piece, ...]

    @property
    def nested(self) -> bool:
        """Whether there are brackets inside."""
        return any(isinstance(piece, Group) for piece in self.pieces)


class Group(NamedTuple):
    """Brackets side by side, alternatives to each other; or one alone. `start`: where in the words."""

    start: int
    raw: str
    alternatives: tuple[Alternative, ...]

    @property
    def placeholder(self) -> bool:
        """Whether it only says that something is to come: `[...]`, `[]`, `[X]`."""
        inside = self.alternatives[0].words
        short = 0 < len(inside) <= 12 and all(c.isupper() or c.isdecimal() for c in inside)
        return len(self.alternatives) == 1 and (short or _PLACEHOLDER.fullmatch(inside) is not None)


class _Bracket(NamedTuple):
    start: int
    end: int
    alternatives: tuple[Alternative, ...]


class _Frame:
    """A bracket that is open, or all around: where its words begin, and what was found in it."""

    def __init__(self, start: int) -> None:
        self.start, self.parts = start, list[tuple[int, "str | _Bracket"]]()


def check(words: str) -> bool:
    """Whether there are brackets; `Malformed("brackets")` unless they balance (2.1)."""
    depth, opened = 0, [0]
    for mark in _MARK.finditer(words):
        if mark[0] == "[":
            opened.append(mark.start())
            depth = max(depth, len(opened) - 1)
            if depth > DEEPEST:
                raise Malformed("brackets", f"Brackets nest deeper than {DEEPEST}, at character {mark.start() + 1}.")
        elif mark[0] == "]":
            if len(opened) == 1:
                raise Malformed("brackets", f"A bracket closes at character {mark.start() + 1} that never opened.")
            opened.pop()
    if len(opened) > 1:
        raise Malformed("brackets", f"A bracket opens at character {opened[-1] + 1} and never closes.")
    return depth > 0


def bracketed(words: str) -> bool:
    """Whether there are brackets in words that balance."""
    return "[" in words and any(mark[0] == "[" for mark in _MARK.finditer(words))


def parse(words: str, names: Sequence[str] = ()) -> tuple[Piece, ...]:
    """What words consist of; `names` are those whom a bracket's label can name. `Malformed("brackets")` as `check`."""
    check(words)
    known = _known(tuple(names))
    frames, done = [_Frame(0)], 0
    for mark in _MARK.finditer(words):
        if mark[0] not in "[]":
            continue
        if words[done : mark.start()]:
            frames[-1].parts.append((done, words[done : mark.start()]))
        done = mark.end()
        if mark[0] == "[":
            frames.append(_Frame(mark.start()))
        else:
            inner = frames.pop()
            bracket = _Bracket(inner.start, done, _alternatives(words, inner, known))
            frames[-1].parts.append((inner.start, bracket))
    if words[done:]:
        frames[-1].parts.append((done, words[done:]))
    return tuple(piece for _, piece in _grouped(words, frames[0].parts))


def walk(pieces: Sequence[Piece]) -> Iterator[Group]:
    """Every group, nested ones too, from left to right."""
    todo = list(reversed(pieces))
    while todo:
        piece = todo.pop()
        if isinstance(piece, Group):
            yield piece
            todo += reversed([inner for one in piece.alternatives for inner in one.pieces])


def count(words: str) -> int:
    """How many brackets are left, alternatives once (2.4)."""
    return sum(1 for _ in walk(parse(words))) if bracketed(words) else 0


def named(words: str, names: Sequence[str]) -> set[str]:
    """The labels in these words that name any of `names`."""
    return {name for group in walk(parse(words, names)) for one in group.alternatives for name in one.by}


def options(group: Group) -> tuple[str, ...]:
    """What could become of a group; empty where it is a placeholder or has brackets inside.

    A bracket alone is there or not: the second option is no words.
    """
    if group.placeholder or any(one.nested for one in group.alternatives):
        return ()
    found = tuple(one.words for one in group.alternatives)
    return found if len(found) > 1 else (*found, "")


def choose(words: str, group: Group, option: str) -> str:
    """The words with an option in the group's place."""
    before, after = words[: group.start], words[group.start + len(group.raw) :]
    if not option and (not before or before[-1].isspace()):
        after = after.lstrip(" ")
    return (before + option + after).strip()


def plain(words: str) -> str:
    """Words without brackets as they are read: without the signs that keep characters from being brackets."""
    return _ESCAPED.sub(r"\1", words)


def _alternatives(words: str, frame: _Frame, known: frozenset[str]) -> tuple[Alternative, ...]:
    """What stands in one bracket: a label perhaps, then one alternative or several (2.2, 2.3)."""
    by: tuple[str, ...] = ()
    parts = frame.parts
    at, first = parts[0] if parts else (0, "")
    label = _LABEL.match(first) if isinstance(first, str) and known else None
    if label is not None and all(_names(part, known) for part in re.split("[/,]", label[1])):
        by = tuple(part.strip() for part in re.split("[/,]", label[1]))
        parts = [(at + label.end(), words[at + label.end() : at + len(label.string)]), *parts[1:]]
    found: list[list[Piece]] = [[]]
    for _, piece in _grouped(words, parts):
        if isinstance(piece, str):
            before, *more = _DIVIDER.split(piece)
            found[-1].append(before)
            found += [[one] for one in more]
        else:
            found[-1].append(piece)
    return tuple(
        Alternative(by, "".join(one if isinstance(one, str) else one.raw for one in pieces).strip(), tuple(pieces))
        for pieces in found
    )


def _grouped(words: str, parts: Sequence[tuple[int, str | _Bracket]]) -> Iterator[tuple[int, Piece]]:
    """Brackets with nothing between them but space, or one stroke, become one group."""
    run: list[_Bracket] = []
    for n, (at, part) in enumerate(parts):
        if isinstance(part, _Bracket):
            run.append(part)
            continue
        joins = run and n + 1 < len(parts) and _BETWEEN.fullmatch(part)
        if not joins:
            yield from _group(words, run)
            run = []
            yield at, part
    yield from _group(words, run)


def _group(words: str, run: Sequence[_Bracket]) -> Iterator[tuple[int, Group]]:
    if run:
        start = run[0].start
        alternatives = tuple(one for bracket in run for one in bracket.alternatives)
        yield start, Group(start, words[start : run[-1].end], alternatives)


@lru_cache
def _known(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(folded, names))


def _names(part: str, known: frozenset[str]) -> bool:
    """Whether a part of a label names one of these: in full, or by a beginning that fits no other."""
    wanted = folded(part)
    if wanted in known:
        return True
    return len(wanted) >= SHORTEST and len([name for name in known if name.startswith(wanted)]) == 1
