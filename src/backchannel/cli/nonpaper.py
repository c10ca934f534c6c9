"""`backchannel nonpaper`: ideas without commitment, that are taken up, or vanish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, show
from backchannel.cli import nonpaper_page as pages
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand, Group
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page
from backchannel.facts import nonpaper as told_of
from backchannel.facts import promises
from backchannel.facts import sounding as asking
from backchannel.facts.hat import ready
from backchannel.facts.saying import english

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.nonpaper.values import Nonpaper

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Non-papers: ideas that commit nobody. Taken up, they go on as an understanding; else they vanish everywhere.",
)

HOURS = 72

Number = Annotated[int, typer.Argument(metavar="N", min=0, help="Its number, from nonpaper list.")]
Title = Annotated[
    str | None,
    typer.Argument(metavar="[TITLE]", help="Left out, it is the first line of the text. Here the shell keeps it."),
]
File = Annotated[
    str | None,
    typer.Option("--file", metavar="FILE|-", help="The text: a file (which stays where it is), or stdin; else typed."),
]
To = Annotated[list[str] | None, typer.Option("--to", metavar="NAME", help="Only for this seat; may be repeated.")]
Hours = Annotated[int | None, typer.Option("--hours", min=1, help=f"Hours until it lapses; {HOURS} if left out.")]
Through = Annotated[
    str | None, typer.Option("--through", metavar="NAME", help="Only to this intermediary, to be put to the others.")
]
InHat = Annotated[bool, typer.Option("--hat", help="Lay it ready for the hat: nobody will know whose it is.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without being asked.")]


@app.command("float", cls=DeskCommand)
def float_(
    ctx: typer.Context,
    title: Title = None,
    file: File = None,
    to: To = None,
    hours: Hours = None,
    through: Through = None,
    hat: InHat = False,
    counter: Annotated[int | None, typer.Option("--counter", metavar="N", min=0, help="As `counter N`.")] = None,
) -> None:
    """Float an idea: by name, through an intermediary, or from the hat. Says first who will know what.

    The shell's history keeps what stands on the command line. Leave the title out too, and it keeps no word of it.
    """
    _float(ctx, title, file, to, hours, through, hat, counter)


@app.command("counter", cls=DeskCommand)
def counter_(
    ctx: typer.Context,
    number: Number,
    title: Title = None,
    file: File = None,
    to: To = None,
    hours: Hours = None,
    through: Through = None,
    hat: InHat = False,
) -> None:
    """Float an alternative to a non-paper, by any way in which an idea can be floated."""
    _float(ctx, title, file, to, hours, through, hat, number)


def _float(
    ctx: typer.Context,
    title: str | None,
    file: str | None,
    to: list[str] | None,
    hours: int | None,
    through: str | None,
    hat: bool,
    counter: int | None,
) -> None:
    if hat and (to or hours or through):
        raise typer.BadParameter("--hat goes without --to, --hours and --through: it reaches all who take part.")
    if through and to:
        raise typer.BadParameter("--through goes without --to: the intermediary chooses the readers.")
    from backchannel.desk import nonpapers
    from backchannel.facts import common

    with at_desk(ctx) as work:
        # For the hat no relay is asked: that this desk was busy just now would be seen on the line.
        channel = work.channel() if hat else work.ready()
        other = nonpapers.at(channel, counter) if counter is not None else None
        if other is not None:
            nonpapers.living(channel, other)
        if hat:
            nonpapers.may_drop(channel)
        else:
            nonpapers.may_float(channel, hours or HOURS)
        seats = sorted({channel.seat(who).id for who in to}) if to else None
        by = channel.seat(through) if through else None
        everybody = nonpapers.readers_who_speak(channel, other) if other else [one.id for one in channel.state.active]
        readers = [seat for seat in seats or everybody if seat != channel.me]
        lapses = promises.ends_at(common.at(nonpapers.until(channel, hours or HOURS)))
        end = promises.ends_after(nonpapers.days_from_hat(channel)) if hat else lapses
        route = "hat" if hat else "carry" if by else "party"
        who = common.name(channel.state, by.id) if by else ""
        active = [one.id for one in channel.state.active]
        whose = told_of.known(channel, channel.me, by.id, active) if by else None
        promise = promises.floating(route, end, common.names(channel.state, readers), who, whose)
        told: Facts = {"promise": pages.promise(promise)}
        words = _words(work, title, file, told)
        if hat:
            nonpapers.drop(channel, *words, counters=other)
            _tell_laid(work, channel, told)
            return
        known = {held.position for held in channel.items("nonpaper")}
        fate = work.act(
            channel,
            lambda: nonpapers.float_(
                channel, *words, to=seats, hours=hours or HOURS, through=by.id if by else None, counters=other
            ),
        )
        _tell(work, channel, fate, "Handed on" if by else "Floated", _new(channel, known), told)


def _words(work: Work, title: str | None, file: str | None, told: Facts) -> tuple[str, str]:
    """Title and text, asked for after the promise: who reads that can still stop."""
    if not work.given.json:
        show.tell(told, pages.say_promise, as_json=False)
    if title is not None:
        return title, ask.written(None, file, work.given, "non-paper")
    first, _, rest = (
        ask.written(None, file, work.given, "non-paper, its title on the first line").lstrip().partition("\n")
    )
    return first, rest


def _new(channel: Channel, known: set[int]) -> Nonpaper | None:
    mine = [held.value for held in channel.items("nonpaper") if held.position not in known]
    return next((one for one in mine if one.author == channel.me), None)


@app.command("revise", cls=DeskCommand)
def revise(ctx: typer.Context, number: Number, title: Title = None, file: File = None) -> None:
    """Put a new version in its place. All objections fall; the hour stays."""
    from backchannel.desk import nonpapers

    with at_desk(ctx) as work:
        channel = work.ready()
        item = nonpapers.at(channel, number)
        nonpapers.own(channel, item)
        words = _words(work, title, file, {"promise": [english(promises.REVISE)]})
        fate = work.act(channel, lambda: nonpapers.revise(channel, item, *words))
        _tell(work, channel, fate, "Revised", nonpapers.at(channel, number))


@app.command("react", cls=DeskCommand)
def react(
    ctx: typer.Context,
    number: Number,
    stance: Annotated[str, typer.Argument(metavar="interest|question|objection")],
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="A few words; - is stdin. As an argument the shell keeps it.")
    ] = None,
    file: Annotated[str | None, typer.Option("--file", metavar="FILE|-", help="The words, from a file.")] = None,
    hat: InHat = False,
) -> None:
    """React to a non-paper: by name, or from the hat if the charter says so. A new reaction replaces one by name."""
    from backchannel.desk import nonpapers

    with at_desk(ctx) as work:
        secret = hat or nonpapers.through_hat(work.channel())
        channel = work.channel() if secret else work.ready()
        item = nonpapers.at(channel, number)
        told: Facts = {"promise": pages.promise([[promises.HAT], [promises.HAT_LIMITS]]) if secret else []}
        if secret:
            nonpapers.may_drop_reaction(channel, item, stance)
            if not work.given.json:
                show.tell(told, pages.say_promise, as_json=False)
        given = text is not None or file is not None
        words = ask.written(text, file, work.given, "reaction") if given else ""
        if secret:
            nonpapers.drop_reaction(channel, item, stance, words)
            _tell_laid(work, channel, told)
            return
        fate = work.act(channel, lambda: nonpapers.react(channel, item, stance, words))
        _tell(work, channel, fate, "Said", nonpapers.at(channel, number))


@app.command("withdraw", cls=DeskCommand)
def withdraw(ctx: typer.Context, number: Number, yes: Yes = False) -> None:
    """Take your own non-paper back: it vanishes on every desk."""
    from backchannel.desk import nonpapers

    with at_desk(ctx) as work:
        channel = work.ready()
        item = nonpapers.at(channel, number)
        nonpapers.own(channel, item)
        if not work.given.json:
            told = {"promise": pages.promise([[promises.VANISHES], [promises.UNREACHED]])}
            show.tell(told, pages.say_promise, as_json=False)
        ask.confirm(f"Withdraw {_named(channel, item)}, for good?", work.given, yes=yes)
        fate = work.act(channel, lambda: nonpapers.withdraw(channel, item))
        _tell(work, channel, fate, "Withdrawn", nonpapers.at(channel, number))


@app.command("take-up", cls=DeskCommand)
def take_up(
    ctx: typer.Context,
    number: Number,
    signatory: Annotated[
        list[str] | None,
        typer.Option("--signatory", metavar="NAME", help="Who is to sign; repeated. All readers if left out."),
    ] = None,
    yes: Yes = False,
) -> None:
    """Take it up: you propose its words as an understanding, and the non-paper vanishes."""
    from backchannel.desk import nonpapers
    from backchannel.facts import common, understanding

    with at_desk(ctx) as work:
        channel = work.ready()
        item = nonpapers.at(channel, number)
        nonpapers.current(channel, item)
        chosen = [channel.seat(who).id for who in signatory] if signatory else None
        seats = chosen or list(nonpapers.readers_who_speak(channel, item))
        limits = pages.promise([[promises.TAKE_UP], [promises.UNREACHED]])
        told: Facts = {"nonpaper": told_of.facts(channel, item), "promise": limits}
        if not work.given.json:
            show.tell(told, _before, as_json=False)
        who = show.names(common.names(channel.state, seats))
        ask.confirm(f"Take up {_named(channel, item)}, for {who} to sign?", work.given, yes=yes)
        known = {held.position for held in channel.items("understanding")}
        fate = work.act(channel, lambda: nonpapers.take_up(channel, item, seats))
        formal = [held.value for held in channel.items("understanding") if held.position not in known]
        found = understanding.facts(channel, formal[-1]) if formal else None
        _tell(work, channel, fate, "Taken up", nonpapers.at(channel, number), {"understanding": found})


def _before(page: Page, told: Facts) -> None:
    pages.draw(page, told["nonpaper"])
    page.say()
    pages.say_promise(page, told)


@app.command("carry", cls=DeskCommand)
def carry(ctx: typer.Context, number: Number, to: To = None, hours: Hours = None) -> None:
    """Intermediary: put to the others what a seat has handed to you, without saying which seat."""
    from backchannel.desk import nonpapers
    from backchannel.facts import common

    with at_desk(ctx) as work:
        channel = work.ready()
        item = nonpapers.at(channel, number)
        nonpapers.may_carry(channel, item)
        seats = sorted({channel.seat(who).id for who in to}) if to else [one.id for one in channel.state.active]
        if not work.given.json:
            readers = [seat for seat in seats if seat != channel.me]
            whose = told_of.known(channel, item.author, channel.me, readers) if item.author is not None else None
            carried = promises.carried(common.names(channel.state, readers), whose)
            told = {"promise": pages.promise([carried, [promises.UNREACHED]])}
            show.tell(told, pages.say_promise, as_json=False)
        known = {held.position for held in channel.items("nonpaper")}
        fate = work.act(channel, lambda: nonpapers.carry(channel, item, to=seats, hours=hours or HOURS))
        _tell(work, channel, fate, "Put forward", _new(channel, known))


@app.command("sound", cls=DeskCommand)
def sound(
    ctx: typer.Context,
    number: Number,
    paragraph: Annotated[
        int | None, typer.Option("--paragraph", metavar="K", help="Only this paragraph, as nonpaper show counts them.")
    ] = None,
    voter: Annotated[
        list[str] | None, typer.Option("--voter", metavar="NAME", help="Who answers; all other readers if left out.")
    ] = None,
    releaser: Annotated[
        str | None, typer.Option("--releaser", metavar="NAME", help="Who releases without voting; you if left out.")
    ] = None,
    closes: Annotated[int, typer.Option("--closes", metavar="HOURS", min=1, help="Hours to answer.")] = 24,
) -> None:
    """Ask in a sounding whether all could live with it. The question names it by number, and has none of its words."""
    from backchannel.desk import nonpapers

    with at_desk(ctx) as work:
        channel = work.ready()
        item = nonpapers.at(channel, number)
        by = channel.seat(releaser).id if releaser else None
        voters = [channel.seat(who).id for who in voter] if voter else None
        known = {held.position for held in channel.items("sounding")}
        fate = work.act(
            channel,
            lambda: nonpapers.sound(channel, item, paragraph=paragraph, voters=voters, releaser=by, hours=closes),
        )
        asked = [held.value for held in channel.items("sounding") if held.position not in known]
        found = asking.facts(channel, asked[-1]) if asked else None
        work.tell({"fate": fate, "sounding": found}, _sounded, channel)


def _sounded(page: Page, told: Facts) -> None:
    from backchannel.cli import sounding

    page.say("Asked." if told["fate"] == "sent" else WAITS, GOOD)
    if told["sounding"] is not None:
        sounding.draw(page, told["sounding"])
    page.say(english(promises.SOUND), DIM)


@app.command("show", cls=DeskCommand)
def show_(ctx: typer.Context, number: Number) -> None:
    """One non-paper: its words and what was said of it; or how it ended, and who has confirmed that it is destroyed."""
    from backchannel.desk import nonpapers

    with at_desk(ctx) as work:
        channel = work.read()
        found = told_of.facts(channel, nonpapers.at(channel, number))
        work.tell({"nonpaper": found}, lambda page, told: pages.draw(page, told["nonpaper"]), channel)


@app.command("list", cls=DeskCommand)
def list_(ctx: typer.Context) -> None:
    """All non-papers of which this seat knows, those that are over too."""
    with at_desk(ctx) as work:
        channel = work.read()
        found = [told_of.facts(channel, held.value) for held in channel.items("nonpaper")]
        work.tell({"nonpapers": found}, _list, channel)


def _list(page: Page, told: Facts) -> None:
    for one in told["nonpapers"]:
        pages.line(page, one)
    if not told["nonpapers"]:
        page.say("No non-papers. Float one: backchannel nonpaper float")


# --- the answer -------------------------------------------------------------------------------------------------------

SENT = ("Floated", "Handed on", "Put forward")
WAITS = "Written. It waits on this desk."


def _named(channel: Channel, item: Nonpaper) -> str:
    """`non-paper 31, “Three points”`."""
    from backchannel.desk import nonpapers

    newest = nonpapers.words(channel, item.versions[-1])
    return f"non-paper {item.at.position}" + (f", “{newest.title}”" if newest is not None else "")


def _tell(work: Work, channel: Channel, fate: str, done: str, item: Nonpaper | None, more: Facts | None = None) -> None:
    found = told_of.facts(channel, item) if item is not None else None
    work.tell({"fate": fate, "done": done, "nonpaper": found, **(more or {})}, _done, channel)


def _done(page: Page, told: Facts) -> None:
    page.say(f"{told['done']}." if told["fate"] == "sent" else WAITS, GOOD)
    if told["nonpaper"] is not None:
        pages.draw(page, told["nonpaper"])
        if told["done"] in SENT and told["nonpaper"]["asked_for"]:
            page.say(f"{english(promises.ASKING).removesuffix('.')}: {pages.SYNC}")
    if told.get("understanding") is not None:
        one = told["understanding"]
        page.say(
            f"It stands as understanding {one['number']}, for {show.names(one['awaits'])} to initial: "
            f"backchannel understanding initial {one['number']}",
            STRONG,
        )


def _tell_laid(work: Work, channel: Channel, told: Facts) -> None:
    from backchannel.cli import hat

    work.tell({"fate": "ready", **told, "hat": ready(channel)}, hat.draw_laid, channel)
