"""A paragraph while it is read: with its changes, which are settled before anything counts on its words.

`accept` takes every change, `reject` none. `bracket` takes none either way: what was there and what is put in its place
stand side by side in brackets, as negotiators write what is not agreed (spec/text.md, 2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from backchannel.papers.model import ADDED, REMOVED, Comment, Run

MOST_CHARACTERS = 2_000_000
MOST_PARAGRAPHS = 5_000
LONGEST = 20_000
"""A paragraph, as spec/text.md, 1.1 has it."""

CHANGES = ("bracket", "accept", "reject")

_BARE = re.compile(r"[\[\]\s/]*")
_LAST_WORD, _FIRST_WORD = re.compile(r"(?<!\w)\w+\Z"), re.compile(r"\A\w+")
_BRACKETS = re.compile(r"\\[\[\]\\]|[\[\]]")


@dataclass
class Draft:
    """A paragraph of a file. `mark` is the change of its end: with it removed, the next one joins it."""

    runs: list[Run] = field(default_factory=list)
    mark: str = ""
    number: str = ""
    own: bool = False
    """Whether the number is one that a text of ours gave it, by its place."""
    style: str = ""
    listed: tuple[str, int] | None = None
    comments: list[Comment] = field(default_factory=list)
    status: str = ""

    @property
    def text(self) -> str:
        """All its words."""
        return "".join(run.text for run in self.runs)


def settle(drafts: list[Draft], changes: str, labels: Mapping[str, str]) -> tuple[list[Draft], list[str]]:
    """The paragraphs without changes, and what was done with these. `labels`: what an author's bracket begins with."""
    for draft in drafts:
        draft.runs = _merged(draft.runs)
    counts = {kind: sum(run.change == kind for draft in drafts for run in draft.runs) for kind in (ADDED, REMOVED)}
    if not any(counts.values()) and not any(draft.mark for draft in drafts):
        return drafts, []
    added, removed = (_count(n, noun) for n, noun in zip(counts.values(), ("insertion", "deletion"), strict=True))
    told = [{
        "accept": f"Tracked changes: {added} taken over, {removed} carried out.",
        "reject": f"Tracked changes: {added} left out, {removed} not carried out.",
        "bracket": f"Tracked changes: {added} and {removed} stand in brackets; none is taken as agreed.",
    }[changes]]  # fmt: skip
    if changes != "bracket":
        return _joined(drafts, ADDED if changes == "accept" else REMOVED), told
    for draft in drafts:
        draft.runs = [Run(_bracketed(draft.runs, labels))]
    odd = sum(not balanced(draft.text) for draft in drafts)
    if odd:
        told.append(f"In {_count(odd, 'paragraph')} the brackets do not balance; look there first.")
    return drafts, told


def balanced(text: str) -> bool:
    """Whether every bracket closes, and none that was not opened."""
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += {"[": 1, "]": -1}.get(bracket, 0)
        if depth < 0:
            return False
    return depth == 0


def _joined(drafts: list[Draft], kept: str) -> list[Draft]:
    """With the changes of one kind kept and the others gone; paragraphs whose end is gone run into the next."""
    found: list[Draft] = []
    open_ended = False
    for draft in drafts:
        draft.runs = [Run(run.text) for run in draft.runs if run.change in ("", kept)]
        if open_ended and any(run.text for run in found[-1].runs):
            found[-1].runs += draft.runs
            found[-1].comments += draft.comments
        elif open_ended:
            draft.comments = found.pop().comments + draft.comments
            found.append(draft)
        else:
            found.append(draft)
        open_ended = draft.mark not in ("", kept)
    return found


def _merged(runs: list[Run]) -> list[Run]:
    """Neighbours that one person changed alike, as one."""
    return [
        Run("".join(run.text for run in same), change, who)
        for (change, who), same in groupby(runs, lambda run: (run.change, run.who if run.change else ""))
    ]


def _pieces(runs: list[Run]) -> list[Run]:
    """The runs, with brackets that were put or struck bare left standing: they say that all is open between them."""
    return _merged([Run(run.text) if _BARE.fullmatch(run.text) else run for run in runs if run.text])


def _bracketed(runs: list[Run], labels: Mapping[str, str]) -> str:
    """Each stretch of changes as alternatives; the paragraph as two if brackets would cross."""
    pieces = _pieces(runs)
    if all(balanced(piece.text) for piece in pieces if piece.change):
        return "".join(_stretches(pieces, labels))
    before, after = ("".join(p.text for p in runs if p.change in ("", kind)).strip() for kind in (REMOVED, ADDED))
    if before and after and balanced(before) and balanced(after):
        return f"[{before}] [{after}]"
    return after or before


def _stretches(pieces: list[Run], labels: Mapping[str, str]) -> Iterator[str]:
    groups = [(changed, list(group)) for changed, group in groupby(pieces, lambda piece: bool(piece.change))]
    groups.append((False, [Run("")]))
    rest = tail = ""
    for (changed, group), (_, (after, *_)) in pairwise(groups):
        if not changed:
            rest, tail = group[0].text[len(tail) :], ""
            continue
        # A word changed in its midst is whole in either alternative.
        head = _edge(_LAST_WORD, rest) if _inside(group, _FIRST_WORD) else ""
        tail = _edge(_FIRST_WORD, after.text) if _inside(group, _LAST_WORD) else ""
        yield rest[: len(rest) - len(head)] + _alternatives(group, head, tail, labels)
        rest = ""
    yield rest


def _edge(word: re.Pattern[str], text: str) -> str:
    match = word.search(text)
    return match[0] if match else ""


def _inside(group: list[Run], edge: re.Pattern[str]) -> bool:
    """Whether every piece of a stretch, by one hand, goes on with a word at this edge."""
    return len({piece.who for piece in group}) == 1 and all(edge.search(piece.text) for piece in group)


def _alternatives(group: list[Run], head: str, tail: str, labels: Mapping[str, str]) -> str:
    texts = [(f"{head}{piece.text}{tail}", piece) for piece in group]
    if head or tail:
        # What was there, or is there now, of a word of which a part only was added or removed.
        kinds = {piece.change for piece in group}
        texts += [(head + tail, Run("", kind)) for kind in (REMOVED, ADDED) if kind not in kinds]
        texts.sort(key=lambda pair: pair[1].change != REMOVED)
    whole = "".join(text for text, _ in texts)
    start, end = whole[: len(whole) - len(whole.lstrip())], whole[len(whole.rstrip()) :]
    brackets = [_bracket(text.strip(), piece, labels) for text, piece in texts if text.strip()]
    return start + " ".join(brackets) + end


def _bracket(text: str, piece: Run, labels: Mapping[str, str]) -> str:
    who = labels.get(piece.who, "") if piece.change == ADDED else ""
    return f"[{who}: {text}]" if who else f"[{text}]"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
