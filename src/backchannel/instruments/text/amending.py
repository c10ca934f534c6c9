"""Amendments: proposed by anybody, decided by the pen, applied whole or not at all (spec/text.md, 3)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from backchannel.channel.state import At, State
from backchannel.entry import text
from backchannel.entry.ids import EntryId
from backchannel.errors import Rejected
from backchannel.instruments.base import Spoken
from backchannel.instruments.text import paragraphs
from backchannel.instruments.text.acts import Amend, Decide
from backchannel.instruments.text.values import Amendment, Step, Text

MOST_PROPOSED = 1_000
LONGEST_WHY = 2_000


class Ink:
    """The words of a text, and what an entry adds to them."""

    def __init__(self, item: Text) -> None:
        self._old, self._new = item.words, list[str]()

    @property
    def next(self) -> int:
        """The number of the next words."""
        return len(self._old) + len(self._new)

    def put(self, words: str) -> None:
        """Add words."""
        self._new.append(words)

    def why(self, words: str) -> int:
        """Add words that may be missing; their number."""
        if not words:
            return 0
        self.put(text.prose(words, "reason", LONGEST_WHY))
        return self.next - 1

    @property
    def all(self) -> tuple[str, ...]:
        """Everything."""
        return (*self._old, *self._new) if self._new else self._old


def hidden(state: State) -> tuple[str, ...]:
    """Whose names no bracket may bear (2.2)."""
    if state.charter is None or state.charter.terms.attribution != "chatham":
        return ()
    return tuple(sorted({name for seat in state.seats for name in (seat.party, seat.name)}))


def amend(item: Text, spoken: Spoken) -> Text:
    """Proposed; by the pen itself, applied at once (3.1, 3.2)."""
    act: Amend = spoken.act
    brought = sum(len(paragraphs.said(change)) for change in act.changes)
    if not 1 <= len(act.changes) <= paragraphs.MOST_CHANGES or brought > paragraphs.MOST_PARAGRAPHS:
        most = f"1 to {paragraphs.MOST_CHANGES} changes, with up to {paragraphs.MOST_PARAGRAPHS} paragraphs"
        raise Rejected("changes", f"An amendment has {most}.")
    pen = spoken.sender == item.pen
    if len(item.proposed) >= MOST_PROPOSED and not pen:
        raise Rejected("full", f"{MOST_PROPOSED} amendments await the pen's word already.")
    names, ink, steps = hidden(spoken.state), Ink(item), []
    for change in act.changes:
        new = paragraphs.kept(change, ink.next)
        for words in paragraphs.said(change):
            ink.put(paragraphs.check(words, names))
        steps.append(new)
    if not _known(item, steps):
        raise Rejected("paragraph", "An amendment speaks of a paragraph that never was in this text, or of none.")
    reason = ink.why(act.reason)
    made = Amendment(spoken.id, spoken.at, spoken.sender, tuple(steps), reason, "proposed", spoken.at, 0)
    item = replace(item, words=ink.all)
    if pen:
        return _accepted(item, made, spoken.at, 0)
    return replace(item, proposed=(*item.proposed, made))


def decide(item: Text, spoken: Spoken) -> Text:
    """The pen's word on an amendment (3.2)."""
    act: Decide = spoken.act
    held, ink = awaited(item, act.amendment), Ink(item)
    answer = ink.why(act.reason)
    item = replace(_without(item, held), words=ink.all)
    if act.accept:
        return _accepted(item, held, spoken.at, answer)
    return _settled(item, held, "refused", spoken.at, answer)


def withdraw(item: Text, spoken: Spoken) -> Text:
    """Its author takes it back (3.5)."""
    held = awaited(item, spoken.act.amendment)
    return _settled(_without(item, held), held, "withdrawn", spoken.at, 0)


def awaited(item: Text, entry: EntryId) -> Amendment:
    """The amendment on which the pen's word is awaited; `Rejected("amendment")` if there is none."""
    for one in item.proposed:
        if one.id == entry:
            return one
    raise Rejected("amendment", "This amendment was decided or withdrawn already, or never proposed.")


def _known(item: Text, steps: Sequence[Step]) -> bool:
    """Whether all of this speaks of paragraphs that are, or were, in the text."""
    wanted = {one for step in steps for one in paragraphs.names(step)}
    there = sum(1 for one in item.paragraphs if one.id in wanted)
    return there == len(wanted) and all(step.words or step.do != "insert" for step in steps)


def _accepted(item: Text, made: Amendment, at: At, answer: int) -> Text:
    """Applied if all of it fits, else overtaken (3.3)."""
    rows = paragraphs.applied(item.paragraphs, made.id, made.steps)
    if rows is None:
        return _settled(item, made, "overtaken", at, answer)
    return _settled(replace(item, paragraphs=rows), made, "accepted", at, answer)


def _settled(item: Text, made: Amendment, outcome: str, at: At, answer: int) -> Text:
    done = replace(made, outcome=outcome, since=at, answer=answer)
    return replace(item, settled=(*item.settled, done))


def _without(item: Text, held: Amendment) -> Text:
    return replace(item, proposed=tuple(one for one in item.proposed if one is not held))
