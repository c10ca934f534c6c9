"""`backchannel search`: words in all that was said, on this desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli.context import at_desk
from backchannel.cli.options import DeskCommand
from backchannel.cli.show import DIM, Draw, Facts, Page

if TYPE_CHECKING:
    pass


def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="All of them must be there.")],
) -> None:
    """Find what people have written, by its words, in all channels or --channel. Asks no relay."""
    from backchannel.facts.items import OF

    with at_desk(ctx) as work:
        channels = work.desk.channels() if work.given.channel is None else [work.channel()]
        found: list[Facts] = []
        for channel in channels:
            for held in channel.session.book.items.find(" ".join(words)):
                name = held.instrument.name
                found.append({"channel": channel.state.title, name: OF[name](channel, held.value)})
        work.tell({"found": found}, _found)


def _found(page: Page, facts: Facts) -> None:
    from backchannel.cli import disclosure, draw, mandate, sounding, step_page, text_page

    pages: dict[str, Draw] = {
        "note": draw.note,
        "sounding": sounding.draw,
        "text": text_page.line,
        "understanding": draw.matter,
        "mandate": mandate.draw,
        "disclosure": disclosure.draw,
        "step": step_page.line,
    }
    for one in facts["found"]:
        page.say(one["channel"], DIM)
        for name in one.keys() & pages.keys():
            pages[name](page, one[name])
    if not facts["found"]:
        page.say("Nothing on this desk has these words.")


def register(app: typer.Typer) -> None:
    """Add this command to `backchannel`."""
    app.command("search", cls=DeskCommand)(search)
