"""`backchannel channel admit`, `remove`: who comes in and who goes."""

from __future__ import annotations

from shlex import quote
from typing import Annotated

import typer

from backchannel.cli import ask, show
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand
from backchannel.cli.show import GOOD, Facts, Page


def admit(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who was invited by another seat.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, where it is another's place.")] = False,
) -> None:
    """Say yes, for your party, to somebody's invitation, or to a successor."""
    from backchannel.channel.state import Invitation
    from backchannel.entry.text import folded
    from backchannel.facts import common as facts

    with at_desk(ctx) as work:
        channel = work.ready()
        for one in channel.pending():
            if isinstance(one, Invitation) and folded(one.name) == folded(name) and one.replaces is not None:
                _successor(work, facts.change(channel.state, one), yes)
        fate = work.act(channel, lambda: channel.admit(name))
        change = next(
            (
                facts.change(channel.state, one)
                for one in reversed(channel.state.invitations)
                if isinstance(one, Invitation) and folded(one.name) == folded(name)
            ),
            None,
        )
        work.tell({"fate": fate, "invitation": change}, _admitted, channel)


def _successor(work: Work, one: Facts, yes: bool) -> None:
    """Before another takes somebody's place, and with it perhaps what that one has read."""
    if not work.given.json:
        show.tell(one, _before, as_json=False)
    ask.confirm(
        f"Say, for your party, that {one['name']} takes the place of {one['in_place_of']}?", work.given, yes=yes
    )


def _before(page: Page, one: Facts) -> None:
    page.say(
        f"{one['by']} proposes {one['name']} in the place of {one['in_place_of']}: {one['role']}, for {one['party']}. "
        f"What {one['in_place_of']} could read may then be passed on to that seat."
    )


def _admitted(page: Page, facts: Facts) -> None:
    from backchannel.cli.draw import seat_name

    one = facts["invitation"]
    page.say(f"You have said yes to {seat_name(one)} ({one['role']}, {one['party']}).", GOOD)
    if one["awaits"]:
        page.say(show.stop(f"It still awaits {show.names(one['awaits'])}"))
    else:
        page.say(f"All have said yes: {one['by']} can now hand over the code.")


def remove(
    ctx: typer.Context,
    seat: Annotated[str, typer.Argument(metavar="SEAT", help="Who is to go: a seat's name. Your own: you leave.")],
    reason: Annotated[str, typer.Option("--reason", help="Why. All seats read it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Propose that a seat goes, or say yes to it; or leave."""
    from backchannel.facts import common as facts

    with at_desk(ctx) as work:
        channel = work.ready()
        found = channel.seat(seat)
        leaving = found.id == channel.me
        if leaving:
            question = "Leave this channel? What is written later you cannot read; this cannot be undone."
        else:
            question = f"Say, for your party, that {found.name} ({found.party}) is to go?"
        ask.confirm(question, work.given, yes=yes)
        fate = work.act(channel, lambda: channel.remove(found.id, reason))
        state = channel.state
        one = next((r for r in reversed(state.removals) if r.seat == found.id), None)
        after = state.seat(found.id)
        told: Facts = {
            "fate": fate,
            "removal": None if one is None else facts.change(state, one),
            "name": found.name,
            "leaving": leaving,
            "gone": after is not None and after.standing == "gone",
        }
        work.tell(told, _removed, channel)


def _removed(page: Page, facts: Facts) -> None:
    who = "You are" if facts["leaving"] else f"{facts['name']} is"
    if facts["gone"]:
        page.say(f"{who} no longer in the channel.", GOOD)
        return
    one = facts["removal"]
    if one is not None and one["awaits"]:
        command = f"backchannel channel remove {quote(facts['name'])} --reason TEXT"
        page.say(f"Said. It awaits the yes of {show.names(one['awaits'])}: {command}")
        return
    page.say(f"Said. {who} out with the next sync of another desk.")


def register(app: typer.Typer) -> None:
    """Add these commands to `backchannel channel`."""
    app.command("admit", cls=DeskCommand)(admit)
    app.command("remove", cls=DeskCommand)(remove)
