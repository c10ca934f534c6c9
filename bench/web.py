"""The desk in a browser: pages of a long channel, news as they come, the first page, what an idle desk holds."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.desk.known import Known
from backchannel.web.app import App
from backchannel.web.door import DOOR
from backchannel.web.keeper import Keeper
from backchannel.web.serve import running
from backchannel.web.sessions import Sessions
from backchannel.web.table import TABLE, frame
from bench import Row, _long, bench
from bench.desk import PASSPHRASE, _fill, two_desks

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

ENTRIES = 20_000
HOST = "127.77.1.2:4444"
KINDS = {
    "disclosure/{n": "disclosure",
    "proposals/{n": "nonpaper",
    "soundings/{n": "sounding",
    "text/{n": "text",
    "understandings/{n": "understanding",
    "steps/{n": "step",
}
"""What the number in an address is of."""
NOT = ("", "problem.html")
FILES = ("/code/{n:int}", "record/archive", "record/sheet", "settings/backup")
LATER = {"": "", "text/{n:int}": "?from=950", "steps/{n:int}": "?from=2950", "stand": "?from=950", "redline": "?old=0"}
"""By how an address ends: the same page, further on."""


def _places(channel: Channel) -> list[str]:
    """All pages: of the first item of its kind and of the last, from the beginning and further on."""
    found = []
    for page in TABLE:
        if page.template in NOT or page.path.startswith("/files/") or page.path.endswith(FILES):
            continue
        kind = next((kind for part, kind in KINDS.items() if part in page.path), "note")
        held = channel.items(kind)
        for n in {held[0].position, held[-1].position} if "{n" in page.path else {0}:
            ends = {"c": channel.session.book.c, "n": n, "p": 3, "k": 1, "v": 5}
            place = re.sub(r"\{(\w+)(?::\w+)?\}", lambda part, ends=ends: str(ends[part[1]]), page.path)
            found += [place + more for end, more in LATER.items() if not end or page.path.endswith(end)]
    return found


class Visitor:
    """A browser at a desk, asking for pages. Nothing follows the relay meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.keeper = Keeper(folder, {})
        self.keeper.follow = lambda: None  # type: ignore[method-assign]
        self.keeper.unlock(PASSPHRASE)
        sessions = Sessions(os.urandom)
        app = App(self.keeper, sessions, HOST, "backchannel-4444", TABLE, DOOR, frame)
        self.client = TestClient(app.asgi, base_url=f"http://{HOST}")
        self.client.get(f"/enter?t={sessions.link()}")

    def forget(self) -> None:
        """As if nothing had been looked at before."""
        with self.keeper.desk() as desk:
            for channel in desk.channels():
                channel.session.known = Known()
                channel.session.book.items._long = []

    def get(self, place: str) -> tuple[float, bytes] | None:
        """A page, and how many milliseconds it took; None if there is no such page of this item."""
        start = time.perf_counter()
        answer = self.client.get(place)
        taken = (time.perf_counter() - start) * 1e3
        return (taken, answer.content) if answer.status_code == 200 else None


@bench("web.page")
def page() -> list[Row]:
    """Every page of a channel with 20,000 entries and long matters of all kinds: the slowest on the server, the
    largest; and the slowest where nothing was looked at before."""
    with _long.table() as (folder, seats):
        _long.fill(seats)
        _fill(seats[1], ENTRIES)
        seats[0].sync()
        visitor, shown = Visitor(folder / "a"), set[str]()
        slowest, first, largest = (0.0, ""), (0.0, ""), (0, "")
        for place in _places(seats[0]):
            fresh, again = [], []
            for _ in range(5):
                visitor.forget()
                fresh.append(visitor.get(place))
                again.append(visitor.get(place))
            if fresh[0] is None:
                continue
            shown.add(re.sub(r"\d+", "", place))
            new, old = (statistics.median(one[0] for one in some if one is not None) for some in (fresh, again))
            slowest, first = max(slowest, (old, place)), max(first, (new, place))
            largest = max(largest, (len(fresh[0][1]), place))
            if os.environ.get("WEB_PAGES"):
                print(f"{old:7.1f} ms {new:7.1f} ms first {len(fresh[0][1]) / 1e3:6.1f} KB  {place}")
        visitor.keeper.lock()
    return [
        Row("web.page.ms", slowest[0], "ms", f"at most ({slowest[1]})", 100.0),
        Row("web.page.first", first[0], "ms", f"at most ({first[1]})", 100.0),
        Row("web.page.size", largest[0] / 1e3, "KB", f"at most ({largest[1]})", 100.0),
        Row("web.page.count", len(shown), "pages"),
    ]


