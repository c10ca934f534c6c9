"""The telling of a sounding: the question, the answers over each shoulder, what was opened and what is learnt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from backchannel.demo.lines import BEAT, Lines
from backchannel.demo.scenario import Act
from backchannel.demo.sounding import Sight
from backchannel.demo.stage import Shown
from backchannel.demo.tell_text import count

WARNING = (
    "Each desk says before it takes an answer: it is sealed and cannot be changed. You could prove it to somebody who "
    "forces you to. Every voter must answer, or it lapses. And there are only two voters: if you accept something and "
    "it fails, you know that the other did not accept it."
)


class SoundingLines(Lines):
    """Prints what becomes of a sounding."""

    _warned = False

    def _ask(self, act: Act, shown: Shown) -> None:
        self._line()
        self._row(act.who, Text(f"asks {self._names(act.to)}, and has no vote:"))
        options = (f"  {k}  {option}" for k, option in enumerate(act.options, 1))
        self._quote(act.who, "\n".join((act.text.replace("\n\n", "\n"), *options)))
        shows = "Every option that both accept is shown" if act.show_all else "One option that both accept is shown"
        self._aside(f"{shows}, if there is one. {shown.facts['ready']} desks have made ready by themselves.")
        self._line()
        if self._warned:
            self._aside("Each desk gives the same warnings as before.")
        else:
            self._put(Text(WARNING, "italic"), self._indent)
            self._beat(WARNING)
        self._warned = True
        self._line()

    def _answer(self, act: Act, shown: Shown) -> None:
        numbers = " and ".join(map(str, act.accept)) or "none"
        self._row(act.who, Text.assemble("answers, for good. ", (f"Over its shoulder we see: yes to {numbers}", "dim")))
        self._pause(BEAT)
        if shown.facts["over"]:
            self._outcome(act, shown.facts)

    def _outcome(self, act: Act, facts: Mapping[str, Any]) -> None:
        asked, sights = facts["asked"], facts["sights"]
        self._line()
        self._put(Text("All have answered; nobody has to do anything more. Their desks go on by themselves:"))
        for line in _rounds(asked, sights[act.who], facts["sent"]):
            for at, row in enumerate(self._wrapped(Text(line), 6)):
                self._print(Text("    · " if at == 0 else "      ") + row)
            self._pause(2 * BEAT)
        self._line()
        first = _known(sights[act.who])
        for key in dict.fromkeys((asked.who, *asked.to)):
            known = _known(sights[key])
            self._row(
                key, Text(f"sees: {known}" if key == asked.who or known != first else "sees the same, and no more")
            )
        seen = f"{facts['entries']} more sealed entries, {facts['bytes']:,} bytes: neither question nor answers"
        self._beside(Text("The relay", "bold"), Text(f"has {seen}."))
        self._line()
        for line in self._learnt(asked, facts["in_vain"]):
            self._put(Text(line, "italic"))
            self._beat(line)

    def _learnt(self, asked: Act, in_vain: Sequence[int]) -> Iterator[str]:
        """What the two voters know of each other from an option that was opened in vain."""
        answers = self._scenario.answers(asked)
        for key, other in zip(asked.to, reversed(asked.to), strict=True):
            failed = [number for number in answers[key] if number in in_vain]
            if failed:
                said = f"said yes to {' and '.join(map(str, failed))}, which failed"
                yield f"{self._short(key)} {said}: with two voters it can tell that {self._short(other)} said no."
            elif in_vain and not answers[key]:
                yield f"{self._short(key)} said no to all, and learns nothing about {self._short(other)}."
        if in_vain:
            yield f"{self._short(asked.who)} and the relay cannot tell who said no."


def _rounds(asked: Act, sight: Sight, sent: Mapping[str, int]) -> list[str]:
    """What the desks did between the last answer and the end, with what the log has of it."""
    lines = [
        f"they veil the sum of the answers ({count(sent['blind'], 'message')}): "
        "it can only show now whether both said yes"
    ]
    if asked.show_all:
        lines.append(f"they open all {len(asked.options)} options at once, each desk giving its part ({_parts(sent)})")
    else:
        lines.append(f"they open one option after another, in an order that nobody chose ({_parts(sent)})")
        lines += ["opened: one that is not acceptable to both"] * sight.failed
    lines += [f"opened: “{option}”, acceptable to both" for option in sight.met]
    return lines if asked.show_all or not sight.met else [*lines, "nothing more is opened, the rest stays unknown"]


def _parts(sent: Mapping[str, int]) -> str:
    return count(sum(sent[kind] for kind in ("share", "ack", "release", "show")), "message")


def _known(sight: Sight) -> str:
    met = f"Acceptable to both: {' and '.join(sight.met)}." if sight.met else "No option is acceptable to both."
    return f"{met} Nothing else is known."
