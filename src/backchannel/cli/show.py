"""Everything that is printed. A command makes facts; they become JSON, or a page drawn from nothing but the same.

Every string on its way to a page goes through `foreign`: names, notes, file names and error texts alike. What a
terminal would obey (escapes, direction overrides, invisible characters) is spelled out; Rich interprets nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from io import TextIOWrapper
from typing import IO, TYPE_CHECKING, Any

from backchannel.facts import Facts as Facts
from backchannel.facts.foreign import foreign as foreign
from backchannel.facts.saying import local as local
from backchannel.facts.saying import names as names

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


WIDTH = 80
LONGEST_ERROR = 2_000
PROSE = frozenset({"text", "clauses", "paragraphs", "purpose", "question", "reason", "restated", "corrected"})
"""The facts whose line breaks are their author's."""

GOOD, BAD, DIM, STRONG, ACCENT = "green", "bold red", "dim", "bold", "cyan"


def clean(facts: Any, name: str = "") -> Any:
    """The same facts with every string, at any depth and in names too, through `foreign`."""
    if isinstance(facts, str):
        return foreign(facts, lines=name in PROSE)
    if isinstance(facts, dict):
        return {foreign(str(key)): clean(value, str(key)) for key, value in facts.items()}
    if isinstance(facts, list):
        return [clean(value, name) for value in facts]
    return facts


class Page:
    """A page on a terminal, in a pipe or a file. It takes strings only, and interprets none of them."""

    def __init__(self, stream: IO[str]) -> None:
        self.console = console(stream)

    def say(self, text: str = "", style: str = "") -> None:
        """A paragraph. Its later lines are set in, so that a long name in it cannot begin a line of its own."""
        from rich.text import Text

        lead = " " * (len(text) - len(text.lstrip(" ")))
        first, room = True, self.console.width - len(lead)
        for line in text[len(lead) :].split("\n"):
            for row in self._rows(line, room if len(line) <= room and first else room - 2):
                self.console.print(Text(lead + ("" if first else "  ") + row, style), soft_wrap=True)
                first = False

    def quote(self, text: str, mark: str = "") -> None:
        """What a person wrote: every line behind a bar, so that it cannot pass for what this program says.

        `mark` stands before the bar of the first line: a paragraph's number.
        """
        from rich.text import Text

        margin = max(2, len(mark))
        for line in text.split("\n"):
            for row in self._rows(line, self.console.width - margin - 2):
                self.console.print(Text.assemble((f"{mark:<{margin}}| ", DIM), row), soft_wrap=True)
                mark = ""

    def _rows(self, line: str, width: int) -> list[str]:
        from rich.text import Text

        return [row.plain.rstrip() for row in Text(line).wrap(self.console, max(20, width))] or [""]

    def pairs(self, rows: Iterable[tuple[str, str]]) -> None:
        """Labels and what they are."""
        from rich.table import Table

        grid = Table.grid(padding=(0, 2))
        grid.add_column(style=DIM, no_wrap=True)
        grid.add_column(overflow="fold")
        for label, value in rows:
            grid.add_row(f"  {label}", value)
        self._columns(grid)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table with a heading."""
        from rich.table import Table

        grid = Table(box=None, padding=(0, 2, 0, 0), header_style=DIM, pad_edge=False)
        for head in heads:
            grid.add_column(head, overflow="fold")
        for row in rows:
            grid.add_row(*row)
        self._columns(grid)

    def words(self, words: Sequence[str], across: int = 4) -> None:
        """Words to be read aloud, numbered, in a grid."""
        from rich.table import Table

        grid = Table.grid(padding=(0, 3))
        for k in range(0, len(words), across):
            grid.add_row(*(f"  {k + j + 1:2} {word}" for j, word in enumerate(words[k : k + across])))
        self._columns(grid)

    def _columns(self, grid: Table) -> None:
        """Without the spaces with which Rich fills the last column: they would be copied and pasted along."""
        with self.console.capture() as drawn:
            self.console.print(grid)
        self.console.file.write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))


Draw = Callable[[Page, Facts], None]


def console(stream: IO[str]) -> Console:
    """A Rich console that takes every string literally. Colour where the terminal has it and NO_COLOR is not set."""
    from rich.console import Console

    width = None if stream.isatty() or os.environ.get("COLUMNS") else WIDTH
    return Console(file=stream, markup=False, emoji=False, highlight=False, width=width, legacy_windows=False)


def tell(facts: Facts, draw: Draw, *, as_json: bool) -> None:
    """Print facts: one JSON object on one line, or a page: alarms first, the relay's silence last."""
    if as_json:
        print_json(facts)
        return
    page, shown = Page(sys.stdout), clean(facts)
    for alarm in shown.get("alarms", ()):
        page.say(f"ALARM ({local(alarm['at'])}): {alarm['what']}", BAD)
    draw(page, shown)
    trouble = shown.get("relay_trouble")
    if trouble:
        page.say()
        page.say(f"{trouble['what']} {trouble['safe']} {trouble['todo']}".replace("  ", " ").strip(), "yellow")


def print_json(facts: Facts) -> None:
    """One object on one line, in ASCII: valid, and harmless on a terminal, whatever is in it."""
    sys.stdout.write(json.dumps(_whole(facts), ensure_ascii=True, allow_nan=False) + "\n")
    sys.stdout.flush()


def _whole(facts: Any) -> Any:
    """Without halves of characters, which JSON can write and nobody can read."""
    if isinstance(facts, str):
        return facts.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(facts, dict):
        return {_whole(str(key)): _whole(value) for key, value in facts.items()}
    if isinstance(facts, list):
        return [_whole(value) for value in facts]
    return facts


def failure(error: Facts, *, as_json: bool) -> None:
    """Tell an error: what happened, that nothing was lost, what to do."""
    short = {name: text if len(text) <= LONGEST_ERROR else text[:LONGEST_ERROR] + "…" for name, text in error.items()}
    if as_json:
        print_json(short)
        return
    sys.stdout.flush()
    page, shown = Page(sys.stderr), clean(short)
    page.say(shown["what"], BAD)
    rest = " ".join(part for part in (shown["safe"], shown["todo"]) if part)
    if rest:
        page.say(rest)


def stop(sentence: str) -> str:
    """A sentence with its full stop, also after a name that brings one."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


# --- the streams ------------------------------------------------------------------------------------------------------


def forgiving_streams() -> None:
    """A terminal that has not a character shows its number instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def drop_output() -> None:
    """Send what is still buffered nowhere: Python would stumble over the closed pipe once more at its end."""
    if sys.stdout is sys.__stdout__ and sys.stdout is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
