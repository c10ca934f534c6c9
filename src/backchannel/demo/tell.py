"""The telling: what happens on the stage, in plain words on a terminal, in a pipe, with colour or without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TextIO

from rich.text import Text

from backchannel.demo.checks import Check
from backchannel.demo.desks import Sight
from backchannel.demo.lines import BEAT, Pause
from backchannel.demo.scenario import Act, Scenario, Scene
from backchannel.demo.stage import Shown
from backchannel.demo.tell_sounding import SoundingLines
from backchannel.demo.tell_steps import DRAWN, StepLines
from backchannel.demo.tell_text import TextLines, count, left

_WORDS_A_ROW, _WORD = 6, 10
_SIGHTS = {
    "wrote": ("wrote it", "dim"),
    "open": ("can read it", "dim"),
    "closed": ("cannot open it", ""),
    "away": ("has not got it yet", "dim"),
}
_BREAKS = ("backup", "online")
_MARKS = {True: ("✓ ", "green", ""), False: ("✗ ", "bold red", "bold red"), None: ("– ", "yellow", "")}
ASIDE = (
    "A non-paper: nobody signs it, nobody has said it. If it fails, it vanishes from every desk, from every backup and "
    "from the relay. What somebody writes down or photographs meanwhile does not."
)
_STANCES = {"interest": "shows interest", "question": "asks", "objection": "objects"}


class Teller(TextLines, SoundingLines, StepLines):
    """Prints what happens; `pause(seconds)` gives the reader time, and does nothing where nobody reads along."""

    def __init__(self, out: TextIO, scenario: Scenario, pause: Pause) -> None:
        super().__init__(out, scenario, pause)
        self._explained = False

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
        for seat in self._scenario.begin:
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
            self._pause(BEAT)
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

    def _float(self, act: Act, shown: Shown) -> None:
        self._line()
        among = self._names((act.who, *act.to))
        self._row(act.who, Text(f"floats a non-paper among {among}, for {act.days} days: “{act.title}”"))
        self._quote(act.who, act.text)
        self._sights(shown.sights)
        if not self._explained:
            self._put(Text(ASIDE, "italic"), self._indent)
            self._beat(ASIDE)
        self._explained = True

    def _react(self, act: Act, shown: Shown) -> None:
        self._row(act.who, Text(f"{_STANCES[act.stance]}:"))
        self._quote(act.who, act.text)

    def _revise(self, act: Act, shown: Shown) -> None:
        self._row(act.who, Text(f"gives it a next form: “{act.title}”"))
        self._quote(act.who, act.text)

    def _take_up(self, act: Act, shown: Shown) -> None:
        self._line()
        proposes = f"takes it up: proposes “{act.title}” for signature by {self._names(act.signatories)}"
        self._row(act.who, Text(proposes))
        self._quote(act.who, shown.facts["text"])
        self._sights(shown.sights)
        self._confirmed("The non-paper has ended; what was taken up does not say where it came from.", shown)

    def _drop(self, act: Act, shown: Shown) -> None:
        self._line()
        seen = ("Over its shoulder we see:", "dim")
        self._row(act.who, Text.assemble("lays a slip ready for the next hat. ", seen))
        self._quote(act.who, f"{act.title}\n{act.text.strip()}")

    def _pass_hat(self, act: Act, shown: Shown) -> None:
        facts, dropped = shown.facts, shown.facts["dropped"]
        self._line()
        self._row(act.who, Text("lets a hat go round. Nobody has to do anything; the desks go on by themselves:"))
        for line in (
            f"{facts['slips']} desks drop a slip of {facts['size']:,} bytes; all but one are empty, all look alike",
            "each shakes the hat in turn, and each looks whether its own slip is still there",
            f"opened: “{dropped.title}”, floated as a non-paper that nobody has written",
        ):
            for at, row in enumerate(self._wrapped(Text(line), 6)):
                self._print(Text("    · " if at == 0 else "      ") + row)
            self._pause(2 * BEAT)
        self._line()
        self._beside(
            Text("The relay", "bold"), Text(f"has {facts['entries']} more sealed entries, {facts['bytes']:,} bytes.")
        )
        self._aside(
            "With three in the hat, two who put their heads together know the third. Style of writing may tell."
        )

    def _hour(self, act: Act, shown: Shown) -> None:
        days = shown.facts["days"]
        self._aside(
            f"You need not wait: until now the clocks of this relay and these desks were {days} days behind, for this "
            "moment. Now they are put right. Nothing else was done to the desks."
        )
        self._line()
        self._confirmed("The hour has passed: it has lapsed, and with it what came from the hat.", shown)

    def _confirmed(self, what: str, shown: Shown) -> None:
        confirmed, desks = shown.facts["confirmed"], shown.facts["desks"]
        said = f"{what} {confirmed} of {desks} desks have confirmed that they have destroyed it."
        self._put(Text(said, "italic"), self._indent)
        self._beat(said)

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
            line.append(self._short(sight.seat.key), self._colours[sight.seat.key])
            line.append(f" {words}", style)
        if line:
            self._put(line, 4)
        for sight in sights:
            if sight.sight == "closed":
                has = f"entry {sight.position}: {sight.length:,} sealed bytes, it cannot tell by whom."
                self._put(Text(f"{self._short(sight.seat.key)}'s desk has {has}", "dim"), 4)
        self._pause(BEAT)

    # --- proofs

    def proofs(self) -> None:
        """What follows is checked now, not claimed."""
        self._rule(Text("What can be proved now", "bold"))

    def check(self, check: Check) -> None:
        """One proof: whether it holds, and what was seen."""
        mark, colour, style = _MARKS[check.ok]
        self._put(Text(mark, colour) + Text(check.title, style or "bold"))
        self._put(Text(check.detail, "red" if check.ok is False else ""), 4)
        self._pause(2 * BEAT)  # it stays on the screen: this is the end

    def verdict(self, checks: Sequence[Check]) -> None:
        """How many of the proofs hold."""
        bad = [check.title for check in checks if check.ok is False]
        left = sum(check.ok is None for check in checks)
        not_tried = f" {left} could not be tried here." if left else ""
        self._line()
        if bad:
            self._put(Text(f"{len(bad)} of {len(checks)} proofs FAILED: {'; '.join(bad)}.{not_tried}", "bold red"))
        else:
            tried = f"{len(checks) - left} of {len(checks)}" if left else f"All {len(checks)}"
            self._put(Text(f"{tried} proofs hold.{not_tried}", "bold green"))

    def afterwards(self, steps: Sequence[tuple[str, Sequence[str]]]) -> None:
        """What to try next: a sentence and its commands."""
        self._rule(Text("Go on from here", "bold"))
        for what, commands in steps:
            self._put(Text(what))
            for command in commands:
                # whole, however long, so that it can be copied
                self._print(Text(f"    {command}", "cyan"), soft_wrap=True)
            self._line()


_SAY: dict[str, Callable[[Teller, Act, Shown], str]] = {
    "found": lambda t, act, shown: f"opens the channel “{shown.facts['title']}”",
    "invite": lambda t, act, shown: f"invites {t._short(act.whom)}; the code is handed over on paper",
    "join": lambda t, act, shown: "joins with the code, which works once",
    "charter": lambda t, act, shown: (
        f"writes the charter: who sits here, for what; notes are deleted after {shown.facts['days']} days; "
        f"{_terms(shown)}"
    ),
    "sign-charter": lambda t, act, shown: (
        "signs it. All have signed: now, and not before, people can speak" if shown.facts["open"] else "signs it"
    ),
    "confirm": lambda t, act, shown: f"confirms: {t._short(act.whom)} has understood it as it was meant",
    "accept": lambda t, act, shown: (
        f"accepts what {t._names(tuple(dict.fromkeys(shown.facts['by'])))} proposed: {left(shown.facts)}"
    ),
    "stand": lambda t, act, shown: f"agrees to every paragraph: {left(shown.facts)}",
    "adopt": lambda t, act, shown: f"adopts version {shown.facts['number']}: from now on it changes no more",
    "propose": lambda t, act, shown: (
        f"proposes it, {count(shown.facts['clauses'], 'clause')}, for signature by {t._names(act.signatories)}"
    ),
    "consent": lambda t, act, shown: (
        "consents: with that all parties have, as the charter wants" if shown.facts["agreed"] else "consents"
    ),
    "initial": lambda t, act, shown: "initials: this is the text",
    "sign": lambda t, act, shown: (
        "signs. Signed by all: complete" if shown.facts["complete"] else "signs: we are bound by it"
    ),
    "backup": lambda t, act, shown: "makes a backup of the desk, under a passphrase",
    "offline": lambda t, act, shown: "loses the line to the relay",
    "online": lambda t, act, shown: (
        f"is back: {count(shown.facts['sent'], 'note')} that waited went out; "
        f"{count(shown.facts['opened']['note'], 'note')} and "
        f"{count(shown.facts['opened']['nonpaper'], 'non-paper')} came in, in the order in which all have them"
    ),
}

_DRAW: dict[str, Callable[[Teller, Act, Shown], None]] = {
    "note": Teller._note,
    "restate": Teller._restate,
    "correct": Teller._correct,
    "verify": Teller._verify,
    "float": Teller._float,
    "react": Teller._react,
    "revise": Teller._revise,
    "take-up": Teller._take_up,
    "drop": Teller._drop,
    "pass-hat": Teller._pass_hat,
    "hour": Teller._hour,
    "ask": Teller._ask,
    "answer": Teller._answer,
    "sound": lambda t, act, shown: t._ask(shown.facts["asked"], shown),
    "mandate": Teller._mandate,
    "open-text": Teller._open_text,
    "amend": Teller._amend,
    "insert": Teller._amend,
    "issue": Teller._issue,
    "clear": Teller._clear,
    "disclose": Teller._disclose,
    "publish": Teller._publish,
    **DRAWN,
}


def _terms(shown: Shown) -> str:
    pen = "only the intermediary holds the pen of a text; " if shown.facts["pen"] == "intermediary" else ""
    whose = "all parties agree" if shown.facts["disclosure"] == "all" else f"{shown.facts['disclosure']} parties agree"
    return f"{pen}nothing is shown to the world unless {whose}"
