"""`backchannel desk open`: the desk in a browser, until the terminal is told to end it."""

from __future__ import annotations

import sys
import threading
import webbrowser
from collections.abc import Callable
from typing import Annotated

import typer

from backchannel.cli import show
from backchannel.cli.options import settings
from backchannel.cli.show import DIM, STRONG, Facts, Page
from backchannel.errors import Misuse

MOST_IDLE = 24 * 60


def open_(
    ctx: typer.Context,
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65_535, help="0: a free one.")] = 0,
    idle: Annotated[
        int, typer.Option("--idle", metavar="MINUTES", help="Lock after so many minutes without a hand on it.")
    ] = 15,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the browser, or only print the link.")
    ] = True,
) -> None:
    """Open the desk in your browser. Nobody but this machine can reach it; the link works once."""
    given = settings(ctx)
    if not 1 <= idle <= MOST_IDLE:
        raise Misuse("idle", f"The desk locks itself after 1 to {MOST_IDLE} minutes, not {idle}.")
    from backchannel.web.serve import running

    with running(given.folder, given.connection(), port=port, idle=idle * 60.0) as desk:
        link = desk.link()
        show.tell({"link": link, "address": f"http://{desk.host}/"}, _opened, as_json=given.json)
        if browser and not given.json:
            webbrowser.open(link)

        def entered() -> None:
            show.tell({"link": desk.link(), "address": f"http://{desk.host}/"}, _again, as_json=False)

        def locked() -> None:
            desk.keeper.lock()
            show.tell({}, _locked, as_json=False)

        waited(entered, locked, asked=not given.json)


def waited(entered: Callable[[], None], locked: Callable[[], None], *, asked: bool) -> None:
    """Wait for Ctrl-C. Where a person sits at a terminal: `entered` at every Enter, `locked` at l and Enter.

    The second way to lock needs no browser: one that hangs, or was closed, locks nothing (spec/web.md, 4.1).
    """
    try:
        if asked and sys.stdin.isatty():
            for line in sys.stdin:
                (locked if line.strip().lower() == "l" else entered)()
        threading.Event().wait()
    except KeyboardInterrupt:
        pass


def link_line(page: Page, link: str) -> None:
    """A link on one line, however narrow the terminal is: half of it opens nothing."""
    from rich.text import Text

    page.console.print(Text(f"  {link}", STRONG), soft_wrap=True)


def _opened(page: Page, told: Facts) -> None:
    page.say("Your desk is open to one browser on this machine, by this link. It works once, within two minutes:")
    link_line(page, told["link"])
    page.say("In the browser, Escape twice locks the desk. Here: l and Enter locks it, too.", DIM)
    page.say("Enter: another link. Ctrl-C: close the desk.", DIM)


def _locked(page: Page, told: Facts) -> None:
    page.say("Locked. The browser asks for the passphrase.", DIM)


def _again(page: Page, told: Facts) -> None:
    link_line(page, told["link"])
