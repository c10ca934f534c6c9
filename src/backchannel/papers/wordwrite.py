"""Word (.docx): tracked changes and comments as Word and LibreOffice show them; nothing of whose machine it was.

Numbers stand in the words, in a style of their own: what is cited as paragraph 7 is 7 after every edit, and they are
known again when the file comes back. Tracking is switched on, so that edits come back as changes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from html import escape
from itertools import count

from backchannel.papers.model import ADDED, REMOVED, Comment, Document, Paragraph, Run, label, line, rtl, shown, utc
from backchannel.papers.wordparts import OFFICE, SECTION, SETTINGS, STYLES, W, relationships, types

_DATE = (1980, 1, 1, 0, 0, 0)
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_CHANGES = {ADDED: "ins", REMOVED: "del"}
_NOBODY = "unnamed"
_FIELD = '<w:fldSimple w:instr="{}"><w:r><w:t>1</w:t></w:r></w:fldSimple>'


def write(document: Document) -> bytes:
    """The document as .docx."""
    parts = _Writer().parts(document)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(zipfile.ZipInfo(name, _DATE), _HEAD + text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


class _Writer:
    def __init__(self) -> None:
        self._ids = count(1)
        self._comments: list[str] = []

    def parts(self, document: Document) -> dict[str, str]:
        """Name of a part -> its XML."""
        head = [
            _paragraph(style, _run(line(text)), text)
            for style, text in (("Title", document.title), ("Subtitle", document.subtitle))
            if line(text)
        ]
        body = "".join([*head, *map(self._clause, document.paragraphs)])
        foot = _run(line(document.title)[:100])
        foot += f"<w:r><w:tab/></w:r>{_FIELD.format('PAGE')}{_run(' / ')}{_FIELD.format('NUMPAGES')}"
        word = {
            "document": f'<w:document xmlns:w="{W}" xmlns:r="{OFFICE}"><w:body>{body}{SECTION}</w:body></w:document>',
            "styles": STYLES,
            "settings": SETTINGS,
            "footer": f'<w:ftr xmlns:w="{W}">{_paragraph("Footer", foot)}</w:ftr>',
        }
        if self._comments:
            word["comments"] = f'<w:comments xmlns:w="{W}">{"".join(self._comments)}</w:comments>'
        beside = [name for name in word if name != "document"]
        return {
            "[Content_Types].xml": types(beside),
            "_rels/.rels": relationships({"officeDocument": "word/document"}),
            "word/_rels/document.xml.rels": relationships({name: name for name in beside}),
            **{f"word/{name}.xml": xml for name, xml in word.items()},
        }

    def _clause(self, paragraph: Paragraph) -> str:
        runs = [run for run in paragraph.runs if run.text]
        text = "".join(run.text for run in runs)
        base = rtl(text)
        # With all of it, a paragraph's number and end are added or removed too.
        whole = replace(runs[0], text="") if paragraph.change else Run("")
        number, status = label(line(paragraph.number)), line(paragraph.status)
        inner = self._changed(whole, _run(number, "ParagraphNumber", end="<w:tab/>")) if number else ""
        for run in runs:
            inner += self._changed(run, "".join(_directed(shown(run.text), base)))
        for at in [self._comment(comment) for comment in paragraph.comments]:
            inner = f'<w:commentRangeStart w:id="{at}"/>{inner}<w:commentRangeEnd w:id="{at}"/>'
            inner += f'<w:r><w:rPr><w:rStyle w:val="CommentReference"/></w:rPr><w:commentReference w:id="{at}"/></w:r>'
        if status:
            inner += self._changed(whole, _run(f" ({status})", "ParagraphStatus"))
        mark = f"<w:{_CHANGES[whole.change]} {self._by(whole)}/>" if whole.change else ""
        return _paragraph("Clause", inner, text, mark, "" if number else '<w:ind w:left="680" w:firstLine="0"/>')

    def _changed(self, run: Run, xml: str) -> str:
        if not run.change:
            return xml
        xml = _struck(xml) if run.change == REMOVED else xml
        return f"<w:{_CHANGES[run.change]} {self._by(run)}>{xml}</w:{_CHANGES[run.change]}>"

    def _by(self, run: Run) -> str:
        return f'w:id="{next(self._ids)}" ' + _by(run.who, run.when)

    def _comment(self, comment: Comment) -> int:
        at = next(self._ids)
        initials = "".join(word[0] for word in line(comment.who).split())[:4] or "-"
        text = "".join(
            _paragraph("CommentText", "".join(_directed(row, rtl(row))), row) for row in shown(comment.text).split("\n")
        )
        by = _by(comment.who, comment.when)
        self._comments.append(f'<w:comment w:id="{at}" {by} w:initials="{escape(initials)}">{text}</w:comment>')
        return at


def _by(who: str, when: datetime | None) -> str:
    out = f'w:author="{escape(line(who) or _NOBODY)}"'
    if when is not None:
        out += f' w:date="{utc(when).isoformat(timespec="seconds")}Z"'
    return out


def _paragraph(style: str, inner: str, text: str = "", mark: str = "", indent: str = "") -> str:
    direction = "<w:bidi/>" if rtl(text) else ""
    changed = f"<w:rPr>{mark}</w:rPr>" if mark else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{direction}{indent}{changed}</w:pPr>{inner}</w:p>'


def _directed(text: str, base: bool) -> Iterator[str]:
    """Text as runs, each marked if it runs from right to left; spaces and points go with the paragraph."""
    held, side = "", base
    for part in re.findall(r"\S+|\s+", text):
        to = rtl(part) if any(char.isalpha() for char in part) else base
        if to != side and held:
            yield _run(held, right=side)
            held = ""
        held, side = held + part, to
    if held:
        yield _run(held, right=side)


def _run(text: str, style: str = "", *, right: bool = False, end: str = "") -> str:
    """Words as a run; line breaks and tabs are elements."""
    properties = (f'<w:rStyle w:val="{style}"/>' if style else "") + ("<w:rtl/>" if right else "")
    inner = "".join(
        {"\n": "<w:br/>", "\t": "<w:tab/>"}.get(part) or f'<w:t xml:space="preserve">{escape(part)}</w:t>'
        for part in re.split(r"([\n\t])", text)
        if part
    )
    return f"<w:r>{f'<w:rPr>{properties}</w:rPr>' if properties else ''}{inner}{end}</w:r>"


def _struck(xml: str) -> str:
    """The runs of words that are removed; text cannot look like a tag here, it is escaped."""
    return xml.replace("<w:t ", "<w:delText ").replace("</w:t>", "</w:delText>")
