"""`backchannel step`: visits and excuses; and what all commands about steps have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask
from backchannel.cli import step_page as pages
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand
from backchannel.cli.show import GOOD, STRONG, Facts, Page

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.step.values import Ladder

UNDONE = "Nothing was done."
Number = Annotated[int, typer.Argument(metavar="LADDER", min=0, help="The ladder's number, from step list.")]
StepNumber = Annotated[int, typer.Argument(metavar="STEP", min=1, help="The step's number in it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without being asked.")]
Reason = Annotated[str, typer.Option("--reason", metavar="WORDS", help="Why. The shell's history keeps it.")]


def day(given: str) -> date:
    """A day as people write it; a usage error if it is none."""
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise typer.BadParameter(f"{given!r} is no day. As: 2026-12-01") from error


def said(words: str) -> str:
    """The beginning of what somebody wrote, on one line."""
    line = " ".join(words.split())
    return line if len(line) <= 80 else f"{line[:79]}…"


def tell(work: Work, channel: Channel, fate: str, said: str, item: Ladder | None, numbers: Sequence[int] = ()) -> None:
    """Tell what was done, and the steps that it was done to, or the whole ladder."""
    from backchannel.facts import step as facts

    found = facts.facts(channel, item) if item is not None else None
    work.tell({"fate": fate, "done": said, "ladder": found, "changed": list(numbers)}, done, channel)


def done(page: Page, facts: Facts) -> None:
    """That it was done, and to what."""
    page.say(f"{facts['done']}." if facts["fate"] == "sent" else "Written. It waits on this desk.", GOOD)
    one = facts["ladder"]
    if one is None:
        return
    if not facts["changed"]:
        pages.ladder(page, one)
        return
    page.say(f"Ladder {one['number']}, “{one['title']}”", STRONG)
    for number in facts["changed"]:
        pages.brief(page, one["steps"][number - 1])


# --- visits and excuses -----------------------------------------------------------------------------------------------


def inspect(
    ctx: typer.Context,
    ladder: Number,
    number: StepNumber,
    words: Annotated[
        str, typer.Argument(metavar="[TEXT]", help="When, where, by whom. The shell's history keeps it.")
    ] = "",
    yes: Yes = False,
) -> None:
    """Announce a visit, as a verifier. It counts against the quota."""
    from backchannel.desk import steps, turns
    from backchannel.instruments.step.standing import quota

    with at_desk(ctx) as work:
        channel = work.ready()
        item = steps.ladder_at(channel, ladder)
        one = turns.may(channel, item, number, "step.inspect")
        left = quota(one, channel.state.member(channel.me).party, steps.hour(channel)).left
        asks = f"Announce a visit to {one.promise.doer}, for step {number}? You have {left} left; it counts."
        ask.confirm(asks, work.given, yes=yes)
        fate = work.act(channel, lambda: steps.inspect(channel, item, one, words))
        tell(work, channel, fate, "Announced", steps.ladder_at(channel, ladder), [number])


def excuse(
    ctx: typer.Context,
    ladder: Number,
    number: StepNumber,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DAY", help="Another hour: the end of this day (UTC).")
    ] = None,
    for_good: Annotated[bool, typer.Option("--for-good", help="It need not be done any more.")] = False,
    reason: Reason = "",
    yes: Yes = False,
) -> None:
    """Give a step another hour, or let it go, as one to whom it is owed. It holds when all of these say the same."""
    from backchannel.desk import steps, turns
    from backchannel.desk.plans.reading import end_of

    if (until is None) == (not for_good):
        raise typer.BadParameter("Give --until DAY or --for-good.")
    unit = end_of(day(until)) if until is not None else 0
    with at_desk(ctx) as work:
        channel = work.ready()
        item = steps.ladder_at(channel, ladder)
        one = turns.may(channel, item, number, "step.excuse")
        what = f"Give {one.promise.doer} until the end of {until} (UTC) for" if until else "Excuse, for good,"
        ask.confirm(f"{what} step {number}, “{said(one.promise.what)}”?", work.given, yes=yes)
        fate = work.act(channel, lambda: steps.excuse(channel, item, one, unit, reason))
        tell(work, channel, fate, "Said", steps.ladder_at(channel, ladder), [number])


def register(app: typer.Typer) -> None:
    """Add these commands to `backchannel step`."""
    for name, command in (
        ("inspect", inspect),
        ("excuse", excuse),
    ):
        app.command(name, cls=DeskCommand)(command)
