"""Before the desk is open: made for the first time, unlocked, its language chosen (spec/web.md, 4)."""

from __future__ import annotations

import re

from backchannel.desk import carried
from backchannel.errors import Misuse
from backchannel.web.answers import Answer
from backchannel.web.page import Ask, Facts, Form, Page

_OWN = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""No other host's: browsers leave out tabs and line ends, and take one slash for the other."""


def _door(ask: Ask) -> Facts:
    return {"state": ask.keeper.state, "back": "/", "carried": ask.session.carried is not None}


def _create(ask: Ask, form: Form) -> str:
    if form["passphrase"] != form["again"]:
        raise Misuse("passphrase", "The two are not the same.", "Type the passphrase twice.", "Nothing was made.")
    ask.keeper.create(form["passphrase"])
    return "/"


def _unlock(ask: Ask, form: Form) -> str:
    ask.keeper.unlock(form["passphrase"])
    if ask.keeper.state != "open":  # it was locked while it was opened
        return own(form["back"])
    sealed, ask.session.carried = ask.session.carried, None
    with ask.keeper.desk() as desk:
        form_ = carried.opened(desk, sealed) if sealed is not None else None
    if form_ is None:
        return own(form["back"])
    answer = Answer(ask.session, form_.place, "", [*form_.fields], {"kept": True})
    return f"{form_.place}?answer={ask.keeper.answers.put(answer)}"


def own(place: str) -> str:
    """A place of ours, whatever a form says."""
    return place if _OWN.fullmatch(place) else "/"


DOOR = (
    Page("/new", "new.html", _door, {"create": _create}),
    Page("/unlock", "unlock.html", _door, {"unlock": _unlock}),
)
