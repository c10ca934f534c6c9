"""`backchannel hat`: every desk drops one folded slip, and nobody knows whose is whose."""

from __future__ import annotations

from typing import Annotated

import typer

from backchannel.cli import ask as asking
from backchannel.cli import show
from backchannel.cli.context import at_desk
from backchannel.cli.nonpaper_page import SYNC, promise, say_promise
from backchannel.cli.options import DeskCommand, Group
from backchannel.cli.show import BAD, DIM, GOOD, STRONG, Facts, Page
from backchannel.facts.hat import READ_BY_SOME, cheat, facts, ready, was_in
from backchannel.facts.promises import HAT, HAT_LIMITS, LEAGUE, ROUND
from backchannel.facts.saying import english

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="The hat: a round in which every desk drops one folded slip, most of them empty. Nobody knows whose is whose.",
)

GO_ON = f"The desks go on by themselves, while they are open: {SYNC}"


@app.command("call", cls=DeskCommand)
def call(
    ctx: typer.Context,
    hours: Annotated[int, typer.Option("--hours", min=1, help="Hours until it must be done, 168 at most.")] = 24,
) -> None:
    """Call a round. That you called it is seen; if you have just laid something ready, leave it to another."""
    from backchannel.desk import hats

    with at_desk(ctx) as work:
        channel = work.ready()
        known = {held.position for held in channel.items("hat")}
        fate = work.act(channel, lambda: hats.call(channel, hours=hours))
        made = [held.value for held in channel.items("hat") if held.position not in known]
        found = facts(channel, made[-1]) if made else None
        work.tell({"fate": fate, "round": found}, _called, channel)


def _called(page: Page, told: Facts) -> None:
    page.say("Called." if told["fate"] == "sent" else "Written. It waits on this desk.", GOOD)
    if told["round"] is not None:
        draw(page, told["round"])
    page.say(english(ROUND))
    page.say(english(LEAGUE), DIM)


@app.command("status", cls=DeskCommand)
def status(
    ctx: typer.Context,
    number: Annotated[
        int | None, typer.Argument(metavar="[N]", min=0, help="The number of a round; the newest if left out.")
    ] = None,
) -> None:
    """How a round stands, whose desk is awaited, what was in the hat; and what lies ready on this desk."""
    from backchannel.desk import hats

    with at_desk(ctx) as work:
        channel = work.read()
        rounds = channel.items("hat")
        item = hats.at(channel, number) if number is not None else rounds[-1].value if rounds else None
        found = facts(channel, item) if item is not None else None
        rest = [held.position for held in rounds if item is None or held.position != item.at.position]
        work.tell({"round": found, "others": rest, "hat": ready(channel)}, _status, channel)


def _status(page: Page, told: Facts) -> None:
    if told["round"] is None:
        page.say("The hat has not gone round yet. Call a round: backchannel hat call")
    else:
        draw(page, told["round"])
    if told["others"]:
        page.say(f"Other rounds: {', '.join(map(str, told['others']))}", DIM)
    draw_ready(page, told["hat"])


@app.command("ask", cls=DeskCommand)
def ask_(
    ctx: typer.Context,
    question: Annotated[
        str | None,
        typer.Argument(metavar="[QUESTION]", help="Left out, it is typed, with an option on each line after it."),
    ] = None,
    option: Annotated[list[str] | None, typer.Option("--option", help="One answer; repeated for each.")] = None,
    file: Annotated[
        str | None, typer.Option("--file", metavar="FILE|-", help="Question and options, a line each.")
    ] = None,
) -> None:
    """Lay a question ready for the hat: a sounding that nobody has asked. The shell keeps what is on the line."""
    from backchannel.desk import nonpapers

    if (question is None) != (not option) or (question is not None and file is not None):
        raise typer.BadParameter("Give QUESTION and its options, or neither: then they are typed, or come with --file.")
    with at_desk(ctx) as work:
        channel = work.channel()
        nonpapers.may_drop(channel)
        told: Facts = {"promise": promise([[HAT], [HAT_LIMITS]])}
        if not work.given.json:
            show.tell(told, say_promise, as_json=False)
        if question is None:
            written = asking.written(None, file, work.given, "question, and an option on each line after it")
            question, *option = [line for line in written.splitlines() if line.strip()] or [""]
        nonpapers.drop_question(channel, question, option or [])
        work.tell({"fate": "ready", **told, "hat": ready(channel)}, draw_laid, channel)


@app.command("take-back", cls=DeskCommand)
def take_back(ctx: typer.Context) -> None:
    """Destroy what lies ready on this desk. What is in a running round goes on. Asks no relay."""
    from backchannel.desk import hats

    with at_desk(ctx) as work:
        channel = work.channel()
        gone = hats.take_back(channel)
        work.tell({"destroyed": gone, "hat": ready(channel)}, _taken_back, channel)


def _taken_back(page: Page, told: Facts) -> None:
    gone = told["destroyed"]
    if gone:
        page.say(f"{_count(gone, 'slip')} destroyed. Nothing lies ready now.", GOOD)
    else:
        page.say("Nothing lay ready.")
    if told["hat"]["riding"]:
        page.say(f"A slip of yours is in round {told['hat']['riding']} already, and cannot be taken back.", "yellow")


# --- pages ------------------------------------------------------------------------------------------------------------


def draw(page: Page, one: Facts) -> None:
    """A round as a page."""
    page.say(f"{one['number']}  Round of the hat, called by {one['called_by']}", STRONG)
    page.say(f"  among {show.names(one['seats'])}", DIM)
    page.say(f"  {one['state_says'][0].upper()}{one['state_says'][1:]}.")
    for found in one["cheats"]:
        page.say(f"  {english(cheat(found))} Every desk of the round has seen the proof.", BAD)
    if one["held"] is not None:
        page.say(f"  {english(was_in(one['held']))}", GOOD)
    if one["awaits"]:
        was = "Not heard from in time" if one["over"] else "Awaited"
        page.say(show.stop(f"  {was}: the desk{'s' if len(one['awaits']) > 1 else ''} of {show.names(one['awaits'])}"))
    if one["state"] == "lapsed" and one["was"] in ("opening", "opened"):
        page.say(f"  {english(READ_BY_SOME)}", STRONG)
    elif one["state"] in ("blamed", "failed", "lapsed"):
        page.say("  What a desk had in it lies ready there again, for the next round.", DIM)
    elif not one["over"]:
        page.say(f"  It lapses if it is not done by {show.local(one['ends_by'])}. {GO_ON}", DIM)


def draw_ready(page: Page, one: Facts) -> None:
    """What lies ready."""
    if one["slips"]:
        many = f"{one['slips']} slips lie ready on this desk: one goes in each round."
        page.say("1 slip lies ready on this desk, for the next round." if one["slips"] == 1 else many)
        page.say("To destroy what lies ready: backchannel hat take-back", DIM)
    if one["riding"] is not None:
        page.say(f"A slip of yours is in round {one['riding']}.")
    if one["next_round"] is not None:
        page.say(f"By the charter, the next round is called from {show.local(one['next_round'])} on.", DIM)


def draw_laid(page: Page, told: Facts) -> None:
    """Something was laid ready."""
    page.say("Laid ready on this desk. Nothing was sent, and nobody was asked.", GOOD)
    if told["hat"]["next_round"] is None:
        page.say("It goes when somebody calls a round: the charter has none called by itself.")
    draw_ready(page, told["hat"])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
