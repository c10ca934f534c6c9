"""What is there beside the pages: one-time links, the panic lock, the language, drafts (spec/web.md, 2 and 4)."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import NamedTuple

from anyio import CapacityLimiter, move_on_after, to_thread
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from backchannel.errors import Misuse
from backchannel.web import drafting, forms
from backchannel.web.door import own
from backchannel.web.keeper import Keeper, Locked
from backchannel.web.page import Facts, Form
from backchannel.web.render import page as rendered
from backchannel.web.sessions import Session, Sessions
from backchannel.web.words import LANGUAGES, Words, negotiated, words

TYPED_SECONDS = 0.5
"""How long the panic lock waits until what is typed lies in the vault."""


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


REFUSED = {
    403: Misuse("stale", "This came from a page of before, and was not done.", "Open the page again."),
    413: Misuse("too-long", "This is too long, and was not done.", "Shorten it."),
}
"""Why a form was not even looked at."""


async def refused(house: House, request: Request) -> Response:
    """What a form is told that reached no page: by another, or its words would stand in the browser's history."""
    why = REFUSED.get(
        request.path_params["status"], Misuse("refused", "This could not be done.", "Open the page again.")
    )
    return house.show(request, "lost.html", {"problem": why}, 200, forms.session(request))


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


async def lock(house: House, urgent: CapacityLimiter, request: Request) -> Response:
    """The panic lock: whoever has a session may press it, on an old page too; it waits behind no other request."""
    form, session = await forms.small(request, genuine_=False), forms.session(request)
    with move_on_after(TYPED_SECONDS):
        typed = partial(_typed, house.keeper, session, form.all("_draft"))
        await to_thread.run_sync(typed, limiter=CapacityLimiter(1), abandon_on_cancel=True)
    await to_thread.run_sync(house.keeper.lock, limiter=urgent)
    return house.remember(RedirectResponse(own(form["back"]), 303), house.sessions.alone(session))


def _typed(keeper: Keeper, session: Session, drafts: list[str]) -> None:
    with suppress(Locked), keeper.desk() as desk:
        for one in drafts:
            drafting.keep(desk, session, one)


async def language(house: House, request: Request) -> Response:
    """The language that is chosen: for this browser, and for this desk if it is open."""
    form = await forms.small(request)
    answer = RedirectResponse(own(form["back"]), 303)
    if form["language"] not in LANGUAGES:
        return answer
    await run_in_threadpool(house.keeper.set_language, form["language"])
    return house.remember_language(answer, form["language"])


async def touch(house: House, request: Request) -> Response:
    """A hand on a page, from the script: reading is no request."""
    await forms.small(request)
    house.keeper.touch()
    return PlainTextResponse("", 204)


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
            return PlainTextResponse("", 204 if drafting.keep(desk, session, form["_draft"]) else 409)
    except Locked as problem:
        return PlainTextResponse(f"{problem.what}\n", 423)


def routes(house: House) -> list[Route]:
    """Their addresses."""
    looked = [
        Route("/refused/{status:int}", partial(refused, house)),
        Route("/outside", partial(outside, house)),
        Route("/enter", partial(enter, house)),
    ]
    done = {"/lock": partial(lock, house, CapacityLimiter(1)), "/language": partial(language, house)}
    done |= {"/draft": partial(draft, house), "/touch": partial(touch, house)}
    return looked + [Route(path, do, methods=["POST"]) for path, do in done.items()]
