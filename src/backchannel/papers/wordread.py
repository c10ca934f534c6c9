"""Word (.docx) to drafts: words, tracked changes, comments, notes, numbers; what else there is, is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from backchannel.errors import Malformed
from backchannel.papers.draft import MOST_CHARACTERS, Draft, settle
from backchannel.papers.model import ADDED, REMOVED, Comment, Run
from backchannel.papers.numbers import Numbering, Styles, level
from backchannel.papers.package import Attributes, Package

MOST_PIECES = 300_000
"""Runs, paragraphs and notes, empty ones too."""

_CHANGES = {"w:ins": ADDED, "w:moveTo": ADDED, "w:del": REMOVED, "w:moveFrom": REMOVED}
# Under these a change is one of a property or a row, not of words.
_PROPERTIES = {"w:rPr", "w:pPr", "w:trPr", "w:tcPr", "w:tblPr", "w:numPr", "w:sectPr"}
# Nothing under these is read: a second form of what stands before, properties of the past, formulas.
_SKIPPED = {"mc:Fallback", "w:pPrChange", "w:rPrChange", "w:sectPrChange", "w:tblPrChange", "w:numberingChange"}
_TEXT = {"w:t", "w:delText"}
_SIGNS = {"w:tab": "\t", "w:cr": "\n", "w:br": "\n", "w:noBreakHyphen": "\u2011"}
# What is left out, and how that is told.
_LEFT = {
    "w:drawing": "pictures and shapes (words in boxes were kept)",
    "w:pict": "pictures and shapes (words in boxes were kept)",
    "w:object": "embedded objects",
    "m:oMath": "formulas",
    "w:altChunk": "documents within the document",
    "w:control": "controls",
    "w:subDoc": "documents within the document",
}
_LEFT_PARTS = {"vbaProject.bin": "macros", "embeddings/": "embedded objects", "activeX/": "controls"}
# Word's own name them so; ours, with page numbers, is another.
_MARGINS = re.compile(r"(header|footer)\d+\.xml$")
_OFF = {"0", "false", "off", "none"}


class _Story:
    """One part of the document: its body, its comments or its notes, as drafts by the number of the note (else "")."""

    def __init__(self, styles: Styles, comments: Mapping[str, Comment], notes: Mapping[str, Comment]) -> None:
        self.drafts: dict[str, list[Draft]] = {"": []}
        self.by: dict[str, tuple[str, datetime | None]] = {}
        self.left: Counter[str] = Counter()
        self._styles, self._comments, self._notes = styles, comments, notes
        self._path: list[str] = []
        self._skipped = self._pieces = self._characters = 0
        self._changes: list[Run] = []
        self._paragraphs: list[Draft] = []
        self._note = ""
        self._hidden = False
        self._role = ""

    def start(self, tag: str, attributes: Attributes) -> None:
        """An element opens."""
        parent = self._path[-1] if self._path else ""
        self._path.append(tag)
        if tag in _SKIPPED or self._skipped:
            self._skipped += 1
            return
        if what := _LEFT.get(tag):
            self.left[what] += 1
        value = attributes.get("w:val", "")
        draft = self._paragraphs[-1] if self._paragraphs else None
        if tag == "w:p":
            self._count()
            self._paragraphs.append(Draft())
            self.drafts.setdefault(self._note, []).append(self._paragraphs[-1])
        elif tag in ("w:comment", "w:footnote", "w:endnote"):
            self._count()
            self._note = tag[2:] + attributes.get("w:id", "")
            self.by[self._note] = (attributes.get("w:author", ""), _hour(attributes.get("w:date", "")))
        elif tag in _CHANGES and parent not in _PROPERTIES:
            who, when = attributes.get("w:author", ""), _hour(attributes.get("w:date", ""))
            self._changes.append(Run("", _CHANGES[tag], who, when))
        elif draft is None:
            return
        elif tag in _CHANGES and self._path[-3:-1] == ["w:pPr", "w:rPr"]:
            draft.mark = _CHANGES[tag]
        elif tag == "w:r":
            self._hidden, self._role = False, ""
        elif tag == "w:vanish" and self._path[-3:-1] == ["w:r", "w:rPr"]:
            self._hidden = value not in _OFF
        elif tag == "w:rStyle" and self._path[-3:-1] == ["w:r", "w:rPr"]:
            self._role = self._styles.role(value)
        elif tag == "w:pStyle":
            draft.style = value
        elif tag in ("w:numId", "w:ilvl") and parent == "w:numPr":
            number, depth = draft.listed or ("", 0)
            draft.listed = (value, depth) if tag == "w:numId" else (number, level(value))
        elif tag == "w:commentReference" and (comment := self._comments.get("comment" + attributes.get("w:id", ""))):
            draft.comments.append(comment)
        elif tag in ("w:footnoteReference", "w:endnoteReference"):
            if note := self._notes.get(tag[2:-9] + attributes.get("w:id", "")):
                draft.comments.append(note)
        elif tag in _SIGNS and parent == "w:r":
            self.text(_SIGNS[tag], sign=True)
        elif tag == "w:sym" and parent == "w:r":
            self.text("\ufffd", sign=True)

    def _count(self, characters: int = 0) -> None:
        self._pieces += 1
        self._characters += characters
        if self._pieces > MOST_PIECES or self._characters > MOST_CHARACTERS:
            raise Malformed("paper-size", "This document is longer, or in more pieces, than a text for people is.")

    def end(self, tag: str) -> None:
        """An element closes."""
        self._path.pop()
        if self._skipped:
            self._skipped -= 1
        elif tag == "w:p":
            self._paragraphs.pop()
        elif tag in ("w:comment", "w:footnote", "w:endnote"):
            self._note = ""
        elif tag in _CHANGES and self._path and self._path[-1] not in _PROPERTIES:
            self._changes.pop()

    def text(self, text: str, sign: bool = False) -> None:
        """Characters; only those of a run's words count."""
        if self._skipped or not self._paragraphs or not (sign or self._path[-1] in _TEXT):
            return
        self._count(len(text))
        draft = self._paragraphs[-1]
        if self._hidden:
            self.left["hidden words"] += 1
        elif self._role == "number":
            draft.number, draft.own = draft.number + text, True
        elif self._role == "status":
            draft.status += text
        else:
            # The innermost change that takes away counts: what one adds and another strikes is not there.
            change = next(
                (c for c in self._changes if c.change == REMOVED), self._changes[-1] if self._changes else Run("")
            )
            draft.runs.append(Run(text, change.change, change.who, change.when))


