"""Lines on a terminal or in a pipe: names in a column, quotes, asides; wrapped, coloured where that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from backchannel.demo.scenario import Scenario

WIDEST = 92
BEAT = 0.17
_PIPE = 80
_SECONDS_A_WORD = 0.016
_COLOURS = ("yellow", "cyan", "magenta", "green", "blue", "red")
Pause = Callable[[float], None]


class Lines:
    """Prints lines; `pause(seconds)` gives the reader time."""

    def __init__(self, out: TextIO, scenario: Scenario, pause: Pause) -> None:
        width = Console(file=out).width if out.isatty() else _PIPE
        self._console = Console(file=out, width=min(width, WIDEST), highlight=False, markup=False, emoji=False)
        self._scenario, self._pause = scenario, pause
        self._colours = {seat.key: _COLOURS[at % len(_COLOURS)] for at, seat in enumerate(scenario.seat)}
        self._blank = False
        self._indent = 2 + max(len(seat.short) for seat in scenario.seat) + 2

    def _row(self, key: str, text: Text) -> None:
        self._beside(Text(self._short(key), f"bold {self._colours[key]}"), text)

    def _beside(self, name: Text, text: Text) -> None:
        name.pad_right(self._indent - 2 - len(name))
        for at, row in enumerate(self._wrapped(text, self._indent)):
            self._print(Text("  ") + (name if at == 0 else Text(" " * len(name))) + row)

    def _quote(self, key: str, text: str) -> None:
        for line in text.strip().split("\n"):
            for row in self._wrapped(Text(line), 6):
                self._print(Text.assemble("    ", ("│ ", self._colours[key]), row))
        self._beat(text)

    def _rule(self, head: Text) -> None:
        self._line()
        rest = self._console.width - 4 - head.cell_len - 1
        self._put(Text.assemble(head, " ", ("─" * max(0, rest), "dim")))
        self._line()

    def _aside(self, text: str) -> None:
        self._put(Text(text, "dim"), self._indent)

    def _prose(self, text: str) -> None:
        self._put(Text(" ".join(text.split())))

    def _put(self, text: Text, indent: int = 2) -> None:
        for row in self._wrapped(text, indent):
            self._print(Text(" " * indent) + row)

    def _wrapped(self, text: Text, indent: int) -> list[Text]:
        rows = list(text.wrap(self._console, max(20, self._console.width - indent - 2)))
        for row in rows:
            row.rstrip()
        return rows

    def _line(self) -> None:
        if not self._blank:
            self._console.print()
        self._blank = True

    def _print(self, text: Text, *, soft_wrap: bool = False) -> None:
        self._console.print(text, soft_wrap=soft_wrap)
        self._blank = False

    def _beat(self, text: str) -> None:
        self._pause(BEAT + _SECONDS_A_WORD * len(text.split()))

    def _short(self, key: str) -> str:
        return self._scenario.who(key).short

    def _names(self, keys: Sequence[str]) -> str:
        return " and ".join(self._short(key) for key in keys)
