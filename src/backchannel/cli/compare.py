"""`backchannel channel verify-seat`, `compare`: words that people read to each other over another line."""

from __future__ import annotations

from typing import Annotated

import typer

from backchannel.cli import ask, show
from backchannel.cli.context import at_desk
from backchannel.cli.options import FAILED, DeskCommand
from backchannel.cli.show import BAD, GOOD, STRONG, Facts, Page


def verify_seat(
    ctx: typer.Context,
    seat: Annotated[str, typer.Argument(metavar="SEAT", help="Whose words to compare; your own name shows yours.")],
    yes: Annotated[bool, typer.Option("--yes", help="The words were compared and match.")] = False,
) -> None:
    """Make sure that a seat is who you think: read 12 words to each other, by telephone or face to face."""
    with at_desk(ctx) as work:
        channel = work.read()
        found = channel.seat(seat)
        mine = channel.state.seat(channel.me)
        told: Facts = {
            "seat": found.name,
            "me": found.id == channel.me,
            "words": list(found.keys.words(channel.id)),
            "yours": list(mine.keys.words(channel.id)) if mine is not None else [],
            "verified": found.id in channel.session.book.verified(),
        }
        asking = not told["me"] and not yes and not work.given.json
        if asking:
            show.tell(told, _words, as_json=False)
            ask.confirm(f"Are the words that {found.name} reads to you the same?", work.given, yes=False)
        if not told["me"] and (asking or yes):
            channel.mark_verified(found.id)
            told["verified"] = True
        work.tell(told, _verified if asking else _both, channel)


def _words(page: Page, facts: Facts) -> None:
    if facts["me"]:
        page.say("Your words. Read them to the others, over another line than this:", STRONG)
        page.words(facts["words"])
        return
    page.say(f"{facts['seat']} reads these to you, from their own desk:", STRONG)
    page.words(facts["words"])
    if facts["yours"]:
        page.say("And you read these to them:", STRONG)
        page.words(facts["yours"])
    page.say("Use a line on which you know the voice or the face. One word that differs means: stop.")


def _verified(page: Page, facts: Facts) -> None:
    if facts["verified"]:
        page.say(f"{facts['seat']} is marked as verified on this desk.", GOOD)


def _both(page: Page, facts: Facts) -> None:
    _words(page, facts)
    _verified(page, facts)


def compare(
    ctx: typer.Context,
    at: Annotated[
        int | None, typer.Option("--at", metavar="SIZE", help="At how many entries; at all, if left out.")
    ] = None,
    words: Annotated[
        str | None, typer.Option("--words", metavar="WORDS", help="What the other seat read to you, to be checked.")
    ] = None,
) -> None:
    """Make sure that all see the same record: 16 words, the same on every desk at the same number of entries."""
    with at_desk(ctx) as work:
        channel = work.read()
        size = channel.size if at is None else at
        own = list(channel.compare_words(size))
        heard = None if words is None else words.lower().replace(",", " ").split()
        told: Facts = {
            "entries": size,
            "words": own,
            "heard": heard,
            "same": None if heard is None else heard == own,
        }
        work.tell(told, _compared, channel)
        if told["same"] is False:
            raise typer.Exit(FAILED)


def _compared(page: Page, facts: Facts) -> None:
    page.say(f"At {facts['entries']:,} entries:", STRONG)
    page.words(facts["words"])
    if facts["same"] is None:
        page.say(f"The others see them with: backchannel channel compare --at {facts['entries']}")
        page.say("The same words: the same record. Other words: the relay shows you two different histories.")
    elif facts["same"]:
        page.say("The same: both desks have the same record up to here.", GOOD)
    else:
        page.say("Not the same.", BAD)
        page.say(
            "First make sure that both compare at the same number of entries (--at), and that no word was misheard."
        )
        page.say("If they still differ, the relay shows you two different histories: send nothing that matters here.")


def register(app: typer.Typer) -> None:
    """Add these commands to `backchannel channel`."""
    app.command("verify-seat", cls=DeskCommand)(verify_seat)
    app.command("compare", cls=DeskCommand)(compare)
