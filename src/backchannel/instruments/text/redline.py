"""Redline: what a text was and what it is, paragraph by paragraph and word by word (spec/text.md, 5.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from backchannel.errors import Misuse
from backchannel.instruments.text.acts import ParagraphId
from backchannel.instruments.text.differences import Run, compare, rising
from backchannel.instruments.text.values import Text, laid_out


class Line(NamedTuple):
    """A paragraph in a redline: its number before and after (None: not there), whether it moved, its words."""

    id: ParagraphId
    before: int | None
    after: int | None
    moved: bool
    runs: tuple[Run, ...]

    @property
    def same(self) -> bool:
        """Whether nothing is to be seen of it."""
        return self.before is not None and not self.moved and all(run.mark == "=" for run in self.runs)


def layout(item: Text, number: int | None) -> bytes:
    """A version as it was issued; None: the text as it is now, 0: nothing yet."""
    if number is None:
        return item.layout
    if not 0 <= number <= len(item.versions):
        raise Misuse("version", f"There is no version {number} of this text; issued: {len(item.versions)}.")
    return item.versions[number - 1].layout if number else b""


def words(item: Text, number: int | None = None) -> list[tuple[ParagraphId, str]]:
    """The paragraphs of a version, or of the text as it is now."""
    return [(one, item.words[n]) for one, n in laid_out(layout(item, number))]


def redline(item: Text, old: int | None, new: int | None = None) -> tuple[Line, ...]:
    """From one version to another, in the new order; what went stands where it was."""
    return between(item.words, layout(item, old), layout(item, new))


def between(store: tuple[str, ...], old: bytes, new: bytes) -> tuple[Line, ...]:
    """The same for two layouts."""
    before, after = dict(laid_out(old)), dict(laid_out(new))
    was, now = _numbers(before), _numbers(after)
    stayed = [one for one in after if one in before]
    still = {stayed[n] for n in rising([was[one] for one in stayed])}
    lines: list[Line] = []
    gone = _gone(before, still, after)

    def went(behind: ParagraphId | None) -> None:
        for one in gone.get(behind, ()):
            lines.append(Line(one, was[one], None, False, (Run("-", store[before[one]]),)))

    went(None)
    for one, number in after.items():
        runs = compare(store[before[one]], store[number]) if one in before else (Run("+", store[number]),)
        lines.append(Line(one, was.get(one), now[one], one in before and one not in still, runs))
        if one in still:
            went(one)
    return tuple(lines)


def _numbers(layout: Mapping[ParagraphId, int]) -> dict[ParagraphId, int]:
    return {one: n for n, one in enumerate(layout, 1)}


def _gone(
    before: Mapping[ParagraphId, int], still: set[ParagraphId], after: Mapping[ParagraphId, int]
) -> dict[ParagraphId | None, list[ParagraphId]]:
    """Those that went, by the last before them that stayed where it was."""
    found: dict[ParagraphId | None, list[ParagraphId]] = {}
    behind: ParagraphId | None = None
    for one in before:
        if one in still:
            behind = one
        elif one not in after:
            found.setdefault(behind, []).append(one)
    return found
