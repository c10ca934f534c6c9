"""The app: the table of pages behind the guard, and the way from a request to an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from backchannel.errors import BackchannelError, Misuse, VaultError
from backchannel.web import drafting, entrance, forms, news
from backchannel.web import page as pages
from backchannel.web.answers import Answer, Sure, anew, kept
from backchannel.web.entrance import House
from backchannel.web.guard import Guard, session_of
from backchannel.web.keeper import Keeper, Locked
from backchannel.web.page import SHOWN, Answered, Ask, Do, Facts, Filled, Form, Page
from backchannel.web.sessions import Sessions


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
        """`door`: pages that are there while the desk is absent or locked."""
        self.house, self._frame = House(keeper, sessions, cookie), frame
        routes: list[Any] = [
            *entrance.routes(self.house),
            *news.routes(self.house),
            Mount("/static", StaticFiles(packages=[("backchannel.web", "static")])),
            *(self._route(one, self._answer) for one in door),
            *(self._route(one, self._open) for one in table),
        ]
        starlette = Starlette(routes=routes, exception_handlers={404: self.unknown, Exception: self.fault})
        self.asgi: ASGIApp = Guard(starlette, host, cookie, sessions)

    def _route(self, one: Page, answer: Callable[[Page, Request, Form | None], Response]) -> Route:
        async def answered(request: Request) -> Response:
            try:
                form = await forms.sent(request, self.house.keeper)
                return await run_in_threadpool(answer, one, request, form)
            finally:
                await request.close()  # files that came with it

        return Route(one.path, answered, methods=["GET", "POST"])

    def _open(self, one: Page, request: Request, form: Form | None) -> Response:
        keeper = self.house.keeper
        try:
            with keeper.desk() as desk:
                answer = self._answer(one, request, form, desk)
            if keeper.state == "open":
                return answer
        except Locked:
            pass
        except Exception:
            if keeper.state == "open":  # else it was closed while this was made
                raise
        return self._locked(request, form)

    def _locked(self, request: Request, form: Form | None) -> Response:
        """The way back in; what was typed is carried along, so that nothing of it is lost."""
        session, keeper = forms.session(request), self.house.keeper
        if form is None:
            facts = {"state": keeper.state, "back": _asked(request), "carried": session.carried is not None}
            return self.house.show(request, "unlock.html", facts, 200, session)
        if form["_number"] in session.done:  # it was done before the lock
            return RedirectResponse("/", 303)
        if pages.genuine(session, form) and not form["_answer"]:  # a yes holds no words, and none that came before go
            session.carried = keeper.sealed(request.url.path, kept(form.held()))
        return RedirectResponse(request.url.path, 303)

    def _answer(self, one: Page, request: Request, form: Form | None, desk: Any = None) -> Response:
        session, keeper, said = forms.session(request), self.house.keeper, self.house.words(request)
        if form is not None or request.headers.get("sec-fetch-user") == "?1":
            keeper.touch()  # a hand, and not a page that fetches or refreshes itself
        ask = Ask(request, session, keeper, desk, said)
        if form is None:
            return self._looked(one, ask)
        held = Answer(session, request.url.path, form["_number"], form.held(), {})
        if not pages.genuine(session, form):
            return self._held(ask, held._replace(facts={"problem": _STALE}, status=403))
        if form["_answer"]:
            asked = keeper.answers.get(session, held.place, form["_answer"])
            if asked is None or asked.question is None:
                return self._held(ask, held._replace(facts={"problem": _OVER}, status=403))
            held = asked._replace(facts={}, question=None)
            form = Form(FormData([*asked.fields]), confirmed=asked.question)
        do = one.acts.get(form["do"]) if not form["_again"] else None
        if do is None:
            return self._held(ask, held._replace(status=400 if form["do"] and not form["_again"] else 200))
        try:
            if form.trouble is not None:
                raise form.trouble
            return pages.once(session, held.number, lambda: _done(do, ask, form))
        except Sure as question:  # one that has changed is about what there is now
            fields = [one for one in held.fields if one[0] not in SHOWN] if question.changed else held.fields
            return self._held(ask, held._replace(fields=fields, question=question))
        except Filled as read:
            return self._held(ask, held._replace(fields=read.fields, facts={"remarks": read.remarks}))
        except Answered as answer:
            return self._held(ask, held._replace(facts=answer.facts))
        except Locked:
            raise
        except BackchannelError as problem:
            fields = anew(held.fields) if problem.code == "changed" else held.fields
            return self._held(ask, held._replace(fields=fields, facts={"problem": problem}, status=400))

    def _held(self, ask: Ask, answer: Answer) -> Response:
        """The way to an answer that is no address."""
        before = [(name, value) for name, value in ask.request.query_params.multi_items() if name not in _OURS]
        query = urlencode([*before, ("answer", ask.keeper.answers.put(answer))])
        if ask.desk is not None and ask.keeper.state != "open":
            ask.keeper.answers.clear()  # it was locked while this was made
        return RedirectResponse(f"{answer.place}?{query}", 303)

    def _looked(self, one: Page, ask: Ask) -> Response:
        """A page, or what a form on it was answered with."""
        answer = ask.keeper.answers.get(ask.session, ask.request.url.path, ask.query("answer"))
        if answer is None:
            drafts = drafting.offered(ask.desk, ask.request.url.path) if ask.desk is not None else []
            return self._shown(one, ask, {"drafts": drafts})
        if answer.question is not None and not ask.query("again"):
            now = one.look(ask) if (seen := dict(answer.fields).get("_seen")) else {}
            if isinstance(now, dict) and now.get("seen", seen) != seen:  # what it asks about has gone, or is another
                return self._shown(one, ask, {"problem": _CHANGED, "typed": anew(answer.fields)}, 400)
            facts = {"sure": answer.question, "answer": ask.query("answer"), "back": answer.place}
            return self._rendered("sure.html", ask, facts)
        told = {name: said(ask) if callable(said) else said for name, said in answer.facts.items()}
        return self._shown(one, ask, {**told, "typed": answer.fields}, answer.status)

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
        around = self._frame(ask) if ask.desk is not None else {"state": self.house.keeper.state}
        facts = {"version": self.house.keeper.version, "path": ask.request.url.path, **around, **facts}
        return self.house.show(ask.request, template, facts, status, ask.session)

    # --- what goes wrong

    async def unknown(self, request: Request, error: Exception) -> Response:
        """No such page."""
        problem = Misuse("page", "There is no such page.", "Choose from the list.")
        facts = {"problem": problem, "state": self.house.keeper.state}
        return self.house.show(request, "lost.html", facts, 404, session_of(request.scope))

    async def fault(self, request: Request, error: Exception) -> Response:
        """A fault of ours: no page shows what it was, for it may hold what nobody is to see.

        What the vault says of itself holds nothing of that; and no other page can say it, for all need the vault.
        """
        problem = error if isinstance(error, VaultError) else _FAULT
        facts = {"problem": problem, "state": self.house.keeper.state}
        return self.house.show(request, "lost.html", facts, 500, session_of(request.scope))


_FAULT = Misuse("fault", "Something went wrong in this program.", "Look whether it was done, then try again.", "")
_OURS = ("answer", "again")
_CHANGED = Misuse("changed", "What this is about has changed, or is gone.", "Read it as it stands now.")
_OVER = Misuse("stale", "This question is over: it was asked before, or the desk was locked.", "Begin again.")
_STALE = Misuse("stale", "This form is older than this session.", "Look at it again, and send it once more.")


def _done(do: Do, ask: Ask, form: Form) -> str | Response:
    """Do what a form asks; then what was kept of it while it was typed is destroyed."""
    place = do(ask, form)
    if ask.desk is not None and isinstance(place, str):
        ask.desk.drafts.sent(ask.request.url.path, form["do"], list(form.typed()))
    return place


def _asked(request: Request) -> str:
    """The page that was asked for, with the numbers behind the question mark."""
    return request.url.path + (f"?{request.url.query}" if request.method == "GET" and request.url.query else "")
