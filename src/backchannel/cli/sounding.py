"""`backchannel sounding`: ask what each side could live with, without anyone showing a hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, show
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand, Group
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page
from backchannel.errors import Misuse
from backchannel.facts import sounding as told_of
from backchannel.facts import text as texts
from backchannel.facts.promises import casting
from backchannel.facts.saying import english
from backchannel.facts.sounding import OVER, facts

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.sounding.values import Sounding

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Soundings: what could all live with? Only what meets the rule is opened; who refused is not shown.",
)

NUMBER = Annotated[int, typer.Argument(metavar="N", min=0, help="Its number, from sounding list.")]


@app.command("ask", cls=DeskCommand)
def ask_(
    ctx: typer.Context,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What is asked. The shell's history keeps it.")],
    option: Annotated[list[str] | None, typer.Option("--option", help="One answer; repeated for each.")] = None,
    file: Annotated[str | None, typer.Option("--file", metavar="FILE|-", help="The options, one a line.")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="NUMBER", help="A question for a number: from.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="NUMBER", help="Up to.")] = None,
    step: Annotated[str, typer.Option("--step", metavar="NUMBER", help="In steps of.")] = "1",
    unit: Annotated[str, typer.Option("--unit", help="Kilometres, days..")] = "",
    voter: Annotated[
        list[str] | None, typer.Option("--voter", metavar="NAME", help="Who answers; all others if left out.")
    ] = None,
    rule: Annotated[
        str, typer.Option("--rule", metavar="all|K", help="All voters, or the required ones and K of the rest.")
    ] = "all",
    require: Annotated[list[str] | None, typer.Option("--require", metavar="NAME", help="With K: must accept.")] = None,
    reveal: Annotated[
        str, typer.Option("--reveal", metavar="first|all", help="One option that meets the rule, or all that do.")
    ] = "first",
    closes: Annotated[int, typer.Option("--closes", metavar="HOURS", min=1, help="Hours to answer.")] = 24,
    window: Annotated[int, typer.Option("--window", metavar="HOURS", min=1, help="Hours after that to open.")] = 48,
    releaser: Annotated[
        str | None, typer.Option("--releaser", metavar="NAME", help="Who releases without voting; you if left out.")
    ] = None,
) -> None:
    """Ask the others which options they could live with."""
    from backchannel.desk import soundings

    with at_desk(ctx) as work:
        channel = work.ready()
        options = _options(work, option, file, (from_, to, step, unit))
        released = channel.me if releaser is None else channel.seat(releaser).id
        if voter:
            voters = [channel.seat(who).id for who in voter]
        else:
            voters = [one.id for one in channel.state.active if one.speaks and one.id != released]
        quorum = _quorum(rule)
        required = [channel.seat(who).id for who in require or ()]
        known = {held.position for held in channel.items("sounding")}
        fate = work.act(
            channel,
            lambda: soundings.ask(
                channel,
                question,
                options,
                voters,
                releaser=released,
                quorum=quorum,
                required=required,
                reveal=reveal,
                hours=closes,
                window=window,
            ),
        )
        mine = [held.value for held in channel.items("sounding") if held.position not in known]
        _tell(work, channel, fate, mine[-1] if fate == "sent" and mine else None, "Asked")


def _options(
    work: Work, given: list[str] | None, file: str | None, grid: tuple[str | None, str | None, str, str]
) -> list[str]:
    from backchannel.desk import soundings

    low, high, step, unit = grid
    ways = [bool(given), file is not None, low is not None or high is not None]
    if sum(ways) != 1 or (low is None) != (high is None):
        raise Misuse(
            "options", "The options are given in one of three ways.", "With --option, --file, or --from and --to.", ""
        )
    if given:
        return given
    if file is not None:
        return [line for line in ask.written(None, file, work.given, "options").splitlines() if line.strip()]
    assert low is not None and high is not None  # noqa: S101, PT018 - asked above
    return soundings.grid(low, high, step, unit)


def _quorum(rule: str) -> int:
    if rule == "all":
        return 0
    if rule.isascii() and rule.isdigit() and int(rule):
        return int(rule)
    raise Misuse("rule", f"The rule {rule!r} is none.", "It is all, or a number of voters.", "Nothing was done.")


@app.command("answer", cls=DeskCommand)
def answer(
    ctx: typer.Context,
    number: NUMBER,
    accept: Annotated[
        list[int] | None, typer.Option("--accept", metavar="OPTION", min=1, help="An option's number; repeated.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="None of them.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Consent to being asked again what was asked before.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Cast without being asked once more.")] = False,
) -> None:
    """Answer: which options could you live with? Without --accept or --none, you are asked one by one."""
    from backchannel.desk import soundings

    if none and accept:
        raise typer.BadParameter("--none goes without --accept.")
    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.sounding_at(number)
        found = facts(channel, item)
        given = [k - 1 for k in accept or ()]
        soundings.may_answer(channel, item, given, again=again)
        if not work.given.json:
            show.tell({"sounding": found}, _before, as_json=False)
        chosen = given if none or given else _one_by_one(work, found)
        named = "; ".join(item.terms.options[k] for k in chosen) or "none of them"
        ask.confirm(
            f"Cast your answer to sounding {number}, for good: you could live with {named}?", work.given, yes=yes
        )
        fate = work.act(channel, lambda: soundings.answer(channel, item, chosen, again=again))
        _tell(work, channel, fate, channel.sounding_at(number), "Cast")


def _one_by_one(work: Work, found: Facts) -> list[int]:
    if work.given.json:
        raise Misuse("ask", "Which options you accept was not given.", "Use --accept or --none.", "Nothing was done.")
    chosen = []
    for k, one in enumerate(found["options"]):
        try:
            if typer.confirm(show.foreign(f"{one['number']}  {one['text']}: could you live with it?"), err=True):
                chosen.append(k)
        except typer.Abort as error:
            raise Misuse("ask", "The answer was not finished.", "Do it again.", "Nothing was cast.") from error
    return chosen


def _before(page: Page, told: Facts) -> None:
    draw(page, told["sounding"])
    page.say()
    one = told["sounding"]
    for said, style in zip(casting(len(one["voters"]), one["quorum"]), (STRONG, "", DIM), strict=True):
        page.say(english(said), style)


@app.command("withdraw", cls=DeskCommand)
def withdraw(ctx: typer.Context, number: NUMBER) -> None:
    """Take the question back, before anybody has answered."""
    from backchannel.desk import soundings

    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.sounding_at(number)
        fate = work.act(channel, lambda: soundings.withdraw(channel, item))
        _tell(work, channel, fate, channel.sounding_at(number), "Withdrawn")


@app.command("list", cls=DeskCommand)
def list_(ctx: typer.Context) -> None:
    """All soundings that this seat can see."""
    with at_desk(ctx) as work:
        channel = work.read()
        found = [facts(channel, held.value) for held in channel.items("sounding")]
        work.tell({"soundings": found}, _list, channel)


def _list(page: Page, told: Facts) -> None:
    for one in told["soundings"]:
        page.say(f"{one['number']}  {one['question']}", STRONG)
        page.say(f"   asked by {one['asked_by']}; {_count(len(one['options']), 'option')}", DIM)
        page.say(f"   {_sentence(_came_to(one))}")
        if one["mine"]:
            page.say(f"   Your answer is awaited: backchannel sounding answer {one['number']}", STRONG)
    if not told["soundings"]:
        page.say("No soundings. Ask one: backchannel sounding ask")


def _came_to(one: Facts) -> str:
    """Where it stands, in one line."""
    met = [option["text"] for option in one["options"] if option["met"]]
    if one["state"] != "closed":
        return str(one["state_says"])
    return f"acceptable: {show.names(met)}" if met else "no option was acceptable"


@app.command("show", cls=DeskCommand)
def show_(ctx: typer.Context, number: NUMBER) -> None:
    """One sounding: what is asked, who has answered, and what met the rule."""
    with at_desk(ctx) as work:
        channel = work.read()
        one = facts(channel, channel.sounding_at(number))
        work.tell({"sounding": one, "clears": texts.cleared_by(channel, number)}, _one, channel)


def _one(page: Page, told: Facts) -> None:
    draw(page, told["sounding"])
    if told["clears"] is not None:
        one = told["clears"]
        who = "You hold the pen" if one["pen_mine"] else f"{one['pen']} holds the pen"
        page.say(f"  It clears paragraph {one['paragraph']} of text {one['text']}. {who}: backchannel {one['command']}")


def _tell(work: Work, channel: Channel, fate: str, item: Sounding | None, done: str) -> None:
    found = None if item is None else facts(channel, item)
    work.tell({"fate": fate, "done": done, "sounding": found}, _done, channel)


def _done(page: Page, told: Facts) -> None:
    page.say(f"{told['done']}." if told["fate"] == "sent" else "Written. It waits on this desk.", GOOD)
    if told["sounding"] is not None:
        draw(page, told["sounding"])


# --- facts and page ---------------------------------------------------------------------------------------------------


OPEN = "The desks go on by themselves, while they are open: backchannel desk sync --watch"


def draw(page: Page, one: Facts) -> None:
    """A sounding as a page."""
    page.say(f"Sounding {one['number']}, {english(told_of.asked(one))}", STRONG)
    page.quote(one["question"])
    for option in one["options"]:
        mark = f"  {english(told_of.met(one, option))}" if option["met"] else ""
        page.say(f"  {option['number']:>3}  {option['text']}{mark}", GOOD if option["met"] else "")
    page.say(f"  {english(told_of.rule(one), told_of.reveals(one))}", DIM)
    page.say(f"  {_sentence(one['state_says'])}")
    if one["state"] == "closed":
        page.say(f"  {english(*told_of.known(one))}", STRONG)
    elif one["state"] not in OVER:
        page.say(f"  {_so_far(one)}")
        page.say(f"  Answers until {show.local(one['answers_by'])}; opened until {show.local(one['ends_by'])}.", DIM)
        page.say(f"  {_next(one)}", STRONG if one["mine"] else DIM)


def _so_far(one: Facts) -> str:
    """How far the round is that runs now, and who is awaited in it."""
    done, of = one["progress"]["done"], one["progress"]["of"]
    what = "have answered" if one["state"] == "ballots" else "are ready" if one["state"] == "keys" else "have done it"
    who = "voters" if one["state"] == "ballots" else "desks"
    return _sentence(f"{done} of {of} {who} {what}; awaited: {show.names(one['awaits'])}")


def _next(one: Facts) -> str:
    if one["mine"]:
        return f"Your answer is awaited: backchannel sounding answer {one['number']}"
    if one["cast"] and one["state"] == "keys":
        return f"Your answer is on this desk, and goes as soon as every desk is ready. {OPEN}"
    if one["state"] in ("keys", "ballots"):
        return f"Nothing is for you to do. {OPEN}"
    return f"Nobody has to do anything more. {OPEN}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}".removesuffix(".") + "."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