def read(data: bytes, changes: str, labels: Mapping[str, str]) -> tuple[str, str, list[Draft], list[str]]:
    """Title, subtitle, paragraphs with their changes settled and their numbers, and what is to be told."""
    package = Package(data)
    body = package.related().get("officeDocument", "")
    if body not in package or not body.endswith(".xml"):
        what = "The file is not a Word document (.docx)."
        raise Malformed("paper-form", what, "Save it as .docx, Markdown or plain text, and try again.")
    related = {kind: name for kind, name in package.related(body).items() if name in package}
    styles, numbering = Styles(package, related), Numbering(package, related)
    beside: dict[str, Comment] = {}
    for kind in ("comments", "footnotes", "endnotes"):
        if kind in related:
            beside |= _beside(package, related[kind], styles)
    story = _Story(styles, beside, beside)
    package.walk(body, story.start, story.end, story.text)
    drafts, told = settle(story.drafts[""], changes, labels)
    title, subtitle, drafts = _headed(drafts, styles)
    for draft in drafts:
        draft.status = draft.status.strip().removeprefix("(").removesuffix(")")
    numbering.number(drafts, styles)
    return title, subtitle, drafts, [*told, *_told(package, story, beside)]


def _beside(package: Package, name: str, styles: Styles) -> dict[str, Comment]:
    """Comments, or notes at the foot or end, by kind and number."""
    story = _Story(styles, {}, {})
    package.walk(name, story.start, story.end, story.text)
    found = {}
    for key, drafts in story.drafts.items():
        text = "\n".join(d.text for d in settle(drafts, "accept", {})[0]).strip()
        if key and text:
            who, when = story.by[key]
            found[key] = Comment(who or ("" if key.startswith("comment") else "footnote"), when, text)
    return found


def _headed(drafts: list[Draft], styles: Styles) -> tuple[str, str, list[Draft]]:
    """Title and subtitle, if the document begins with them."""
    found = {"title": "", "subtitle": ""}
    drafts = [draft for draft in drafts if draft.text.strip() or draft.number]
    for role in found:
        if drafts and styles.role(drafts[0].style) == role:
            found[role] = drafts.pop(0).text
    return found["title"], found["subtitle"], drafts


def _told(package: Package, story: _Story, beside: Mapping[str, Comment]) -> list[str]:
    left = set(story.left)
    left |= {what for part, what in _LEFT_PARTS.items() if any(part in name for name in package.names())}
    told = [f"Left out: {', '.join(sorted(left))}."] if left else []
    if any(_MARGINS.search(name) for name in package.names()):
        told.append("Headers and footers were not taken over.")
    if beside:
        told.append("Comments and footnotes were taken over as comments.")
    return told


def _hour(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
