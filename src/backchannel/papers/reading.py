"""A file from outside as a document: what it is, by its bytes; its text made what may be entered; all within limits."""

from __future__ import annotations

from collections.abc import Mapping

from backchannel.errors import Malformed, Misuse
from backchannel.papers import markdown, plain, wordread
from backchannel.papers.draft import CHANGES, LONGEST, MOST_CHARACTERS, MOST_PARAGRAPHS, Draft, settle
from backchannel.papers.model import Comment, Document, Imported, Paragraph, Run, taken

MOST_BYTES = 20_000_000

# Characters that show nothing by themselves (spec/channel.md, 1.2).
_UNSEEN = "\u200c\u200d\ufe0e\ufe0f \n\t\u00a0"
_SAVE = "Save it as .docx, Markdown or plain text, and try again."
# How files begin that are no text for us -> what they are.
_OTHERS = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "protected by a password, or of the old Word (.doc)",
    b"%PDF-1.": "a PDF, which says how words look and not which they are",
    b"{\\rtf1": "in RTF",
    b"<?xml": "XML",
}
_MARKS_OF_ORDER = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def read(data: bytes, name: str = "", changes: str = "bracket", labels: Mapping[str, str] | None = None) -> Imported:
    """Read the file `name` (its ending tells Markdown from plain text); `Malformed` says what is wrong with it.

    Tracked changes are settled: `accept`, `reject`, or `bracket`: alternatives in brackets. `labels`: author as the
    file has it -> with whose name such a bracket begins.
    """
    if changes not in CHANGES:
        raise Misuse(
            "paper-changes", f"Tracked changes cannot be settled as {changes!r}.", f"One of {', '.join(CHANGES)}."
        )
    if len(data) > MOST_BYTES:
        raise Malformed("paper-size", f"The file has {len(data)} bytes; up to {MOST_BYTES} are read.")
    for start, what in _OTHERS.items():
        if data.startswith(start):
            raise Malformed("paper-form", f"The file is {what}.", _SAVE)
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        title, subtitle, drafts, told = wordread.read(data, changes, labels or {})
    else:
        form = markdown if name.lower().endswith((".md", ".markdown")) else plain
        title, subtitle, drafts, told = form.read(_decoded(data))
        drafts, more = settle(drafts, changes, labels or {})
        told += more
    return _document(title, subtitle, drafts, told)


def _decoded(data: bytes) -> str:
    code = next((code for mark, code in _MARKS_OF_ORDER.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(code)
    except UnicodeDecodeError as error:
        what = f"The file is not a text in UTF-8 (byte {error.start})."
        raise Malformed("paper-form", what, _SAVE) from None
    if len(text) > MOST_CHARACTERS:
        raise Malformed("paper-size", f"There are more than {MOST_CHARACTERS} characters in this file.")
    if "\0" in text:
        raise Malformed("paper-form", "The file is not a text.", _SAVE)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _document(title: str, subtitle: str, drafts: list[Draft], told: list[str]) -> Imported:
    """Within limits, and only with characters that may be entered."""
    drafts = [draft for draft in drafts if draft.text.strip()]
    if not drafts:
        raise _empty()
    if len(drafts) > MOST_PARAGRAPHS:
        what = f"There are {len(drafts)} paragraphs in this file; up to {MOST_PARAGRAPHS} are read."
        raise Malformed("paper-size", what)
    hidden = 0

    def tidy(text: str) -> str:
        nonlocal hidden
        text, dropped = taken(text)
        hidden += dropped
        return text.strip()

    paragraphs: list[Paragraph] = []
    for place, draft in enumerate(drafts, 1):
        if len(draft.text) > LONGEST:
            what = f"Paragraph {place} has {len(draft.text)} characters; up to {LONGEST} are read."
            raise Malformed("paper-size", what, "Divide it: in plain text by a blank line.")
        comments = tuple(Comment(_short(c.who), c.when, tidy(c.text[:LONGEST])) for c in draft.comments)
        text = tidy(draft.text)
        number = str(len(paragraphs) + 1) if draft.own and draft.number.isdigit() else _short(draft.number)
        if text.strip(_UNSEEN):
            paragraphs.append(Paragraph(number, (Run(text),), comments, _short(draft.status)))
    if not paragraphs:
        raise _empty()
    document = Document(_short(title), _short(subtitle), tuple(paragraphs))
    if hidden:
        told = [*told, f"{hidden} hidden characters, which nobody sees but could mislead, were left out."]
    return Imported(document, tuple(told))


def _empty() -> Malformed:
    return Malformed("paper-empty", "There is no paragraph in this file.")


def _short(text: str) -> str:
    return " ".join(taken(text[:500])[0].split())
