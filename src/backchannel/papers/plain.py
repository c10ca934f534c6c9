"""Plain text: paragraphs divided by blank lines, numbered as a person would; what was changed between marks.

    A title
    Text 7, 12 May 2026
    ===================

    1. Words of the first paragraph
       and their second line.

Read back, it is the same paragraphs. Marks of changes are for the eye: when read they are taken as written.
"""

from __future__ import annotations

import re

from backchannel.papers.draft import Draft
from backchannel.papers.model import ADDED, NOTES, REMOVED, Document, Paragraph, Run, label, line, notes, shown

MARKS = {"": ("", ""), ADDED: ("{++", "++}"), REMOVED: ("{--", "--}")}
LEGEND = "{++added++}, {--removed--}"

_BLOCKS = re.compile(r"\n(?:[^\S\n]*\n)+")
_NUMBERED = re.compile(r"(\d{1,4})\. +(?=\S)")
_NEXT = re.compile(r"\n(\d{1,4})\. +(?=\S)")
_HEADED = re.compile(r"(?P<title>[^\n]+)\n(?:(?P<subtitle>[^\n]+)\n)?={3,}\s*")


def write(document: Document) -> str:
    """The document as plain text."""
    blocks = []
    head = [text for text in (line(document.title), line(document.subtitle)) if text]
    if head:
        blocks.append("\n".join([*head, "=" * max(3, min(max(map(len, head)), 78))]))
    if document.redlined:
        blocks.append(f"({LEGEND})")
    blocks += [_block(paragraph) for paragraph in document.paragraphs]
    said = [f"{label(line(p.number)) or '-'} {note}" for p in document.paragraphs for note in notes(p)]
    if said:
        blocks += [f"{NOTES}\n{'-' * len(NOTES)}", "\n".join(said)]
    return "\n\n".join(blocks) + "\n"


def _block(paragraph: Paragraph) -> str:
    text = "".join(shown(run.text).join(MARKS[run.change]) for run in paragraph.runs)
    number = label(line(paragraph.number))
    return f"{number} {text}".replace("\n", "\n" + " " * (len(number) + 1)) if number else text


def read(text: str) -> tuple[str, str, list[Draft], list[str]]:
    """Title, subtitle, paragraphs, and what is to be told."""
    blocks = [block for block in _BLOCKS.split(text.strip("\n")) if block.strip()]
    title = subtitle = ""
    if blocks and (headed := _HEADED.fullmatch(blocks[0])):
        title, subtitle = headed["title"], headed["subtitle"] or ""
        del blocks[0]
    told = []
    if blocks and blocks[0] == f"({LEGEND})":
        del blocks[0]
        told.append("Marks of changes were taken over as they are written.")
    for place, block in enumerate(blocks):
        if re.fullmatch(re.escape(NOTES) + r"\n-+\s*", block):
            told.append("The notes at its end were not taken over.")
            del blocks[place:]
            break
    drafts = [draft for block in blocks for draft in _parted(block)]
    return title, subtitle, drafts, told


def _parted(block: str) -> list[Draft]:
    """The paragraphs of a block: one, or several if each of its lines goes on counting."""
    found: list[Draft] = []
    for text in _counted(block):
        match = _NUMBERED.match(text)
        number = match[1] if match else ""
        # What stands under the words of a number, not under the number, is indented by as much.
        indent = "\n" + " " * (len(number) + 2)
        found.append(Draft([Run(text[match.end() :].replace(indent, "\n") if match else text)], number=number))
    return found


def _counted(block: str) -> list[str]:
    parts, begun = [], 0
    first = _NUMBERED.match(block)
    expected = int(first[1]) + 1 if first else -1
    for match in _NEXT.finditer(block):
        if int(match[1]) == expected:
            parts.append(block[begun : match.start()])
            begun, expected = match.start() + 1, expected + 1
    return [*parts, block[begun:]]
