"""The telling of a text: its paragraphs and brackets, what came and went, what is shown of it in the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.text import Text

from backchannel.demo.lines import BEAT, Lines
from backchannel.demo.scenario import Act
from backchannel.demo.stage import Shown
from backchannel.instruments.text.differences import Run

_MARKS = {"=": ("", "", ""), "+": ("{++", "++}", "green"), "-": ("{--", "--}", "red strike")}
_BAR = "█"


class TextLines(Lines):
    """Prints what becomes of a text."""

    _redlined = False

    def _mandate(self, act: Act, shown: Shown) -> None:
        self._row(
            act.who, Text("declares its mandate. No principal of its party sits here, so nobody but itself says so:")
        )
        self._quote(act.who, act.text)

    def _open_text(self, act: Act, shown: Shown) -> None:
        self._row(act.who, Text(f"opens the text “{act.title}”, and holds the pen:"))
        for number, words in enumerate(shown.facts["paragraphs"], 1):
            self._paragraph(act.who, number, Text(words))
        self._aside(f"The desks keep count: {left(shown.facts)}.")
        self._line()

    def _amend(self, act: Act, shown: Shown) -> None:
        what = "a new paragraph" if act.do == "insert" else "for paragraph"
        self._row(act.who, Text(f"proposes {what} {act.number}:"))
        self._paragraph(act.who, act.number, _marked(shown.facts["runs"]))
        if not self._redlined:
            self._aside("{++What would come++}, {--what would go--}. Nothing changes until the pen accepts it.")
        self._redlined = True

    def _clear(self, act: Act, shown: Shown) -> None:
        self._line()
        self._row(act.who, Text(f"puts that in the bracket's place: {left(shown.facts)}"))
        self._paragraph(act.who, shown.facts["number"], _marked(shown.facts["runs"]))

    def _issue(self, act: Act, shown: Shown) -> None:
        facts, number = shown.facts, shown.facts["number"]
        changed = [line for line in facts["lines"] if not line.same]
        if not changed:
            self._row(act.who, Text(f"issues version {number}"))
            self._pause(BEAT)
            return
        self._line()
        self._row(act.who, Text(f"issues version {number}. Against version {number - 1}, word by word:"))
        for line in changed:
            self._paragraph(act.who, line.after or line.before, _marked(line.runs))
        same = len(facts["lines"]) - len(changed)
        self._aside(f"{count(same, 'paragraph')} unchanged. On all desks the same words under the same number.")

    def _disclose(self, act: Act, shown: Shown) -> None:
        clauses = " and ".join(map(str, act.clauses))
        to = f"clauses {clauses} of {shown.facts['of']} to the public" if shown.facts["to"] == "public" else clauses
        self._row(act.who, Text(f"proposes to show {to}, in plain words:"))
        self._quote(act.who, act.text)
        self._row(act.who, Text("and that all parties say about the rest:"))
        self._quote(act.who, act.lines)

    def _publish(self, act: Act, shown: Shown) -> None:
        facts = shown.facts
        self._row(act.who, Text(f"writes {facts['page']}, a page for readers, and {facts['bundle']}, its proof:"))
        for number, words in facts["clauses"]:
            closed = Text(_BAR * 24 + " not shown", "dim")
            self._paragraph(act.who, number, Text(words) if words is not None else closed)
        said = (
            "Both are files for whoever wants them: nothing was sent anywhere. The page runs no program and loads "
            "nothing; the proof needs neither desk nor relay, and opens no other clause. The page says too what is not "
            "proved: above all who the signatories are, for here no institution has vouched for them."
        )
        self._put(Text(said, "italic"), self._indent)
        self._beat(said)

    def _paragraph(self, key: str, number: int, words: Text) -> None:
        """A paragraph with its number, quoted."""
        for at, row in enumerate(self._wrapped(words, 9)):
            head = f"{number:>2} " if at == 0 else "   "
            self._print(Text.assemble("    ", ("│ ", self._colours[key]), (head, "dim"), row))
        self._beat(words.plain)


def left(facts: Mapping[str, Any]) -> str:
    """What stands in the way of a text."""
    rows = facts["rows"]
    if facts["agreed"]:
        return f"all {len(rows)} paragraphs are agreed by all"
    if not facts["brackets"]:
        silent = sorted({party for row in rows for party in row.silent})
        return f"no bracket is left; it awaits {' and '.join(silent)}"
    numbers = [str(row.number) for row in rows if row.brackets]
    where = f"paragraph{'' if len(numbers) == 1 else 's'} {', '.join(numbers)}"
    could = f"; a sounding could clear {facts['soundable']} of them" if facts["soundable"] > 1 else ""
    return f"in the way {'is a bracket' if len(numbers) == 1 else 'are brackets'} in {where}{could}"


def count(number: int, noun: str) -> str:
    """So many of them."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _marked(runs: Iterable[Run]) -> Text:
    """Words that came and went, told apart without colour too."""
    told = Text()
    for run in runs:
        before, after, style = _MARKS[run.mark]
        told.append(f"{before}{run.words}{after}", style)
    return told
