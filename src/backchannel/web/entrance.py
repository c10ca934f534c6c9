"""What is there beside the pages: one-time links, the panic lock, the language, drafts (spec/web.md, 2 and 4)."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from backchannel.web import drafting, forms
from backchannel.web.door import own
from backchannel.web.keeper import Keeper, Locked
from backchannel.web.page import Facts, Form
from backchannel.web.render import page as rendered
from backchannel.web.sessions import Session, Sessions
from backchannel.web.words import LANGUAGES, Words, negotiated, words


class House(NamedTuple):
    """Where requests come in: the desk's keeper, who has a session here, and the name of their cookie."""

    keeper: Keeper
    sessions: Sessions
    cookie: str

    def words(self, request: Request) -> Words:
        """The language of whoever asks: as it was chosen, else as their browser has it."""
        chosen = request.cookies.get(self._language) or self.keeper.language
        return words(negotiated(chosen, request.headers.get("accept-language", "")))

    def show(
        self, request: Request, template: str, facts: Facts, status: int = 200, session: Session | None = None
    ) -> Response:
        """A page, in the language of whoever asks; with forms if they have a session."""
        return rendered(template, self.words(request), self.sessions, session, facts, status)

    def remember(self, answer: Response, session: str) -> Response:
        """An answer that makes a browser one of this session."""
        answer.set_cookie(self.cookie, session, httponly=True, samesite="strict", path="/")
        return answer

    def remember_language(self, answer: Response, language: str) -> Response:
        """An answer that makes a browser remember the language that was chosen."""
        answer.set_cookie(self._language, language, httponly=True, samesite="strict", path="/")
        return answer

    @property
    def _language(self) -> str:
        return f"{self.cookie}-language"


async def outside(house: House, request: Request) -> Response:
    """For who has no session: how to come in."""
    return house.show(request, "outside.html", {}, 401)


async def enter(house: House, request: Request) -> Response:
    """A one-time link."""
    session = house.sessions.enter(request.query_params.get("t", ""))
    if session is None:
        return await outside(house, request)
    # Whoever comes by another page's link is sent on by a page of ours: else no cookie would go along.
    elsewhere = request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
    answer: Response = RedirectResponse("/", 303)
    if elsewhere:
        answer = house.show(request, "entered.html", {})
    return house.remember(answer, session)


async def lock(house: House, request: Request) -> Response:
    """The panic lock: it asks for nothing but a genuine form."""
    await forms.small(request)
    session = forms.session(request)
    session.carried = None
    await run_in_threadpool(house.keeper.lock)
    return house.remember(RedirectResponse("/", 303), house.sessions.alone(session))


async def language(house: House, request: Request) -> Response:
    """The language that is chosen: for this browser, and for this desk if it is open."""
    form = await forms.small(request)
    answer = RedirectResponse(own(form["back"]), 303)
    if form["language"] not in LANGUAGES:
        return answer
    await run_in_threadpool(house.keeper.set_language, form["language"])
    return house.remember_language(answer, form["language"])


async def draft(house: House, request: Request) -> Response:
    """What is typed, from the script; or throw it away."""
    form = await forms.small(request)
    return await run_in_threadpool(_draft, house.keeper, forms.session(request), form)


def _draft(keeper: Keeper, session: Session, form: Form) -> Response:
    try:
        with keeper.desk() as desk:
            keeper.touch()
            if form["do"] == "discard":
                desk.drafts.discard(form["page"])
                return RedirectResponse(own(form["page"]), 303)
            return PlainTextResponse("", 204 if drafting.keep(desk, session, form) else 409)
    except Locked as problem:
        return PlainTextResponse(f"{problem.what}\n", 423)


def routes(house: House) -> list[Route]:
    """Their addresses."""
    looked = [Route("/outside", partial(outside, house)), Route("/enter", partial(enter, house))]
    done = {"/lock": lock, "/language": language, "/draft": draft}
    return looked + [Route(path, partial(do, house), methods=["POST"]) for path, do in done.items()]
