"""Templates: escaped, strict, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from backchannel.web.pieces import first, in_pieces
from backchannel.web.sessions import Session, Sessions
from backchannel.web.words import LANGUAGES, Words

_ENVIRONMENT = Environment(
    loader=PackageLoader("backchannel.web", "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.do"],
)


class Typed(dict[str, str]):
    """What was typed before; a field that was not is empty."""

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self.fields = list(fields)
        super().__init__(self.fields)

    def __missing__(self, key: str) -> str:
        return ""

    def all(self, name: str) -> list[str]:
        """Everything of a field that can be there more than once."""
        return [value for field, value in self.fields if field == name]

    def of(self, *buttons: str) -> Typed:
        """The same if it was typed into the form of one of these buttons; nothing otherwise."""
        return self if self["do"] in buttons else Typed()


def render(template: str, words: Words, sessions: Sessions, session: Session | None, facts: dict[str, Any]) -> str:
    """A page's text."""
    return _ENVIRONMENT.get_template(template).render(
        {
            "problem": None,
            "kept": False,
            "state": "",
            "seen": "",
            "here": None,
            "sure": None,
            "drafts": [],
            "path": "/",
            **facts,
            "typed": Typed(facts.get("typed", ())),
            "beginning": first,
            "_": words.say,
            "count": words.count,
            "when": words.when,
            "day": words.day,
            "ago": words.ago,
            "names": words.names,
            "told": words.told,
            "trouble": words.problem,
            "language": words.language,
            "direction": words.direction,
            "languages": LANGUAGES,
            "form_token": session.form if session is not None else "",
            "form_number": sessions.form_number,
        }
    )


def page(
    template: str, words: Words, sessions: Sessions, session: Session | None, facts: dict[str, Any], status: int = 200
) -> HTMLResponse:
    """A page as an answer."""
    return HTMLResponse(in_pieces(render(template, words, sessions, session, facts)), status)
