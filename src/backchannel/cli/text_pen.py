"""`backchannel text`: what the pen does with a text, and how one ends."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, show
from backchannel.cli import text_page as pages
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page
from backchannel.facts import may
from backchannel.facts import text as told_of

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.text.values import Text

Number = Annotated[int, typer.Argument(metavar="N", min=0, help="Its number, from text list.")]
ParagraphNumber = Annotated[int, typer.Argument(metavar="P", min=1, help="The paragraph's number.")]
Bracket = Annotated[int, typer.Option("--bracket", metavar="K", min=1, help="Which of its brackets, from the left.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without being asked.")]

Deed = Callable[["Channel", "Text"], object]


def act(
    ctx: typer.Context, number: int, done: str, deed: Deed, *, allowed: Deed, asks: str = "", yes: bool = False
) -> None:
    """Do something with a text, if `allowed` raises nothing, after a question if it is for good; show the text."""
    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.text_at(number)
        allowed(channel, item)
        if asks:
            ask.confirm(f"{asks.replace('TEXT', named(item), 1)}", work.given, yes=yes)
        fate = work.act(channel, lambda: deed(channel, item))
        told(work, channel, fate, done, channel.text_at(number))


def named(item: Text) -> str:
    """`text 31, “Act”`."""
    return f"text {item.at.position}, “{item.title}”"


def told(work: Work, channel: Channel, fate: str, done: str, item: Text | None, more: Facts | None = None) -> None:
    """Tell what was done, and show the text."""
    found = told_of.facts(channel, item) if item is not None else None
    work.tell({"fate": fate, "done": done, "text": found, **(more or {})}, _done, channel)


def _done(page: Page, facts: Facts) -> None:
    page.say(f"{facts['done']}." if facts["fate"] == "sent" else "Written. It waits on this desk.", GOOD)
    for line in facts.get("told", ()):
        page.say(line, "yellow")
    one = facts["text"]
    if one is None:
        return
    pages.after(page, one, facts.get("paragraphs"))


def issue(ctx: typer.Context, number: Number) -> None:
    """The pen gives the text, as it is now, the next number: text 1, text 2.."""
    from backchannel.desk import texts

    act(ctx, number, "Issued", texts.issue, allowed=partial(may.work, pen=True))


def silence(
    ctx: typer.Context,
    number: Number,
    days: Annotated[int, typer.Option("--days", min=1, max=30, help="How long others can break it.")] = 3,
    yes: Yes = False,
) -> None:
    """The pen puts the newest version under silence: adopted after so many days, unless somebody breaks it."""
    from backchannel.desk import texts

    asks = f"Adopt TEXT, after {days} day{'' if days == 1 else 's'}, unless somebody breaks silence?"
    allowed = partial(may.end, agreed=False)
    act(
        ctx,
        number,
        "Silence runs",
        lambda c, item: texts.silence(c, item, days * 24),
        allowed=allowed,
        asks=asks,
        yes=yes,
    )


def break_(
    ctx: typer.Context,
    number: Number,
    words: Annotated[str, typer.Argument(metavar="[WORDS]", help="Why. The shell's history keeps it.")] = "",
) -> None:
    """Break silence: the text is not adopted, and is worked on again."""
    from backchannel.desk import texts

    allowed = partial(may.work, party=True, states=("silence",))
    act(ctx, number, "Silence is broken", lambda channel, item: texts.break_(channel, item, words), allowed=allowed)


def adopt(ctx: typer.Context, number: Number, yes: Yes = False) -> None:
    """The pen adopts the newest version, everybody having agreed: it changes no more."""
    from backchannel.desk import texts

    act(
        ctx,
        number,
        "Adopted",
        texts.adopt,
        allowed=partial(may.end, agreed=True),
        asks="Adopt TEXT, for good?",
        yes=yes,
    )


def close(ctx: typer.Context, number: Number, yes: Yes = False) -> None:
    """The pen gives the text up."""
    from backchannel.desk import texts

    allowed = partial(may.work, pen=True, states=may.WORKED_ON)
    act(ctx, number, "Given up", texts.close, allowed=allowed, asks="Give up TEXT, for good?", yes=yes)


def pass_(ctx: typer.Context, number: Number, who: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Pass the pen to another seat; or take it (your own name) if its holder has left."""
    from backchannel.desk import texts

    def allowed(channel: Channel, item: Text) -> None:
        free = told_of.facts(channel, item)["pen_free"]
        may.work(channel, item, pen=not free, states=may.WORKED_ON)

    act(ctx, number, "Passed", lambda channel, item: texts.pass_(channel, item, channel.seat(who).id), allowed=allowed)


def propose(
    ctx: typer.Context,
    number: Number,
    signatory: Annotated[
        list[str] | None,
        typer.Option("--signatory", metavar="NAME", help="Who is to sign; repeated. All who negotiate if left out."),
    ] = None,
    yes: Yes = False,
) -> None:
    """Propose an adopted text as an understanding: each paragraph is a clause, to be initialled and signed."""
    from backchannel.desk import texts
    from backchannel.facts import common, understanding

    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.text_at(number)
        may.work(channel, item, states=("adopted",))
        chosen = [channel.seat(who).id for who in signatory] if signatory else texts.negotiators(channel, item)
        one = told_of.facts(channel, item)
        left = [part for part in one["paragraphs"] if part["kind"] != "agreed"]
        before: Facts = {"left": [{"number": part["number"], "status": pages.status(part)} for part in left]}
        if left and not work.given.json:
            show.tell(before, _left, as_json=False)
        who = show.names(common.names(channel.state, chosen))
        ask.confirm(f"Propose {named(item)}, for {who} to sign?", work.given, yes=yes)
        known = {held.position for held in channel.items("understanding")}
        fate = work.act(channel, lambda: texts.propose(channel, item, chosen))
        formal = [held.value for held in channel.items("understanding") if held.position not in known]
        found = understanding.facts(channel, formal[-1]) if formal else None
        work.tell({"fate": fate, "text": one, **before, "understanding": found}, _proposed, channel)


def _left(page: Page, facts: Facts) -> None:
    for one in facts["left"]:
        page.say(f"Paragraph {one['number']}: {one['status']}", "yellow")


def _proposed(page: Page, facts: Facts) -> None:
    from backchannel.cli import draw

    page.say("Proposed." if facts["fate"] == "sent" else "Written. It waits on this desk.", GOOD)
    one = facts["understanding"]
    if one is not None:
        draw.matter(page, one)
        page.say(
            f"It awaits {show.names(one['awaits'])}: backchannel understanding {one['next']} {one['number']}", STRONG
        )
    page.say("The text itself stays as it was adopted.", DIM)


def register(app: typer.Typer) -> None:
    """Add these commands to `backchannel text`."""
    for name, command in (
        ("issue", issue),
        ("silence", silence),
        ("break", break_),
        ("adopt", adopt),
        ("close", close),
        ("pass", pass_),
        ("propose", propose),
    ):
        app.command(name, cls=DeskCommand)(command)
