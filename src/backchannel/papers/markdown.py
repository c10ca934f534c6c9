"""Markdown (CommonMark); what was changed stands between CriticMarkup's marks, `{++added++}` and `{--removed--}`.

Words are escaped, so that they are shown as they are whatever they hold: a link, a tag, a mark of ours. When read, a
foreign file's tags are text and its links are their words; nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from backchannel.errors import Malformed
from backchannel.papers.draft import Draft
from backchannel.papers.model import NOTES, Document, Paragraph, Run, label, line, notes, shown
from backchannel.papers.plain import MARKS

LIMIT = 500_000
"""Characters, two hundred pages: what is made to be hard to read takes a second for each hundred thousand."""
_MOST_LINES = 20_000
_MOST_MARKS = 2_000
"""In a paragraph: brackets and stars, which are looked at in pairs."""

_ALWAYS = re.compile(r"[\\`*_{}<>&~|$!]")
_LINKS = re.compile(r"(?<=\])[(:]|\[(?=\^)")
# What at the beginning of a line would begin a list, a heading or a rule.
_LINE_START = re.compile(r"^(\d{0,9})([.)#+\-=])", re.M)
_SPACE_AT_EDGE = re.compile(r"^[ \t]+|(?<![ \t])[ \t]+$|\t", re.M)
_NUMBER = re.compile(r"(?=\S*[\d.)])\S{1,16}")
_MARKS = {mark: (side, kind) for kind, pair in MARKS.items() if kind for side, mark in enumerate(pair)}
_MARK = re.compile("|".join(map(re.escape, _MARKS)))


def write(document: Document) -> str:
    """The document as Markdown."""
    title, subtitle = escape(line(document.title)), escape(line(document.subtitle))
    blocks = ["\n".join([f"# {title}"] * bool(title) + [f"*{subtitle}*"] * bool(subtitle))] if title or subtitle else []
    blocks += [_block(paragraph) for paragraph in document.paragraphs]
    said = [f"- {escape(label(line(p.number)))} {escape(note)}" for p in document.paragraphs for note in notes(p)]
    if said:
        blocks += ["---", f"*{NOTES}*", "\n".join(said)]
    return "\n\n".join(blocks) + "\n"


def _block(paragraph: Paragraph) -> str:
    number = label(line(paragraph.number))
    text = "".join(_escaped(shown(run.text)).join(MARKS[run.change]) for run in paragraph.runs)
    return _lines(f"**{_escaped(number)}** {text}" if number else text)


def escape(text: str) -> str:
    """Words as Markdown that shows them unchanged."""
    return _lines(_escaped(text))


def _escaped(text: str) -> str:
    return _LINKS.sub(r"\\\g<0>", _ALWAYS.sub(r"\\\g<0>", text))


def _lines(text: str) -> str:
    """What only means something at the edges of a line."""
    text = _SPACE_AT_EDGE.sub(lambda match: "".join(f"&#{ord(char)};" for char in match[0]), text)
    return _LINE_START.sub(r"\1\\\2", text).replace("\n", "\\\n")


def read(text: str) -> tuple[str, str, list[Draft], list[str]]:
    """Title, subtitle, paragraphs, and what is to be told."""
    if (
        len(text) > LIMIT
        or text.count("\n") > _MOST_LINES
        or any(sum(map(row.count, "[*_`<&")) > _MOST_MARKS for row in re.split(r"\n\s*\n", text))
    ):
        raise Malformed("paper-size", "This Markdown is larger, or more tangled, than a text for people is.")
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 50}).disable("text_join")
    return _Reader().read(parser.parse(text))


class _Reader:
    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.told: dict[str, None] = {}
        self.title = self.subtitle = ""
        self._lists: list[str] = []
        self._label = ""

    def read(self, tokens: Sequence[Token]) -> tuple[str, str, list[Draft], list[str]]:
        heading = ""
        for token in tokens:
            match token.type:
                case "ordered_list_open" | "bullet_list_open":
                    self._lists.append("•" if token.type[0] == "b" else "1")
                case "ordered_list_close" | "bullet_list_close":
                    self._lists.pop()
                case "list_item_open":
                    ordered = self._lists[-1] != "•"
                    self._label = (token.info + token.markup).removesuffix(".") if ordered else "•"
                case "heading_open":
                    heading = token.tag
                case "fence" | "code_block":
                    self._add([Run(token.content.strip("\n"))])
                case "inline":
                    if self._inline(token, heading):
                        break
                    heading = ""
        return self.title, self.subtitle, self.drafts, list(self.told)

    def _inline(self, token: Token, heading: str) -> bool:
        """Take one paragraph; whether the notes begin, which are ours and no part of the text."""
        children = [child for child in token.children or [] if child.content or child.type != "text"]
        if self.drafts and token.content == f"*{NOTES}*":
            self.told["The notes at its end were not taken over."] = None
            return True
        text = "".join(child.content for child in children)
        if heading == "h1" and not self.title and not self.drafts:
            self.title = text
        elif self.title and not self.subtitle and not self.drafts and _emphasised(children):
            self.subtitle = text
        else:
            number = ""
            if children and children[0].type == "strong_open":
                end = next(i for i, child in enumerate(children) if child.type == "strong_close")
                inside = "".join(child.content for child in children[:end])
                if _NUMBER.fullmatch(inside) and end + 1 < len(children) and children[end + 1].content[:1] == " ":
                    number, children = inside.removesuffix("."), children[end + 1 :]
            runs = list(self._runs(children))
            if number and runs:
                runs[0] = Run(runs[0].text[1:], runs[0].change)
            self._add(runs, number)
        return False

    def _add(self, runs: list[Run], number: str = "") -> None:
        label_, self._label = self._label, ""
        self.drafts.append(Draft(runs, number=number or label_, own=number.isdigit()))

    def _runs(self, children: Sequence[Token]) -> Iterator[Run]:
        change = ""
        for child in children:
            if child.type == "text":
                at = 0
                for match in _MARK.finditer(child.content):
                    side, kind = _MARKS[match[0]]
                    if change == (kind if side else ""):
                        yield Run(child.content[at : match.start()], change)
                        change, at = ("" if side else kind), match.end()
                yield Run(child.content[at:], change)
            elif child.type in ("softbreak", "hardbreak"):
                yield Run(" " if child.type == "softbreak" else "\n", change)
            else:
                if child.type in ("link_open", "image"):
                    self.told["Links and pictures: their words were taken over, not where they lead."] = None
                yield Run(child.content, change)


def _emphasised(children: Sequence[Token]) -> bool:
    kinds = [child.type for child in children]
    return len(kinds) > 2 and kinds[0] == "em_open" and kinds.index("em_close") == len(kinds) - 1
