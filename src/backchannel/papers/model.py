"""What a paper says: a title, numbered paragraphs, in each what was added and removed, by whom, and comments."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from backchannel.entry.repertoire import outside
from backchannel.errors import Malformed

ADDED, REMOVED = "added", "removed"
UNSHOWN = "\ufffd"
"""Stands for a character that nobody may have, so that it is seen that there was one."""
NOTES = "Notes, not part of the text"

_BREAKS = str.maketrans(dict.fromkeys("\v\f\x1c\x1d\x1e\x85\u2028\u2029", "\n"))
_BLANK_LINES = re.compile(r"\n\s*\n")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MOST_ACCENTS = 31
"""What Unicode calls stream-safe; more take a time that grows with their square to put in order."""
_RIGHT_TO_LEFT = {"R", "AL"}


@dataclass(frozen=True)
class Run:
    """Words, and whether they were added or removed (else ""), by whom, when."""

    text: str
    change: str = ""
    who: str = ""
    when: datetime | None = None


@dataclass(frozen=True)
class Comment:
    """What somebody remarked on a paragraph."""

    who: str
    when: datetime | None
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph with its number as it is printed ("7", "(a)"), and where it stands ("agreed ad referendum")."""

    number: str = ""
    runs: tuple[Run, ...] = ()
    comments: tuple[Comment, ...] = ()
    status: str = ""

    @property
    def text(self) -> str:
        """Its words as they are now: with what was added, without what was removed."""
        return "".join(run.text for run in self.runs if run.change != REMOVED)

    @property
    def change(self) -> str:
        """`added` or `removed` if all of it is, else ""."""
        kinds = {run.change for run in self.runs if run.text}
        return kinds.pop() if len(kinds) == 1 else ""


@dataclass(frozen=True)
class Document:
    """A paper. The subtitle says which one: version, date."""

    title: str = ""
    subtitle: str = ""
    paragraphs: tuple[Paragraph, ...] = ()

    @property
    def redlined(self) -> bool:
        """Whether it shows changes."""
        return any(run.change for paragraph in self.paragraphs for run in paragraph.runs)


@dataclass(frozen=True)
class Imported:
    """What was read, and in sentences what was not taken over or not as it stood."""

    document: Document
    told: tuple[str, ...] = ()


def words(document: Document) -> list[str]:
    """The words of each paragraph.

    A number that the paragraph has by its place anyway is left out; any other ("(a)", "Article 3.") stays before the
    words: it would be lost, and what refers to it lead nowhere.
    """
    found: list[str] = []
    for paragraph in document.paragraphs:
        if text := paragraph.text.strip():
            kept = paragraph.number not in ("", str(len(found) + 1))
            found.append(f"{label(paragraph.number)} {text}" if kept else text)
    return found


def label(number: str) -> str:
    """A number as it is printed before its paragraph."""
    return f"{number}." if number.isdigit() else number


def shown(text: str) -> str:
    """Text for a paper: what is hidden, a control or not a character at all is shown as U+FFFD."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_BREAKS)
    if not outside(text.replace("\n", "").replace("\t", "")):
        return text
    return "".join(char if char in "\n\t" or not outside(char) else UNSHOWN for char in text)


def line(text: str) -> str:
    """The same on one line: for names, titles, numbers."""
    return " ".join(shown(text).split())


def taken(text: str) -> tuple[str, int]:
    """Text from a file, made what may be entered, and how many characters that nobody sees were left out."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_BREAKS)
    if text.isascii() and text.isprintable():
        return text, 0
    if "^" * _MOST_ACCENTS in "".join("^" if unicodedata.combining(char) else " " for char in text):
        raise Malformed("paper-form", f"A letter of this file has {_MOST_ACCENTS} accents or more.")
    seen = [
        char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf") or not outside(char)
    ]
    clean = shown(unicodedata.normalize("NFC", "".join(seen)))
    while _BLANK_LINES.search(clean):
        clean = _BLANK_LINES.sub("\n", clean)
    return clean, len(text) - len(seen)


def rtl(text: str) -> bool:
    """Whether text runs from right to left: by its first letter that has a direction."""
    for char in text:
        kind = unicodedata.bidirectional(char)
        if kind == "L" or kind in _RIGHT_TO_LEFT:
            return kind != "L"
    return False


def utc(when: datetime) -> datetime:
    """A moment in one time zone for every reader, without its name; one that is without a zone is in it."""
    try:
        return when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when
    except OverflowError:  # the first or the last day that there is
        return when.replace(tzinfo=None)


def hour(when: datetime | None) -> str:
    """A moment in words."""
    if when is None:
        return ""
    when = utc(when)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M} UTC"


def notes(paragraph: Paragraph) -> Iterator[str]:
    """What stands beside a paragraph, not in it: where it stands, who changed it, comments.

    Hours come first: digits behind a name that runs from right to left would be drawn into it.
    """
    if paragraph.status:
        yield line(paragraph.status)
    hands: dict[tuple[str, str], set[str]] = {}
    for run in paragraph.runs:
        if run.change:
            hands.setdefault((hour(run.when), line(run.who)), set()).add(run.change)
    for (when, who), kinds in hands.items():
        if when or who:
            did = kinds.pop() if len(kinds) == 1 else "changed"
            yield ", ".join(filter(None, (when, did))) + (f" by {who}" if who else "")
    for comment in paragraph.comments:
        by = ", ".join(filter(None, (hour(comment.when), line(comment.who))))
        yield f"{by or 'comment'}: {line(comment.text)}"
