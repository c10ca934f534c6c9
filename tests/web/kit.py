"""Desks of a world behind their pages, asked without a browser."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backchannel.desk.channel import Channel
from backchannel.web.app import App
from backchannel.web.door import DOOR
from backchannel.web.jobs import Job
from backchannel.web.keeper import Keeper
from backchannel.web.sessions import Sessions
from backchannel.web.table import TABLE, frame
from tests.desk.conftest import CHEAP
from tests.desk.world import PHRASE, Dice, World, WorldDesk

with warnings.catch_warnings():  # it would rather have another client, that does the same
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

HOST = "127.77.1.2:4444"
COOKIE = "backchannel-4444"
OURS = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}
FORM = re.compile(r'name="_form" value="([0-9a-f]{64})"')
ANSWER = re.compile(r"[?&]answer=[0-9a-f]{32}")
ASKED = re.compile(r'name="_answer" value="([0-9a-f]{32})"')
NUMBER = re.compile(r'name="_number" value="([0-9a-f]{32})"')


class StillKeeper(Keeper):
    """A keeper of a world's desk: nothing follows a relay by itself, so that tests say what happens when."""

    def __init__(self, folder: Path, options: dict[str, Any], **more: Any) -> None:
        super().__init__(folder, options, **more)
        self.follows = False

    def create(self, passphrase: str) -> None:
        self._take(WorldDesk.create(self.folder, passphrase, cost=CHEAP, **self._options))

    def unlock(self, passphrase: str) -> None:
        self._take(WorldDesk.open(self.folder, passphrase, **self._options))

    def follow(self) -> None:
        if self.follows:
            super().follow()


class SameKeeper(StillKeeper):
    """One that has the very desk of a world; when it is locked, the world opens that desk anew."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world.folder / name, world.options(name))
        self._world, self._name = world, name

    def unlock(self, passphrase: str) -> None:
        assert passphrase == PHRASE
        self._take(self._world.desks[self._name])

    def lock(self) -> None:
        super().lock()
        if self._name in self._world.desks:
            self._world.start(self._name)


class Client(TestClient):
    """One that goes on to what a form was answered with, and to nothing else by itself."""

    def post(self, *args: Any, **more: Any) -> Any:
        answer = super().post(*args, **more)
        assert answer.status_code != 200 or "attachment" in answer.headers.get("content-disposition", "")
        led = answer.headers.get("location", "")
        return self.get(led) if ANSWER.search(led) else answer


class Browser:
    """One browser at one desk."""

    def __init__(self, keeper: Keeper, *, host: str = HOST, cookie: str = COOKIE) -> None:
        self.keeper, self.sessions = keeper, Sessions(Dice("web"))
        self.app = App(keeper, self.sessions, host, cookie, TABLE, DOOR, frame)
        self.host = host
        self.client = Client(self.app.asgi, base_url=f"http://{host}", follow_redirects=False)
        self.client.headers["accept-language"] = "en"

    def enter(self) -> Browser:
        """Come in by a link."""
        answer = self.client.get(f"/enter?t={self.sessions.link()}")
        assert answer.status_code == 303, answer.text
        return self

    def get(self, place: str, status: int = 200) -> str:
        """A page."""
        answer = self.client.get(place)
        assert answer.status_code == status, (answer.status_code, answer.text[:2000])
        return str(answer.text)

    def hidden(self, place: str) -> dict[str, str]:
        """The hidden fields that every form of a page has."""
        text = self.client.get(place).text
        form, number = FORM.search(text), NUMBER.search(text)
        assert form is not None and number is not None  # noqa: PT018
        return {"_form": form[1], "_number": number[1]}

    def post(self, place: str, data: dict[str, Any], *, at: str = "", **more: Any) -> Any:
        """Send a form of the page `place` (or `at` another address), as a browser would."""
        fields = {**self.hidden(place), **data}
        headers = {**OURS, "origin": f"http://{self.host}"}
        return self.client.post(at or place.partition("?")[0], data=fields, headers=headers, **more)

    def yes(self, asked: Any) -> Any:
        """Say yes, if something is asked."""
        found = ASKED.search(asked.text) if asked.status_code == 200 else None
        return asked if found is None else self.post(asked.url.path, {"_answer": found[1]})

    def do(self, place: str, do: str, **data: Any) -> str:
        """Press a button, say yes if one is asked, and give the page where that leads."""
        answer = self.post(place, {"do": do, **data})
        answer = self.yes(answer)
        assert answer.status_code == 303, (answer.status_code, answer.text[:3000])
        return self.get(answer.headers["location"].partition("#")[0])


@contextmanager
def browsing(world: World, name: str, *, same: bool = False) -> Iterator[Browser]:
    """A browser at a desk of a world: that is opened a second time, as a second program on it, unless it is the `same`.

    (So most tests see what two programs on one desk do to each other.)
    """
    keeper = SameKeeper(world, name) if same else StillKeeper(world.folder / name, world.options(name))
    keeper.unlock(PHRASE)
    try:
        yield Browser(keeper).enter()
    finally:
        StillKeeper.lock(keeper)


def synced(browser: Browser, world: World) -> Channel:
    """The channel as the browser's desk has it, when all that was said has come."""
    world.settle()
    with browser.keeper.desk() as desk:
        channel = desk.channels()[0]
        channel.sync()
        return channel


def worked(browser: Browser, name: str) -> Job:
    """A piece of long work, when it has ended."""
    for _ in range(900):
        job = browser.keeper.jobs.get(name)
        if job is not None and job.state != "running":
            return job
        time.sleep(0.02)
    raise AssertionError("it does not end")
