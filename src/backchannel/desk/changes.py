"""Changes to a text as people name them: by the numbers that its paragraphs have now (spec/text.md, 3).

Several stand in a file under one another, so that they are proposed together:

    == replace 2
    Other words.

    == insert after 3
    A new paragraph.

    And another.

    == move 5 after 1
"""

from __future__ import annotations

import re
from collections import Counter

from backchannel.desk import texts
from backchannel.desk.channel import Channel
from backchannel.desk.texts import UNDONE
from backchannel.entry import text
from backchannel.errors import Malformed, Misuse
from backchannel.instruments.text import acts, amending, paragraphs
from backchannel.instruments.text.acts import START, Change, ParagraphId
from backchannel.instruments.text.values import Paragraph, Text

VERBS = ("replace P", "insert after P", "delete P", "move P after Q", "split P", "merge P")
WITHOUT_WORDS = ("delete", "move")

_HEAD = re.compile(
    r"==\s*(?:(?P<do>replace|delete|split|merge)\s+(?P<p>\d{1,4})"
    r"|(?P<insert>insert)\s+after\s+(?P<behind>\d{1,4})"
    r"|(?P<move>move)\s+(?P<moved>\d{1,4})\s+after\s+(?P<to>\d{1,4}))\s*",
    re.IGNORECASE,
)
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")


def parted(words: str) -> list[str]:
    """Words as paragraphs: what stands between blank lines."""
    return [part for part in map(text.tidy, _BLANK_LINES.split(text.tidy(words))) if part]


class Draft:
    """Changes to be proposed together. Every number is the one that a paragraph has before any of them is made."""

    def __init__(self, channel: Channel, item: Text) -> None:
        self._item, self._hidden = item, amending.hidden(channel.state)
        self._changed: Counter[ParagraphId] = Counter()
        self.changes: list[Change] = []
        self.numbers: set[int] = set()
        """The paragraphs that these changes name."""

    def add(self, do: str, number: int, words: str = "", *, behind: int = 0) -> None:
        """Add a change. `behind`: after which paragraph one moves; 0 is the beginning, for `insert` too.

        Raises `Misuse`: `paragraph`, and `words` for what cannot stand there.
        """
        where = f"paragraph {number}" if number else "the beginning"
        self.numbers |= {number, behind} - {0}
        if do == "insert":
            self.changes.append(
                acts.Insert(self._behind(number), self._words(parted(words), f"what is new after {where}"))
            )
            return
        one = texts.paragraph(self._item, number)
        if do == "move":
            self.changes.append(acts.Move(one.id, self._behind(behind)))
            return
        revision = one.revision + self._changed[one.id]
        if do == "delete":
            self.changes.append(acts.Delete(one.id, revision))
        elif do == "replace":
            (said,) = self._words([text.tidy(words)], where)
            self.changes.append(acts.Replace(one.id, revision, said))
        elif do == "split":
            parts = self._words(parted(words), where)
            if len(parts) != 2:
                todo = "Write what becomes of the one, a blank line, and what becomes of the other."
                raise Misuse("words", f"To split {where} takes two parts; here are {len(parts)}.", todo, UNDONE)
            self.changes.append(acts.Split(one.id, revision, parts[0], parts[1]))
        else:
            self._merge(number, one, revision, words)
        self._changed[one.id] += 1

    def _merge(self, number: int, one: Paragraph, revision: int, words: str) -> None:
        if number == len(self._item.here):
            raise Misuse(
                "paragraph", f"No paragraph follows paragraph {number} that could be merged with it.", "", UNDONE
            )
        other = self._item.here[number]
        self.numbers.add(number + 1)
        both = words if words.strip() else f"{self._item.said(one)} {self._item.said(other)}"
        (said,) = self._words([text.tidy(both)], f"paragraph {number}")
        self.changes.append(acts.Merge(one.id, revision, other.id, other.revision + self._changed[other.id], said))

    def _behind(self, number: int) -> ParagraphId:
        return texts.paragraph(self._item, number).id if number else START

    def _words(self, said: list[str], where: str) -> tuple[str, ...]:
        if not said or not said[0]:
            raise Misuse("words", f"The words of {where} are missing.", "", UNDONE)
        return tuple(checked(words, where, self._hidden) for words in said)

    def check(self) -> None:
        """`Misuse("unfit")` if these changes cannot be made to the text as it is, one after the other."""
        steps = [paragraphs.kept(change, 0) for change in self.changes]
        if paragraphs.applied(self._item.paragraphs, bytes(32), steps) is None:
            what = "These changes cannot be made one after the other: one of them is about a paragraph that another"
            raise Misuse("unfit", f"{what} takes away, or moves a paragraph behind itself.", "", UNDONE)


def checked(words: str, where: str, hidden: tuple[str, ...] = ()) -> str:
    """Words that can stand as a paragraph, unchanged; `Misuse("words")` says where and why they cannot."""
    try:
        return paragraphs.check(words, hidden)
    except Malformed as problem:
        raise Misuse("words", f"In the words of {where}: {problem.what}", problem.todo, UNDONE) from problem


def read(draft: Draft, said: str) -> None:
    """Add the changes of a file; `Misuse("changes")` names the line that is none."""
    do, numbers, words = "", (0, 0), list[str]()
    for place, line in enumerate([*said.replace("\r\n", "\n").split("\n"), ""], 1):
        head = _HEAD.fullmatch(line)
        if line.startswith("==") and head is None:
            todo = f"A change begins with == and one of: {', '.join(VERBS)}."
            raise Misuse("changes", f"Line {place} begins no change: {line[:60]}", todo, UNDONE)
        if head is None:
            if line.strip() and (not do or do in WITHOUT_WORDS):
                what = f"Line {place} has words that belong to no change: {line[:60]}"
                raise Misuse("changes", what, "Words follow a line as: == replace 2", UNDONE)
            words.append(line)
            continue
        if do:
            draft.add(do, numbers[0], "\n".join(words), behind=numbers[1])
        do = (head["do"] or head["insert"] or head["move"]).lower()
        numbers, words = (int(head["p"] or head["behind"] or head["moved"]), int(head["to"] or 0)), []
    if not do:
        raise Misuse("changes", "There is no change in this.", "Write, for instance: == replace 2", UNDONE)
    draft.add(do, numbers[0], "\n".join(words), behind=numbers[1])
