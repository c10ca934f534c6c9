"""What a form was answered with if nothing was done: held here, and shown at an address that says nothing of it.

A browser writes a form's fields into its history, on the disk, if a page answers it. So none does (spec/web.md, 3.4).
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from typing import NamedTuple

from backchannel.facts import Facts
from backchannel.web.sessions import Session

MOST = 32
SECRET = ("passphrase", "again")
"""Fields of which nothing is held."""


class Sure(Exception):
    """Before something that cannot be taken back: what will happen, the words that it is about, the button.

    `changed`: its person has said yes to this when it was not the same yet.
    """

    def __init__(self, title: str, lines: list[str], button: str, words: str = "") -> None:
        super().__init__(title)
        self.title, self.lines, self.button, self.words = title, lines, button, words
        self.changed = False

    def same(self, other: Sure) -> bool:
        """Whether it asks the very same."""
        asked = ((one.title, one.lines, one.button, one.words) for one in (self, other))
        return next(asked) == next(asked)


class Answer(NamedTuple):
    """`place`: the page that it is shown on; `fields`: what was typed; `facts`: what the page shows beside its own.

    A function among these is asked at each look.

    `number`: the form's; `question`: what its person was asked, if anything.
    """

    session: Session
    place: str
    number: str
    fields: list[tuple[str, str]]
    facts: Facts
    status: int = 200
    question: Sure | None = None


def kept(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What may be held of what was typed."""
    return [one for one in fields if one[0] not in SECRET]


def anew(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What is kept of what was typed when something else is shown by now: nobody is chosen as "everybody"."""
    chosen = [one for one in fields if one[1] == "all" and (one[0] == "audience" or one[0].endswith("_who"))]
    return [one for one in fields if one not in chosen and one[0] not in ("_seen", "_here")]


class Answers:
    """The newest answers, until the desk is locked."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Answer] = OrderedDict()
        self._turn = threading.Lock()

    def put(self, answer: Answer) -> str:
        """Hold it; its number, which nobody guesses."""
        key = secrets.token_hex(16)
        with self._turn:
            self._held[key] = answer._replace(fields=kept(answer.fields))
            while len(self._held) > MOST:
                self._held.popitem(last=False)
        return key

    def get(self, session: Session, place: str, key: str) -> Answer | None:
        """The answer with this number, for whom and where it was given."""
        found = self._held.get(key)
        return found if found is not None and found.session is session and found.place == place else None

    def clear(self) -> None:
        """Let go of all of them."""
        with self._turn:
            self._held.clear()
