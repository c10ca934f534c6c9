"""The telling: what happens on the stage, in plain words on a terminal, in a pipe, with colour or without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from backchannel.demo.checks import Check
from backchannel.demo.scenario import Act, Scenario, Scene
from backchannel.demo.stage import Shown, Sight

WIDEST = 92
_PIPE = 80
_SECONDS_A_WORD = 0.042
_BEAT = 0.4
_WORDS_A_ROW, _WORD = 6, 10
_COLOURS = ("yellow", "cyan", "magenta", "green", "blue", "red")
_SIGHTS = {
    "wrote": ("wrote it", "dim"),
    "open": ("can read it", "dim"),
    "closed": ("cannot open it", ""),
    "away": ("has not got it yet", "dim"),
}
_BREAKS = ("backup", "online")
Pause = Callable[[float], None]


class Teller:
    """Prints what happens; `pause(seconds)` gives the reader time, and does nothing where nobody reads along."""

    def __init__(self, out: TextIO, scenario: Scenario, pause: Pause) -> None:
        width = Console(file=out).width if out.isatty() else _PIPE
        self._console = Console(file=out, width=min(width, WIDEST), highlight=False, markup=False, emoji=False)
        self._scenario, self._pause = scenario, pause
        self._colours = {seat.key: _COLOURS[at % len(_COLOURS)] for at, seat in enumerate(scenario.seat)}
        self._blank = False
        self._indent = 2 + max(len(seat.short) for seat in scenario.seat) + 2

    # --- the frame

    def opening(self) -> None:
        """What is about to be played."""
        self._line()
        self._put(Text(self._scenario.title, "bold"))
        self._line()
        self._prose(self._scenario.opening)
        self._beat(self._scenario.opening)

    def ready(self, port: int) -> None:
        """The relay listens, the desks are made."""
        self._line()
        self._put(Text(f"A relay listens on this machine (port {port}). Each seat has a desk and a vault of its own:"))
        self._line()
        for seat in self._scenario.seat:
            self._row(seat.key, Text.assemble(f"{seat.name}  ", (f"{seat.role}, {seat.party}", "dim")))
        self._pause(1.5)

    def scene(self, scene: Scene) -> None:
        """A date, what happened, who says so, and what is ours."""
        self._line()
        self._rule(Text.assemble(f"{scene.date}  ", (scene.title, "bold")))
        self._prose(scene.narration)
        sources = "; ".join(self._scenario.sources[key] for key in scene.sources)
        self._put(Text(f"Source: {sources}.", "dim"))
        if scene.assumed:
            self._put(Text(f"Ours, not history: {scene.assumed}.", "dim"))
        self._beat(scene.narration)
        if scene.act:
            self._line()

    def scene_ends(self, scene: Scene) -> None:
        """What a later version will do here."""
        if scene.later:
            self._line()
            self._put(Text(f"Not built yet: {scene.later}", "dim italic"))
            self._beat(scene.later)

    # --- acts

    def act(self, act: Act, shown: Shown) -> None:
        """One act and what it came to."""
        say = _SAY.get(act.do)
        if say is not None:
            if act.do in _BREAKS:
                self._line()
            self._row(act.who, Text(say(self, act, shown)))
            self._pause(_BEAT)
        else:
            _DRAW[act.do](self, act, shown)

    def _note(self, act: Act, shown: Shown) -> None:
        asks = "   asks to have it read back" if act.read_back else ""
        self._said(act.who, act.to, act.text, asks)
        if "waiting" in shown.facts:
            self._aside("No way to the relay. The note is sealed and waits on this desk; nothing is lost.")
        self._sights(shown.sights)

    def _restate(self, act: Act, shown: Shown) -> None:
        self._row(act.who, Text("reads back what it understood:"))
        self._quote(act.who, act.text)

    def _correct(self, act: Act, shown: Shown) -> None:
        self._row(act.who, Text(f"corrects {self._short(act.whom)}:"))
        self._quote(act.who, act.text)

    def _verify(self, act: Act, shown: Shown) -> None:
        self._row(act.who, Text(f"and {self._short(act.whom)} telephone and read each other the words of their seats:"))
        for key, words in zip((act.who, act.whom), shown.facts["words"], strict=True):
            for at in range(0, len(words), _WORDS_A_ROW):
                row = "".join(word.ljust(_WORD) for word in words[at : at + _WORDS_A_ROW])
                self._put(Text(row, self._colours[key]), self._indent)
        self._aside("Both desks show the same words: nobody sits in between.")
        self._beat("word " * 16)

    def _propose(self, act: Act, shown: Shown) -> None:
        self._line()
        self._row(act.who, Text(f"proposes “{act.title}” for signature by {self._names(act.signatories)}"))
        self._quote(act.who, act.text)
        self._sights(shown.sights)

    def _said(self, who: str, to: Sequence[str], text: str, more: str) -> None:
        self._line()
        self._put(
            Text.assemble(
                (self._short(who), f"bold {self._colours[who]}"), " to ", (self._names(to), "bold"), (more, "dim")
            )
        )
        self._quote(who, text)

    def _sights(self, sights: Sequence[Sight]) -> None:
        line = Text()
        for sight in sights:
            words, style = _SIGHTS[sight.sight]
            line.append("   " if line else "")
            line.append(sight.seat.short, self._colours[sight.seat.key])
            line.append(f" {words}", style)
        if line:
            self._put(line, 4)
        for sight in sights:
            if sight.sight == "closed":
                has = f"entry {sight.position}: {sight.length:,} sealed bytes, it cannot tell by whom."
                self._put(Text(f"{sight.seat.short}'s desk has {has}", "dim"), 4)
        self._pause(_BEAT)

    # --- proofs

    def proofs(self) -> None:
        """What follows is checked now, not claimed."""
        self._rule(Text("What can be proved now", "bold"))

    def check(self, check: Check) -> None:
        """One proof: whether it holds, and what was seen."""
        mark = Text("✓ ", "green") if check.ok else Text("✗ ", "bold red")
        self._put(mark + Text(check.title, "bold" if check.ok else "bold red"))
        self._put(Text(check.detail, "" if check.ok else "red"), 4)
        self._beat(check.detail)

    def verdict(self, checks: Sequence[Check]) -> None:
        """How many of the proofs hold."""
        bad = [check.title for check in checks if not check.ok]
        self._line()
        if bad:
            self._put(Text(f"{len(bad)} of {len(checks)} proofs FAILED: {'; '.join(bad)}.", "bold red"))
        else:
            self._put(Text(f"All {len(checks)} proofs hold.", "bold green"))

    def afterwards(self, steps: Sequence[tuple[str, Sequence[str]]]) -> None:
        """What to try next: a sentence and its commands."""
        self._rule(Text("Go on from here", "bold"))
        for what, commands in steps:
            self._put(Text(what))
            for command in commands:
                # whole, however long, so that it can be copied
                self._print(Text(f"    {command}", "cyan"), soft_wrap=True)
            self._line()

    # --- lines

    def _row(self, key: str, text: Text) -> None:
        name = Text(self._short(key), f"bold {self._colours[key]}")
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
        self._pause(_BEAT + _SECONDS_A_WORD * len(text.split()))

    def _short(self, key: str) -> str:
        return self._scenario.who(key).short

    def _names(self, keys: Sequence[str]) -> str:
        return " and ".join(self._short(key) for key in keys)


_SAY: dict[str, Callable[[Teller, Act, Shown], str]] = {
    "found": lambda t, act, shown: f"opens the channel “{shown.facts['title']}”",
    "invite": lambda t, act, shown: f"invites {t._short(act.whom)}; the code is handed over on paper",
    "join": lambda t, act, shown: "joins with the code, which works once",
    "charter": lambda t, act, shown: (
        f"writes the charter: who sits here, for what, and that notes are deleted after {shown.facts['days']} days"
    ),
    "sign-charter": lambda t, act, shown: (
        "signs it. All have signed: now, and not before, people can speak" if shown.facts["open"] else "signs it"
    ),
    "confirm": lambda t, act, shown: f"confirms: {t._short(act.whom)} has understood it as it was meant",
    "initial": lambda t, act, shown: "initials: this is the text",
    "sign": lambda t, act, shown: (
        "signs. Signed by all: complete" if shown.facts["complete"] else "signs: we are bound by it"
    ),
    "backup": lambda t, act, shown: "makes a backup of the desk, under a passphrase",
    "offline": lambda t, act, shown: "loses the line to the relay",
    "online": lambda t, act, shown: (
        f"is back: {_count(shown.facts['sent'], 'note')} that waited went out, "
        f"{_count(shown.facts['opened'], 'note')} came in, in the order in which all have them"
    ),
}

_DRAW: dict[str, Callable[[Teller, Act, Shown], None]] = {
    "note": Teller._note,
    "restate": Teller._restate,
    "correct": Teller._correct,
    "verify": Teller._verify,
    "propose": Teller._propose,
}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
