"""`backchannel demo`: a whole talk on this machine, with a relay, three desks, and proofs at the end; or half of it."""

from __future__ import annotations

import sys
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from backchannel.cli import show
from backchannel.cli.opening import link_line, waited
from backchannel.cli.options import FAILED, PlainCommand, settings
from backchannel.cli.show import DIM, STRONG, Facts, Page


def demo(
    ctx: typer.Context,
    fast: Annotated[bool, typer.Option("--fast", help="Without pauses.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="DIR", help="Where to leave it: a new or empty folder. Otherwise a new one."),
    ] = None,
    open_: Annotated[
        bool,
        typer.Option("--open", help="Stop half way, and leave three desks open in three windows, to go on by hand."),
    ] = False,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="With --open: open the windows, or only print the links.")
    ] = True,
) -> None:
    """Play the good offices in the Beagle dispute: a relay, three desks, everything proved at the end."""
    as_json = settings(ctx).json
    if open_:
        _left_open(folder, fast=fast, as_json=as_json, browser=browser and not as_json)
        return
    from backchannel.demo import play

    if play(folder, fast=fast, as_json=as_json, out=sys.stdout):
        raise typer.Exit(FAILED)


def _left_open(folder: Path | None, *, fast: bool, as_json: bool, browser: bool) -> None:
    """Half of it, told; then its desks in windows, and the relay behind them, until Ctrl-C."""
    from backchannel.demo.halfway import half_way
    from backchannel.web.serve import running

    with half_way(folder, fast=fast or as_json, out=None if as_json else sys.stdout) as left, ExitStack() as stack:
        desks = [(one, stack.enter_context(running(one.folder, {}))) for one in left]
        for one, desk in desks:
            desk.keeper.unlock(one.passphrase)

        def links() -> Facts:
            return {
                "desks": [
                    {"seat": one.name, "link": desk.link(), "folder": str(one.folder), "passphrase": one.passphrase}
                    for one, desk in desks
                ]
            }

        told = links()
        show.tell(told, _opened, as_json=as_json)
        for one in told["desks"] if browser else ():
            webbrowser.open_new(one["link"])

        def locked() -> None:
            for _, desk in desks:
                desk.keeper.lock()

        waited(lambda: show.tell(links(), _opened, as_json=False), locked, asked=not as_json)


def _opened(page: Page, told: Facts) -> None:
    page.say("")
    page.say("Each desk is open to one browser on this machine, by its link. A link works once, within two minutes:")
    for one in told["desks"]:
        page.say(f"  {one['seat']}", STRONG)
        link_line(page, one["link"])
        page.say(f"    passphrase, should it lock: {one['passphrase']}", DIM)
    page.say("Enter: other links. l and Enter: lock the desks. Ctrl-C: close them and stop the relay.", DIM)


def register(app: typer.Typer) -> None:
    """Add the command to the tree."""
    app.command("demo", cls=PlainCommand)(demo)
