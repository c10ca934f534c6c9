"""A house of real desks: a relay process, a server for each desk, and Chromium in front of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from backchannel.channel.charter import Terms
from backchannel.demo import relay
from backchannel.desk import disclosures, hats, mandates, nonpapers, soundings, steps, texts, understandings
from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.desk.plans.templates import template
from backchannel.web.serve import Open, running
from backchannel.web.table import TABLE
from tests.desk.conftest import CHEAP
from tests.desk.world import PHRASE

CHROMIUM = next(
    filter(Path.exists, map(Path, ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium"))), Path("chromium")
)
"""Debian's: the one without windows if it is there, which is the same engine at half the work."""
SHOTS = Path(__file__).parents[3] / "build" / "screens"
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>{{7*7}}'\"&lt;"
FILES = ("/code/{n:int}", "record/archive", "record/sheet", "settings/backup")
SEATS = {
    "ana": ("Carlos P.", "Argentina", "envoy"),
    "hernan": ("Hernán C.", "Chile", "envoy"),
    "sofia": ("Antonio S.", "Holy See", "intermediary"),
}
TERMS = Terms("Good offices", "Avoid war.", "envoy", "attributed", 30, "all", "all", "none")


@dataclass
class House:
    """Open desks behind their servers."""

    chromium: Browser
    folder: Path
    url: str
    open: dict[str, Open] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)

    def serve(self, name: str, **more: Any) -> Open:
        """A server for a desk's folder."""
        self.open[name] = self.stack.enter_context(running(self.folder / name, {}, **more))
        return self.open[name]

    def window(self, name: str, *, scripts: bool = True, **more: Any) -> Page:
        """A browser of its own, come in by a link."""
        context = self.chromium.new_context(java_script_enabled=scripts, locale="en-GB", **more)
        context.set_default_timeout(8_000)
        self.stack.callback(context.close)
        page = context.new_page()
        page.goto(self.open[name].link())
        return page

    def unlocked(self, name: str, **more: Any) -> Page:
        """The same, with its vault open."""
        page = self.window(name, **more)
        unlock(page)
        return page

    def again(self, context: BrowserContext, name: str) -> Page:
        """Another tab."""
        page = context.new_page()
        page.goto(f"http://{self.open[name].host}/")
        return page

    @contextmanager
    def channel(self, name: str) -> Iterator[Channel]:
        """What stands behind a window."""
        with self.open[name].keeper.desk() as desk:
            yield desk.channel()


def unlock(page: Page) -> None:
    """Type the passphrase, if it is asked for."""
    if page.locator("input[name=passphrase]").count():
        page.fill("input[name=passphrase]", PHRASE)
        page.click("button[name=do][value=unlock]")
        page.wait_for_selector("nav")


@contextmanager
def empty(chromium: Browser, folder: Path) -> Iterator[House]:
    """A relay, and no desk yet."""
    with relay.running(folder / "relay.db") as host, ExitStack() as stack:
        yield House(chromium, folder, host.url, stack=stack)


@contextmanager
def talking(chromium: Browser, folder: Path) -> Iterator[House]:
    """Three desks in a talk that has something of everything."""
    with empty(chromium, folder) as house:
        made = {name: Desk.create(folder / name, PHRASE, cost=CHEAP) for name in SEATS}
        try:
            _open(made, house.url)
            _talk({name: desk.channel() for name, desk in made.items()})
        finally:
            for desk in made.values():
                desk.close()
        for name in SEATS:
            house.serve(name).keeper.unlock(PHRASE)
        yield house


def _open(made: dict[str, Desk], url: str) -> None:
    name, party, role = SEATS["ana"]
    first = made["ana"].found(url, title="Beagle good offices", purpose="Avoid war.", name=name, party=party, role=role)
    others = {who: first.invite(*SEATS[who]) for who in SEATS if who != "ana"}
    first.sync()
    for who, invite in others.items():
        made[who].join(first.code(invite))
    first.sync()
    first.propose_charter(TERMS)
    first.sync()
    for who in others:
        channel = made[who].channel()
        channel.sync()
        channel.sign_charter(channel.state.charter)
        channel.sync()
    settle({who: desk.channel() for who, desk in made.items()})


