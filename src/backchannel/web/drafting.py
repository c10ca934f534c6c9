"""What is typed and not sent: kept by the script as it is typed, offered again on its page (spec/web.md, 4.2)."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from backchannel.desk.desk import Desk
from backchannel.desk.drafts import Draft, Fields
from backchannel.facts.saying import stamp
from backchannel.web.door import own
from backchannel.web.page import Facts
from backchannel.web.sessions import Session

_CHANNEL = re.compile(r"(?:/files)?/c/(\d{1,9})/")
SHOWN = 12
"""What is longer is shown, should its form be gone."""


class Typed(msgspec.Struct, frozen=True):
    """What the script sends. `number`: that of the form in which it is typed."""

    page: str
    target: str
    buttons: tuple[str, ...]
    about: Fields
    fields: Fields
    number: str


def keep(desk: Desk, session: Session, raw: str) -> bool:
    """Keep a draft, unless the form was sent meanwhile."""
    try:
        typed = msgspec.json.decode(raw, type=Typed)
    except (msgspec.DecodeError, UnicodeError):
        return False
    draft = Draft(typed.page, typed.target, typed.buttons, typed.about, typed.fields)
    with session.turn:  # a form that is being done may wait for a relay: what is typed does not wait for that
        sent = typed.number in session.done or typed.number in session.doing
        return not sent and desk.drafts.keep(draft, _channel(desk, typed.page))


def _channel(desk: Desk, page: str) -> int | None:
    return _number(page) if _number(page) in {one.session.book.c for one in desk.channels()} else None


def _number(page: str) -> int | None:
    found = _CHANNEL.match(page)
    return int(found[1]) if found is not None else None


def offered(desk: Desk, page: str) -> list[Facts]:
    """The drafts of a page: for the script, which puts them into their forms, and to be read if a form is gone."""
    return [
        {
            "at": stamp(one.at),
            "words": [value for name, value in one.fields if len(value) > SHOWN and not name.startswith("_")],
            "data": json.dumps(_data(one), ensure_ascii=False),
        }
        for one in desk.drafts.of(page)
    ]


def waiting(desk: Desk) -> list[Facts]:
    """Where something lies that was typed and not sent, newest first."""
    titles: dict[int | None, str] = {one.session.book.c: one.state.title for one in desk.channels()}
    newest = {one.place: one for one in reversed(desk.drafts.all()) if own(one.place) == one.place}
    return [
        {"place": place, "title": titles.get(_number(place), ""), "at": stamp(one.at)}
        for place, one in reversed(newest.items())
    ]


def _data(one: Draft) -> dict[str, Any]:
    return {"buttons": one.buttons, "about": one.about, "fields": one.fields}
