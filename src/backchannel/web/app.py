"""The app: the table of pages behind the guard, and the way from a request to an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from backchannel.errors import BackchannelError, Misuse
from backchannel.web import drafting, uploads
from backchannel.web import page as pages
from backchannel.web.door import own
from backchannel.web.guard import MOST_FORM, MOST_PAPER, Guard, session_of
from backchannel.web.keeper import Keeper, Locked
from backchannel.web.page import Answered, Ask, Do, Facts, Filled, Form, Page, Sure
from backchannel.web.render import page as rendered
from backchannel.web.sessions import Session, Sessions
from backchannel.web.words import LANGUAGES, Words, negotiated, words

MOST_STREAMS = 64
LIVE_SECONDS = 20.0
"""How often a stream says that it is there."""
MOST_FILES = 64
MOST_FIELDS = 5_000

MultiPartParser.spool_max_size = MOST_PAPER
"""Files that come with a form stay in memory: beyond this they would be written to a temporary file in the clear."""


class App:
    """One desk's app. `table`: all pages; `frame(ask, facts)`: what stands around each, made from the open desk."""

    def __init__(
        self,
        keeper: Keeper,
        sessions: Sessions,
        host: str,
        cookie: str,
        table: Sequence[Page],
        door: Sequence[Page],
        frame: Callable[[Ask], Facts],
    ) -> None:
        self.keeper, self.sessions, self._cookie, self._frame = keeper, sessions, cookie, frame
        self._streams = CapacityLimiter(MOST_STREAMS)
        routes: list[Any] = [
            Route("/outside", self.outside),
            Route("/enter", self.enter),
            Route("/live", self.live),
            Route("/lock", self.lock, methods=["POST"]),
            Route("/language", self.language, methods=["POST"]),
            Route("/draft", self.draft, methods=["POST"]),
            Route("/strip", self.strip),
            Mount("/static", StaticFiles(packages=[("backchannel.web", "static")])),
        ]
        routes += [Route(one.path, self._door(one), methods=["GET", "POST"]) for one in door]
        routes += [Route(one.path, self._page(one), methods=["GET", "POST"]) for one in table]
        starlette = Starlette(routes=routes, exception_handlers={404: self.unknown, Exception: self.fault})
        self.asgi: ASGIApp = Guard(starlette, host, cookie, sessions)

    # --- the door

    async def outside(self, request: Request) -> Response:
        """For who has no session: how to come in."""
        return rendered("outside.html", self._words(request), self.sessions, None, {}, 401)

    async def enter(self, request: Request) -> Response:
        """A one-time link."""
        cookie = self.sessions.enter(request.query_params.get("t", ""))
        if cookie is None:
            return await self.outside(request)
        # Whoever comes by another page's link is sent on by a page of ours: else no cookie would go along.
        elsewhere = request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
        answer: Response = RedirectResponse("/", 303)
        if elsewhere:
            answer = rendered("entered.html", self._words(request), self.sessions, None, {})
        return self._remembered(answer, cookie)

    def _remembered(self, answer: Response, cookie: str) -> Response:
        answer.set_cookie(self._cookie, cookie, httponly=True, samesite="strict", path="/")
        return answer

    async def lock(self, request: Request) -> Response:
        """The panic lock: it asks for nothing but a genuine form."""
        session = _session(request)
        if not pages.genuine(session, Form(await request.form())):
            return PlainTextResponse("This form is not one of this session.\n", 403)
        session.carried = None
        await run_in_threadpool(self.keeper.lock)
        return self._remembered(RedirectResponse("/", 303), self.sessions.alone(session))

    async def language(self, request: Request) -> Response:
        """The language that is chosen: for this browser, and for this desk if it is open."""
        form = Form(await request.form())
        if not pages.genuine(_session(request), form):
            return PlainTextResponse("This form is not one of this session.\n", 403)
        answer = RedirectResponse(own(form["back"]), 303)
        if form["language"] in LANGUAGES:
            await run_in_threadpool(self.keeper.set_language, form["language"])
            answer.set_cookie(f"{self._cookie}-language", form["language"], httponly=True, samesite="strict", path="/")
        return answer

    async def draft(self, request: Request) -> Response:
        """What is typed, from the script; or throw it away."""
        session, form = _session(request), Form(await request.form(max_fields=MOST_FIELDS))
        if not pages.genuine(session, form):
            return PlainTextResponse("This form is not one of this session.\n", 403)
        return await run_in_threadpool(self._draft, session, form)

    def _draft(self, session: Session, form: Form) -> Response:
        try:
            with self.keeper.desk() as desk:
                self.keeper.touch()
                if form["do"] == "discard":
                    desk.drafts.discard(form["page"])
                    return RedirectResponse(own(form["page"]), 303)
                return PlainTextResponse("", 204 if drafting.keep(desk, session, form) else 409)
        except Locked as problem:
            return PlainTextResponse(f"{problem.what}\n", 423)

    # --- news

    async def live(self, request: Request) -> Response:
        """A stream that says, by a number, that something is new."""

        async def news() -> AsyncIterator[str]:
            seen = self.keeper.version
            yield f"retry: 1000\ndata: {seen}\n\n"
            while not await request.is_disconnected():
                # streams wait in threads of their own: pages must not wait for them
                now = await to_thread.run_sync(self.keeper.wait, seen, LIVE_SECONDS, limiter=self._streams)
                yield f"data: {now}\n\n" if now != seen else ": still here\n\n"
                seen = now

        return StreamingResponse(news(), media_type="text/event-stream")

    async def strip(self, request: Request) -> Response:
        """The status strip, where no scripts run: it refreshes itself, and says whether the page is old."""
        fresh = request.query_params.get("seen", "") == str(self.keeper.version)
        facts = {"state": self.keeper.state, "fresh": fresh, "at": own(request.query_params.get("at", "/"))}
        return rendered("strip.html", self._words(request), self.sessions, None, facts)

    # --- pages

    def _door(self, one: Page) -> Callable[[Request], Any]:
        """A page that is there while the desk is absent or locked."""

        async def answer(request: Request) -> Response:
            return await run_in_threadpool(self._answer, one, request, await _form(request, self.keeper), None)

        return answer

    def _page(self, one: Page) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            try:
                form = await _form(request, self.keeper)
                return await run_in_threadpool(self._open, one, request, form)
            finally:
                await request.close()  # files that came with it

        return answer

    def _open(self, one: Page, request: Request, form: Form | None) -> Response:
        try:
            with self.keeper.desk() as desk:
                return self._answer(one, request, form, desk)
        except Locked:
            return self._locked(request, form)

    def _locked(self, request: Request, form: Form | None) -> Response:
        """The way back in; what was typed is carried along, so that nothing of it is lost."""
        session = _session(request)
        if form is not None and form["_number"] in session.done:  # it was done before the lock
            return RedirectResponse("/", 303)
        if form is not None and pages.genuine(session, form):
            session.carried = request.url.path, [(name, text) for name, text in form.typed() if "phrase" not in name]
        facts = {"state": self.keeper.state, "back": _asked(request), "carried": session.carried}
        return rendered("unlock.html", self._words(request), self.sessions, session, facts, 423 if form else 200)

    def _answer(self, one: Page, request: Request, form: Form | None, desk: Any) -> Response:
        session, said = _session(request), self._words(request)
        if form is not None or request.headers.get("sec-fetch-dest") != "empty":
            self.keeper.touch()  # a hand, and not a page that fetches itself
        ask = Ask(request, session, self.keeper, desk, said)
        if form is None:
            drafts = drafting.offered(desk, request.url.path) if desk is not None else []
            return self._shown(one, ask, {"drafts": drafts})
        if not pages.genuine(session, form):
            return self._shown(one, ask, {"problem": _STALE, "typed": list(form.typed())}, 403)
        do = one.acts.get(form["do"]) if not form["_again"] else None
        if do is None:
            return self._shown(
                one, ask, {"typed": list(form.typed())}, 400 if form["do"] and not form["_again"] else 200
            )
        try:
            if form.trouble is not None:
                raise form.trouble
            return pages.once(session, form["_number"], lambda: _done(do, ask, form))
        except Sure as question:
            facts = {"sure": question, "carried": list(form.typed()), "back": request.url.path}
            return self._rendered("sure.html", ask, facts)
        except Filled as read:
            return self._shown(one, ask, {"typed": read.fields, "remarks": read.remarks})
        except Answered as answer:
            return self._shown(one, ask, {**answer.facts, "typed": list(form.typed())})
        except Locked:
            raise
        except BackchannelError as problem:
            return self._shown(one, ask, {"problem": problem, "typed": list(form.typed())}, 400)

    def _shown(self, one: Page, ask: Ask, more: Facts, status: int = 200) -> Response:
        try:
            shown = one.look(ask)
        except Locked:
            raise
        except BackchannelError as problem:
            return self._rendered("problem.html", ask, {"problem": problem}, 404)
        if isinstance(shown, Response):
            return shown
        return self._rendered(one.template, ask, {**shown, **more}, status)

    def _rendered(self, template: str, ask: Ask, facts: Facts, status: int = 200) -> Response:
        around = self._frame(ask) if ask.desk is not None else {"state": self.keeper.state}
        facts = {"version": self.keeper.version, "path": ask.request.url.path, **around, **facts}
        return rendered(template, ask.words, self.sessions, ask.session, facts, status)

    # --- what goes wrong

    async def unknown(self, request: Request, error: Exception) -> Response:
        """No such page."""
        facts = {"problem": Misuse("page", "There is no such page.", "Choose from the list.")}
        return rendered("lost.html", self._words(request), self.sessions, None, facts, 404)

    async def fault(self, request: Request, error: Exception) -> Response:
        """A fault of ours: no page shows what it was, for it may hold what nobody is to see."""
        facts = {
            "problem": Misuse(
                "fault", "Something went wrong in this program.", "Look whether it was done, then try again.", ""
            )
        }
        return rendered("lost.html", self._words(request), self.sessions, None, facts, 500)

    def _words(self, request: Request) -> Words:
        chosen = request.cookies.get(f"{self._cookie}-language") or self.keeper.language
        return words(negotiated(chosen, request.headers.get("accept-language", "")))


_STALE = Misuse("stale", "This form is older than this session.", "Look at it again, and send it once more.")


def _done(do: Do, ask: Ask, form: Form) -> str | Response:
    """Do what a form asks; then what was kept of it while it was typed is destroyed."""
    place = do(ask, form)
    if ask.desk is not None and isinstance(place, str):
        ask.desk.drafts.sent(ask.request.url.path, form["do"], list(form.typed()))
    return place


def _session(request: Request) -> Session:
    found = session_of(request.scope)
    assert found is not None  # noqa: S101 - the guard lets nobody else through
    return found


def _asked(request: Request) -> str:
    """The page that was asked for, with the numbers behind the question mark."""
    return request.url.path + (f"?{request.url.query}" if request.method == "GET" and request.url.query else "")


async def _form(request: Request, keeper: Keeper) -> Form | None:
    if request.method != "POST":
        return None
    boundary = uploads.parted(request)
    if boundary is not None:
        return await uploads.received(request, _session(request), keeper, boundary)
    return Form(await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=MOST_FORM))
