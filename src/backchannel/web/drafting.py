"""What is typed and not sent: kept by the script as it is typed, offered again on its page (spec/web.md, 4.2)."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from backchannel.desk.desk import Desk
from backchannel.desk.drafts import Draft, Fields
from backchannel.facts.saying import stamp
from backchannel.web.page import Facts, Form
from backchannel.web.sessions import Session

_CHANNEL = re.compile(r"(?:/files)?/c/(\d{1,9})/")
SHOWN = 12
"""What is longer is shown, should its form be gone."""


class Typed(msgspec.Struct, frozen=True):
    """What the script sends."""

    page: str
    target: str
    buttons: tuple[str, ...]
    about: Fields
    fields: Fields


def keep(desk: Desk, session: Session, form: Form) -> bool:
    """Keep a draft, unless the form was sent meanwhile."""
    try:
        typed = msgspec.json.decode(form["_draft"], type=Typed)
    except (msgspec.DecodeError, UnicodeError):
        return False
    draft = Draft(typed.page, typed.target, typed.buttons, typed.about, typed.fields)
    with session.turn:
        return form["_number"] not in session.done and desk.drafts.keep(draft, _channel(desk, typed.page))


def _channel(desk: Desk, page: str) -> int | None:
    found = _CHANNEL.match(page)
    known = {one.session.book.c for one in desk.channels()}
    return int(found[1]) if found is not None and int(found[1]) in known else None


def offered(desk: Desk, page: str) -> list[Facts]:
    """The drafts of a page: for the script, which puts them into their forms, and to be read if a form is gone."""
    return [
        {
            "at": stamp(one.at),
            "words": [value for _, value in one.fields if len(value) > SHOWN],
            "data": json.dumps(_data(one), ensure_ascii=False),
        }
        for one in desk.drafts.of(page)
    ]


def _data(one: Draft) -> dict[str, Any]:
    return {"buttons": one.buttons, "about": one.about, "fields": one.fields}
