"""`backchannel desk sheet`: one page to be printed, for whoever sits at this desk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from backchannel.cli import ask
from backchannel.cli.context import at_desk
from backchannel.cli.options import DeskCommand
from backchannel.cli.show import GOOD, Facts, Page
from backchannel.errors import Misuse


def sheet(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A new file: .pdf.")],
    language: Annotated[
        str | None, typer.Option("--language", metavar="CODE", help="en, es or ar; else as chosen for the desk.")
    ] = None,
    without_names: Annotated[bool, typer.Option("--without-names", help="Name neither channel nor seats.")] = False,
) -> None:
    """Write a page for a delegate: what to do first, what cannot be undone, what to do in danger, whom to call."""
    from backchannel.web.sheet import sheet as made
    from backchannel.web.words import LANGUAGES, words

    if language is not None and language not in LANGUAGES:
        raise Misuse("language", f"There is no language {language!r}.", f"Choose one of: {', '.join(LANGUAGES)}.")
    with at_desk(ctx) as work:
        target = Path(file).expanduser()
        spoken = words(language or work.desk.setting("language") or "en")
        ask.write_file(target, made(work.channel(), spoken, names=not without_names))
        work.tell({"file": str(target.absolute()), "language": spoken.language, "names": not without_names}, _written)


def _written(page: Page, facts: Facts) -> None:
    page.say(f"The sheet is {facts['file']}.", GOOD)
    if facts["names"]:
        page.say("It names who talks. Keep it as you would keep the talks, and destroy it after them.")


def register(app: typer.Typer) -> None:
    """Add this command to `backchannel desk`."""
    app.command("sheet", cls=DeskCommand)(sheet)
