"""`backchannel search`: words in all that was said, on this desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backchannel.cli.context import at_desk
from backchannel.cli.options import DeskCommand
from backchannel.cli.show import DIM, Draw, Facts, Page

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel


def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="All of them must be there.")],
) -> None:
    """Find what people have written, by its words, in all channels or --channel. Asks no relay."""
    from backchannel.cli import disclosure, facts, mandate, sounding, text_page

    of: dict[str, Callable[[Channel, Any], Facts]] = {
        "note": facts.note_facts,
        "sounding": sounding.facts,
        "text": text_page.facts,
        "understanding": facts.understanding_facts,
        "mandate": mandate.facts,
        "disclosure": disclosure.facts,
    }
    with at_desk(ctx) as work:
        channels = work.desk.channels() if work.given.channel is None else [work.channel()]
        found: list[Facts] = []
        for channel in channels:
            for held in channel.session.book.items.find(" ".join(words)):
                name = held.instrument.name
                found.append({"channel": channel.state.title, name: of[name](channel, held.value)})
        work.tell({"found": found}, _found)


def _found(page: Page, facts: Facts) -> None:
    from backchannel.cli import disclosure, draw, mandate, sounding, text_page

    pages: dict[str, Draw] = {
        "note": draw.note,
        "sounding": sounding.draw,
        "text": text_page.line,
        "understanding": draw.matter,
        "mandate": mandate.draw,
        "disclosure": disclosure.draw,
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