def settle(channels: dict[str, Channel]) -> None:
    """Everybody reads everything."""
    for _ in range(12):
        before = [one.size for one in channels.values()]
        for one in channels.values():
            one.sync()
        if before == [one.size for one in channels.values()]:
            return


def _last(channel: Channel, kind: str) -> Any:
    return [held.value for held in channel.items(kind)][-1]


def _talk(at: dict[str, Channel]) -> None:
    ana, hernan, sofia = at["ana"], at["hernan"], at["sofia"]
    sofia.send_note("Santiago asks whether “austral limit” meant the meridian or the cape.", [ana.me], read_back=True)
    hernan.send_note(f"{HOSTILE} مرحبا\nsecond line")
    texts.open_(
        sofia,
        "Treaty of peace and friendship",
        [
            "The Parties reiterate their commitment to preserve their bonds of friendship.",
            "They shall refrain from any use of force [and shall reduce forces south of the parallel].",
            f"The boundary runs through the points [A to F / {HOSTILE}].",
        ],
    )
    soundings.ask(sofia, "Which mediator could you accept?", ["The Holy See", HOSTILE], [ana.me, hernan.me])
    nonpapers.float_(hernan, "A zone of common interest", f"East of the cape, both fish.\n\n{HOSTILE}")
    mandates.grant(ana, ana.me, ["initial", "sign"], HOSTILE)
    parties = {"A": "Argentina", "B": "Chile", "C": "Holy See"}
    steps.propose(sofia, steps.plan(sofia, template("ceasefire", parties, date.today()).encode()))
    for title in ("Act of Montevideo", HOSTILE[:60]):
        understandings.propose(sofia, title, f"They ask for good offices.\n\n{HOSTILE}", [ana.me, hernan.me])
    settle(at)
    hats.call(hernan)
    item = next(held.value for held in ana.items("understanding") if held.value.terms.title.startswith("Act"))
    for act in (understandings.initial, understandings.sign):
        for channel in (ana, hernan):
            held = channel.session.book.items.at(item.at.position)
            assert held is not None
            act(channel, held.value)
            settle(at)
    signed = ana.session.book.items.at(item.at.position)
    assert signed is not None
    disclosures.propose(ana, signed.value, [1], "Both ask for good offices.", lines=HOSTILE)
    text = _last(sofia, "text")
    texts.stand(ana, _last(ana, "text"), text.here[:1], "agree")
    settle(at)
    texts.issue(sofia, _last(sofia, "text"))
    settle(at)


# --- all pages --------------------------------------------------------------------------------------------------------


def places(channel: Channel) -> list[str]:
    """An address for every page of the table, with items that are there."""
    c = channel.session.book.c
    kinds = {
        "proposals/{n": "nonpaper",
        "soundings/{n": "sounding",
        "text/{n": "text",
        "disclosure/{n": "disclosure",
        "understandings/{n": "understanding",
        "steps/{n": "step",
    }
    found = []
    for page in TABLE:
        if page.template in ("", "problem.html") or page.path.startswith("/files/") or page.path.endswith(FILES):
            continue  # what is a file, what is another address of the same, and what needs an open invitation
        kind = next((kind for part, kind in kinds.items() if part in page.path), "note")
        number = next(iter(channel.items(kind))).position
        ends = {"c": c, "n": number, "p": 3, "v": 1, "k": 1, "f": 1}
        place = re.sub(r"\{(\w+)(?::\w+)?\}", lambda part, ends=ends: str(ends.get(part[1], "1")), page.path)  # type: ignore[misc]
        found.append(place)
    return found


def shot(page: Page, name: str) -> None:
    """Keep a picture for people to look at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def named(place: str) -> str:
    """A file's name for a place."""
    return place.strip("/").replace("/", "_") or "channels"


def until(true: Callable[[], bool], page: Page, *, ms: int = 6_000) -> None:
    """Wait for it."""
    for _ in range(ms // 50):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come")
