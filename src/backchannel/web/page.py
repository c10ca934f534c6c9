"""A page: what it shows, what its forms do, and how a request becomes an answer (spec/web.md, 2.5)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.errors import BackchannelError, Misuse
from backchannel.web.answers import Sure
from backchannel.web.keeper import Keeper
from backchannel.web.sessions import Session
from backchannel.web.words import Words

Facts = dict[str, Any]

_FIGURES, _SIGNED = re.compile("[0-9]{1,9}"), re.compile("-?[0-9]{1,9}")
"""Numbers that a browser may send: Python takes others, as ² for a digit, or as long as a page."""


SHOWN = ("_seen", "_here")
"""Fields of a form that say what its page showed (spec/web.md, 2.7)."""


class Form:
    """What was typed, and what was chosen. Absent fields are empty."""

    def __init__(self, data: FormData, trouble: BackchannelError | None = None, confirmed: Sure | None = None) -> None:
        """`trouble`: why not all of it could be taken; `confirmed`: the question to which its person has said yes."""
        self._data, self.trouble, self.confirmed = data, trouble, confirmed

    def __getitem__(self, name: str) -> str:
        return self.get(name)

    def get(self, name: str, otherwise: str = "") -> str:
        """A field's text, with the line ends that everybody else uses."""
        found = self._data.get(name)
        return found.replace("\r\n", "\n").replace("\r", "\n") if isinstance(found, str) else otherwise

    def all(self, name: str) -> list[str]:
        """All texts of a field that can be there more than once."""
        return [one for one in self._data.getlist(name) if isinstance(one, str)]

    def number(self, name: str, otherwise: int = 0) -> int:
        """A field's number. Raises `Misuse("number")`."""
        text = self.get(name).strip()
        if not text:
            return otherwise
        if not _SIGNED.fullmatch(text):
            raise Misuse("number", f"{text[:20]!r} is no number.", "Type digits only.")
        return int(text)

    def numbers(self, name: str) -> list[int]:
        """The numbers of a field that can be there more than once; what is none is not heard."""
        return [int(one) for one in self.all(name) if _FIGURES.fullmatch(one)]

    def files(self, name: str) -> list[UploadFile]:
        """Files that were chosen."""
        return [one for one in self._data.getlist(name) if isinstance(one, UploadFile) and one.filename]

    def typed(self) -> Iterator[tuple[str, str]]:
        """Everything that was typed, for a form that is shown again."""
        for name, value in self._data.multi_items():
            if isinstance(value, str) and not name.startswith("_"):
                yield name, value.replace("\r\n", "\n")

    def held(self) -> list[tuple[str, str]]:
        """The same, and what its page showed: for a form that is done, or looked at again, later."""
        return [*self.typed(), *((name, self[name]) for name in SHOWN if self[name])]


class Filled(Exception):
    """Before anything is done: the form again, with what was read from a file, and what is told of that."""

    def __init__(self, fields: list[tuple[str, str]], remarks: list[str]) -> None:
        super().__init__()
        self.fields, self.remarks = fields, remarks


class Answered(Exception):
    """Nothing was done that another look would not do again: the page, with what was asked for."""

    def __init__(self, **facts: Any) -> None:
        super().__init__()
        self.facts = facts


class Ask(NamedTuple):
    """What a page is made from."""

    request: Request
    session: Session
    keeper: Keeper
    desk: Desk
    words: Words

    def channel(self) -> Channel:
        """The channel in the address. Raises `Misuse("which-channel")`."""
        wanted = self.request.path_params.get("c")
        for channel in self.desk.channels():
            if channel.session.book.c == wanted:
                return channel
        raise Misuse("which-channel", "This desk is in no such channel.", "Choose one from the list.")

    def place(self, rest: str = "") -> str:
        """The address of a page of this channel."""
        return f"/c/{self.request.path_params['c']}/{rest}"

    def position(self) -> int:
        """The number of an item in the address."""
        return int(self.request.path_params["n"])

    def query(self, name: str) -> str:
        """A word of the address behind the question mark."""
        return self.request.query_params.get(name, "")

    def number(self, name: str, otherwise: int = 1) -> int:
        """A number behind the question mark."""
        said = self.query(name)
        return int(said) if _FIGURES.fullmatch(said) else otherwise

    def as_seen(self, form: Form, now: str) -> None:
        """`Misuse("changed")` if a form is about what its page showed, and that is not what is there `now` (`seen`)."""
        if form["_seen"] not in ("", now):
            say = self.words.say
            what = say("What this is about has changed, or is gone, while you looked at it.")
            raise Misuse("changed", what, say("Read it as it stands now, and decide then."))

    def sure(self, form: Form, title: str, lines: list[str], button: str, words: str = "") -> None:
        """Ask once, naming the thing, before what cannot be undone. Raises `Sure`, until that was said yes to.

        A yes holds for the question as it was read: it must say all that is decided (spec/web.md, 2.6). `words`: what
        people wrote that it is about, in full; what is not `Markup` is shown as text.
        """
        question = Sure(title, [line for line in lines if line], button, words)
        if form.confirmed is None or not question.same(form.confirmed):
            question.changed = form.confirmed is not None
            raise question


Look = Callable[[Ask], "Facts | Response"]
Do = Callable[[Ask, Form], "str | Response"]
"""Does what a form asks, and gives the address to show next, or a file."""


class Page(NamedTuple):
    """One address: its template, what it shows, and what its forms do, by the name of the button."""

    path: str
    template: str
    look: Look
    acts: Mapping[str, Do] = {}


def seen(*parts: object) -> str:
    """What a page shows of a matter, as its forms carry it along: `Ask.as_seen` compares it (spec/web.md, 2.7)."""
    return sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]


def genuine(session: Session, form: Form) -> bool:
    """Whether a form is one of ours, made for this session."""
    return hmac.compare_digest(form["_form"].encode(), session.form.encode())


def once(session: Session, number: str, do: Callable[[], str | Response]) -> Response:
    """Do it, unless a form with this number was done: then only show what that has led to. A file is made again."""
    if not number:
        raise Misuse("stale", "This form has no number, and was not done.", "Open the page again.")
    place = session.begin(number)
    if place is None:
        try:
            made = do()
            if isinstance(made, Response):
                return made
            place = made
        finally:
            session.finish(number, place)
    return RedirectResponse(place, 303)


def settle(channel: Channel, keeper: Keeper) -> None:
    """Read back what was written, where the relay answers; what is told of it otherwise stands on the page."""
    keeper.settle(channel)


def attachment(raw: bytes, name: str) -> Response:
    """A file to be saved, under a name of ours: nothing of it is shown by the browser (spec/web.md, 3.2)."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(raw, media_type="application/octet-stream", headers=headers)
