"""`backchannel channel`: found, invite, join, look."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, charter, compare, handover, inspect, invitation, seats
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand, Group
from backchannel.cli.progress import progress
from backchannel.cli.show import DIM, GOOD, Facts, Page
from backchannel.errors import Misuse, RelayRefused, Unreachable

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel

FOUNDING_CODE = "BACKCHANNEL_FOUNDING_CODE"

app = typer.Typer(
    cls=Group, no_args_is_help=True, help="Channels: found or join one, agree its charter, see who is in it."
)


def _entered(work: Work, enter: Callable[[], Channel]) -> Channel:
    """Found or join. What waits then because the relay fell silent is told, with the reason."""
    before = len(work.desk.channels())
    try:
        with progress("Asking the relay", quiet=work.given.json):
            channel = enter()
    except (Unreachable, RelayRefused) as error:
        if len(work.desk.channels()) == before:
            error.safe = "There is no new channel on this desk."
            if isinstance(error, Unreachable):
                error.todo = "Run the command again when it answers."
        raise
    if channel.session.book.outbox.count():
        work.settle(channel)
    return channel


@app.command("found", cls=DeskCommand)
def found(
    ctx: typer.Context,
    relay: Annotated[str, typer.Option("--relay", metavar="URL", help="The relay's address, as its host gave it.")],
    title: Annotated[str, typer.Option("--title", help="What the channel is called. All its seats see it.")],
    purpose: Annotated[str, typer.Option("--purpose", help="What it is for, in a sentence or two.")],
    party: Annotated[str, typer.Option("--party", help="Whom you speak for.")],
    name: Annotated[str, typer.Option("--name", help="Your name, as the others are to see it.")],
    role: Annotated[str, typer.Option("--role", help="principal, envoy, intermediary, convenor, expert or guarantor.")],
    founding_code: Annotated[
        str | None,
        typer.Option(
            "--founding-code",
            metavar="CODE|-",
            help="If the relay asks for one. With - it is asked for unseen, or taken from BACKCHANNEL_FOUNDING_CODE.",
        ),
    ] = None,
) -> None:
    """Found a channel. Then invite the others."""
    with at_desk(ctx) as work:
        code = _founding_code(founding_code)
        channel = _entered(
            work,
            lambda: work.desk.found(
                relay, title=title, purpose=purpose, name=name, party=party, role=role, founding_code=code
            ),
        )
        from backchannel.facts import overview

        work.tell({"channel": overview.whole(channel)}, _founded, channel)


def _founding_code(given: str | None) -> str:
    if given is None:
        given = os.environ.get(FOUNDING_CODE, "")
    code = ask.passphrase("Founding code", variable=FOUNDING_CODE) if given == "-" else given
    code = code.strip().lower()
    if code and (len(code) != 64 or not all(char in "0123456789abcdef" for char in code)):
        raise Misuse("founding-code", "A founding code has 64 digits 0-9 and a-f.", "Ask the relay's host for it.")
    return code


def _founded(page: Page, facts: Facts) -> None:
    page.say(f"You have founded {facts['channel']['title']}.", GOOD)
    page.say("Nobody is in it but you. Invite each of the others: backchannel channel invite")


@app.command("invite", cls=DeskCommand)
def invite(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Option("--name", help="Who is invited, as all seats are to see it.")] = None,
    party: Annotated[str | None, typer.Option("--party", help="Whom they speak for.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="As in found; or observer.")] = None,
    days: Annotated[int, typer.Option("--days", help="How many days the code is good for, 1 to 30.")] = 14,
    again: Annotated[
        str | None, typer.Option("--again", metavar="NAME", help="Print the code of an invitation made on this desk.")
    ] = None,
) -> None:
    """Offer a seat. Prints the code that you hand over yourself, never through the relay."""
    if again is None and (name is None or party is None or role is None):
        raise typer.BadParameter("An invitation needs --name, --party and --role (or --again NAME).")
    with at_desk(ctx) as work:
        channel = work.ready()
        if again is not None:
            key = invitation.made_before(channel, again)
        else:
            assert name is not None and party is not None and role is not None  # noqa: S101, PT018 - checked above
            made: list[bytes] = []
            fate = work.act(channel, lambda: made.append(channel.invite(name, party, role, days)))
            key = made[0]
            if fate == "waits":
                work.tell({"code": None, "invitation": None, "name": name}, invitation.waits, channel)
                return
        work.tell(invitation.facts(channel, key), invitation.draw, channel)


@app.command("join", cls=DeskCommand)
def join(
    ctx: typer.Context,
    code: Annotated[
        str | None,
        typer.Argument(metavar="[CODE]", help="Best left out: it is asked for. - is stdin."),
    ] = None,
) -> None:
    """Join a channel by the code that you were given.

    Leave the code out: it is then asked for. On the command line it would stay in the shell's history, where whoever
    finds it first could take your seat.
    """
    with at_desk(ctx) as work:
        if code is None or code == "-":
            told = ask.line("The code", work.given) if code is None else ask.written("-", None, work.given, "code")
        else:
            told = code
        channel = _entered(work, lambda: work.desk.join(told))
        from backchannel.facts import overview

        work.tell({"typed": code not in (None, "-"), "channel": overview.whole(channel)}, _joined, channel)


def _joined(page: Page, facts: Facts) -> None:
    from backchannel.cli import draw

    one = facts["channel"]
    page.say(f"You have joined {one['title']}." if one["title"] else "You are joining.", GOOD)
    draw.seats(page, one["seats"])
    if facts["typed"]:
        page.say("The code was on the command line: clear the shell's history. It is used up now.", DIM)
    page.say("Compare the words with each of the others, over another line: backchannel channel verify-seat")
    page.say("Then read the charter and sign it: backchannel channel charter sign")


@app.command("list", cls=DeskCommand)
def list_(ctx: typer.Context) -> None:
    """The channels of this desk. Asks no relay."""
    from backchannel.cli import draw
    from backchannel.facts import common as facts

    with at_desk(ctx) as work:
        work.tell({"channels": [facts.line(one) for one in work.desk.channels()]}, draw.channels)


@app.command("show", cls=DeskCommand)
def show_(ctx: typer.Context) -> None:
    """One channel: what comes next, the seats, the terms, what is under way."""
    from backchannel.cli import draw
    from backchannel.facts import overview

    with at_desk(ctx) as work:
        channel = work.read()
        work.tell({"channel": overview.whole(channel)}, lambda page, told: draw.channel(page, told["channel"]), channel)


app.add_typer(charter.app, name="charter")
for part in (seats, handover, compare, inspect):
    part.register(app)
