"""`backchannel search`: words in notes and understandings, on this desk."""

from __future__ import annotations

from typing import Annotated

import typer

from backchannel.cli.context import at_desk
from backchannel.cli.options import DeskCommand
from backchannel.cli.show import DIM, Facts, Page


def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="All of them must be there.")],
) -> None:
    """Find notes and understandings by their words, in all channels or in --channel. Asks no relay."""
    from backchannel.cli import facts

    with at_desk(ctx) as work:
        channels = work.desk.channels() if work.given.channel is None else [work.channel()]
        found: list[Facts] = []
        for channel in channels:
            for held in channel.session.book.items.find(" ".join(words)):
                is_note = held.instrument.name == "note"
                fact = (facts.note_facts if is_note else facts.understanding_facts)(channel, held.value)
                found.append({"channel": channel.state.title, held.instrument.name: fact})
        work.tell({"found": found}, _found)


def _found(page: Page, facts: Facts) -> None:
    from backchannel.cli import draw

    for one in facts["found"]:
        page.say(one["channel"], DIM)
        if "note" in one:
            draw.note(page, one["note"])
        else:
            draw.matter(page, one["understanding"])
    if not facts["found"]:
        page.say("Nothing on this desk has these words.")


def register(app: typer.Typer) -> None:
    """Add this command to `backchannel`."""
    app.command("search", cls=DeskCommand)(search)
