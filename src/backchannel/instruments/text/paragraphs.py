"""Paragraphs under change: what is proposed is checked and kept by number, what is accepted applied (spec/text.md, 3).

Whatever does not fit, nothing of its amendment applies. Those that are gone keep their place, so that what goes behind
one of them goes to the same place on every desk.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from backchannel.entry import text
from backchannel.entry.ids import EntryId
from backchannel.errors import Rejected
from backchannel.instruments.text import brackets
from backchannel.instruments.text.acts import (
    START,
    Change,
    Delete,
    Insert,
    Merge,
    Move,
    ParagraphId,
    Replace,
    Split,
)
from backchannel.instruments.text.values import Paragraph, Step, paragraph_id

MOST_PARAGRAPHS, MOST_CHANGES = 2_000, 200
LONGEST = 20_000

_BLANK = re.compile(r"\n[ \t]*\n")


class Unfit(Exception):
    """A change does not fit the text as it is now."""


def check(words: str, hidden: Sequence[str] = ()) -> str:
    """A paragraph's words, unchanged; `Malformed` unless they can be. `hidden`: names that no bracket may tell (1, 2).

    Codes: `prose`, `brackets`, `attributed`.
    """
    text.prose(words, "paragraph", LONGEST)
    if words != words.strip() or _BLANK.search(words):
        raise Rejected("prose", "A paragraph has no space at its ends, and no blank line inside.")
    if brackets.check(words) and hidden:
        found = brackets.named(words, hidden)
        if found:
            name = min(found)
            raise Rejected("attributed", f"Under this charter no bracket says whose it is; one here says {name!r}.")
    return words


def first(entry: EntryId, words: Sequence[str], base: int) -> tuple[Paragraph, ...]:
    """The paragraphs with which a text begins; their words are kept from number `base` on."""
    return tuple(Paragraph(paragraph_id(entry, n), 0, base + n, False, ()) for n in range(len(words)))


def said(change: Change) -> tuple[str, ...]:
    """The words that a change brings."""
    if isinstance(change, Insert):
        return change.words
    if isinstance(change, Split):
        return change.first, change.second
    return (change.words,) if isinstance(change, Replace | Merge) else ()


def kept(change: Change, base: int) -> Step:
    """A change as it is kept, its words from number `base` on."""
    words = tuple(range(base, base + len(said(change))))
    if isinstance(change, Insert):
        return Step("insert", START, 0, change.after, 0, words)
    if isinstance(change, Move):
        return Step("move", change.paragraph, 0, change.after, 0, words)
    if isinstance(change, Merge):
        return Step("merge", change.paragraph, change.revision, change.other, change.other_revision, words)
    do = {Replace: "replace", Delete: "delete", Split: "split"}[type(change)]
    return Step(do, change.paragraph, change.revision, START, 0, words)


def names(step: Step) -> tuple[ParagraphId, ...]:
    """The paragraphs that a change speaks of."""
    return tuple(one for one in (step.paragraph, step.other) if one != START)


def applied(paragraphs: Sequence[Paragraph], entry: EntryId, steps: Sequence[Step]) -> tuple[Paragraph, ...] | None:
    """The paragraphs after all changes of an amendment; None if one of these does not fit (3.3)."""
    sheet, made = list(paragraphs), 0
    try:
        for step in steps:
            made += _DO[step.do](sheet, step, entry, made)
    except Unfit:
        return None
    if made and sum(1 for one in sheet if not one.gone) > MOST_PARAGRAPHS:
        return None
    return tuple(sheet)


_Sheet = list[Paragraph]


def _replace(sheet: _Sheet, step: Step, entry: EntryId, made: int) -> int:
    at = _here(sheet, step.paragraph, step.revision)
    sheet[at] = _changed(sheet[at], step.words[0])
    return 0


def _insert(sheet: _Sheet, step: Step, entry: EntryId, made: int) -> int:
    _make(sheet, _behind(sheet, step.other), step.words, entry, made)
    return len(step.words)


def _delete(sheet: _Sheet, step: Step, entry: EntryId, made: int) -> int:
    at = _here(sheet, step.paragraph, step.revision)
    sheet[at] = _gone(sheet[at])
    return 0


def _move(sheet: _Sheet, step: Step, entry: EntryId, made: int) -> int:
    at = _find(sheet, step.paragraph)
    moved = sheet[at]
    if moved.gone or step.paragraph == step.other:
        raise Unfit
    del sheet[at]
    sheet.insert(_behind(sheet, step.other), moved)
    return 0


def _split(sheet: _Sheet, step: Step, entry: EntryId, made: int) -> int:
    at = _here(sheet, step.paragraph, step.revision)
    sheet[at] = _changed(sheet[at], step.words[0])
    _make(sheet, at + 1, step.words[1:], entry, made)
    return 1


def _merge(sheet: _Sheet, step: Step, entry: EntryId, made: int) -> int:
    at, other = _here(sheet, step.paragraph, step.revision), _here(sheet, step.other, step.other_revision)
    if other <= at or not all(one.gone for one in sheet[at + 1 : other]):
        raise Unfit
    sheet[at], sheet[other] = _changed(sheet[at], step.words[0]), _gone(sheet[other])
    return 0


_DO: dict[str, Callable[[_Sheet, Step, EntryId, int], int]] = {
    "replace": _replace,
    "insert": _insert,
    "delete": _delete,
    "move": _move,
    "split": _split,
    "merge": _merge,
}
"""How each change is made; how many paragraphs it makes."""


def _find(sheet: _Sheet, wanted: ParagraphId) -> int:
    for at, one in enumerate(sheet):
        if one.id == wanted:
            return at
    raise Unfit


def _here(sheet: _Sheet, wanted: ParagraphId, revision: int) -> int:
    at = _find(sheet, wanted)
    if sheet[at].gone or sheet[at].revision != revision:
        raise Unfit
    return at


def _behind(sheet: _Sheet, wanted: ParagraphId) -> int:
    return 0 if wanted == START else _find(sheet, wanted) + 1


def _make(sheet: _Sheet, at: int, words: Sequence[int], entry: EntryId, made: int) -> None:
    new = [Paragraph(paragraph_id(entry, made + n), 0, number, False, ()) for n, number in enumerate(words)]
    there = {one.id for one in sheet}
    if any(one.id in there or one.id == START for one in new):  # somebody has searched long for an entry with such ids
        raise Unfit
    sheet[at:at] = new


def _changed(one: Paragraph, words: int) -> Paragraph:
    return Paragraph(one.id, one.revision + 1, words, False, ())  # 4.1: all stances fall


def _gone(one: Paragraph) -> Paragraph:
    return Paragraph(one.id, one.revision, one.words, True, ())