@bench("web.live")
def live() -> list[Row]:
    """From the sending of a note on another desk, its way to the relay included, to the event in a browser's stream."""
    with two_desks() as (folder, _, b), running(folder / "a", {}) as desk:
        desk.keeper.unlock(PASSPHRASE)
        heard: list[float] = []
        over = threading.Event()
        with httpx.Client(follow_redirects=True, timeout=30) as client:
            client.get(desk.link())

            def listen() -> None:
                with suppress(httpx.TransportError), client.stream("GET", f"http://{desk.host}/live") as stream:
                    for line in stream.iter_lines():
                        if line.startswith("data:"):
                            heard.append(time.monotonic())
                        if over.is_set():
                            return

            listener = threading.Thread(target=listen, daemon=True)
            listener.start()
            time.sleep(2)
            taken = []
            for number in range(20):
                before = len(heard)
                sent = time.monotonic()
                b.send_note(f"{number}")
                b.sync()
                while len(heard) == before and time.monotonic() - sent < 5:
                    time.sleep(0.002)
                taken.append(max(0.0, heard[before] - sent) * 1e3 if len(heard) > before else 5e3)
                time.sleep(0.1)
            over.set()
            b.send_note("the last")
            b.sync()
            listener.join(5)
    return [Row("web.live", max(taken), "ms", "at most", 300.0)]


@contextmanager
def _command(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`backchannel desk open` as people start it; its link."""
    command = [
        str(Path(sys.executable).with_name("backchannel")),
        "--desk",
        str(folder),
        "desk",
        "open",
        "--no-browser",
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, text=True) as program:
        assert program.stdout is not None
        yield program, next(line.strip() for line in program.stdout if "/enter?t=" in line)
        program.terminate()


@bench("web.first")
def first() -> list[Row]:
    """From the command to the first page in the browser; the median of five."""
    with tempfile.TemporaryDirectory() as name:
        Desk.create(Path(name) / "desk", PASSPHRASE).close()
        taken = []
        for _ in range(5):
            start = time.monotonic()
            with _command(Path(name) / "desk") as (_, link), httpx.Client(follow_redirects=True) as client:
                assert "unlock" in client.get(link).text
                taken.append(time.monotonic() - start)
    return [Row("web.first", statistics.median(taken), "s", "at most", 2.0)]


@bench("web.memory")
def memory() -> list[Row]:
    """A desk that is open and idle, in step with its relay, after a few pages."""
    with two_desks() as (folder, a, _):
        a.client.close()
        with _command(folder / "a") as (program, link), httpx.Client(follow_redirects=True, timeout=30) as client:
            door = client.get(link)
            home = link.partition("/enter")[0]
            fields: dict[str, Any] = dict(re.findall(r'name="(_form|_number)" value="([0-9a-f]+)"', door.text))
            fields |= {"do": "unlock", "passphrase": PASSPHRASE, "back": "/"}
            headers = {"origin": home}
            assert 'data-state="open"' in client.post(f"{home}/unlock", data=fields, headers=headers).text
            for tab in ("talk", "proposals", "soundings", "text", "steps", "seats", "record"):
                assert client.get(f"{home}/c/1/{tab}").status_code == 200
            time.sleep(3)
            status = Path(f"/proc/{program.pid}/status").read_text()
    held = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]
    return [Row("web.memory", held, "MB", "at most", 150.0)]
