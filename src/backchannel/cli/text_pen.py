"""`backchannel text`: what the pen does with a text, and how one ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, show
from backchannel.cli import text_page as pages
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page
from backchannel.errors import Misuse

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.text.values import Text

Number = Annotated[int, typer.Argument(metavar="N", min=0, help="Its number, from text list.")]
ParagraphNumber = Annotated[int, typer.Argument(metavar="P", min=1, help="The paragraph's number.")]
Bracket = Annotated[int, typer.Option("--bracket", metavar="K", min=1, help="Which of its brackets, from the left.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without being asked.")]

Deed = Callable[["Channel", "Text"], object]


def act(ctx: typer.Context, number: int, done: str, deed: Deed, *, asks: str = "", yes: bool = False) -> None:
    """Do something with a text, after a question if it cannot be taken back; then show the text."""
    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.text_at(number)
        if asks:
            ask.confirm(asks.format(named(item)), work.given, yes=yes)
        fate = work.act(channel, lambda: deed(channel, item))
        told(work, channel, fate, done, channel.text_at(number))


def named(item: Text) -> str:
    """`text 31, “Act”`, with nothing in it that `format` would take for its own."""
    return f"text {item.at.position}, “{item.title}”"


def told(work: Work, channel: Channel, fate: str, done: str, item: Text | None, more: Facts | None = None) -> None:
    """Tell what was done, and show the text."""
    found = pages.facts(channel, item) if item is not None else None
    work.tell({"fate": fate, "done": done, "text": found, **(more or {})}, _done, channel)


def _done(page: Page, facts: Facts) -> None:
    page.say(f"{facts['done']}." if facts["fate"] == "sent" else "Written. It waits on this desk.", GOOD)
    for line in facts.get("told", ()):
        page.say(line, "yellow")
    one = facts["text"]
    if one is None:
        return
    if "paragraphs" in facts:  # only these are of interest now
        shown = [part for part in one["paragraphs"] if part["number"] in facts["paragraphs"]]
        for part in shown:
            pages.paragraph(page, part)
        pages.steps(page, one)
    else:
        pages.draw(page, one)


def by_pen(channel: Channel, item: Text) -> None:
    """`Misuse("pen")` unless this seat holds it: the table's own refusal would not say who does."""
    if item.pen != channel.me and item.state in ("drafting", "silence"):
        who = pages.facts(channel, item)["pen"]
        raise Misuse("pen", f"This is for whoever holds the pen: {show.stop(who)}", "", "Nothing was done.")


def issue(ctx: typer.Context, number: Number) -> None:
    """The pen gives the text, as it is now, the next number: text 1, text 2.."""
    from backchannel.desk import texts

    act(ctx, number, "Issued", _whose(texts.issue))


def _whose(deed: Deed) -> Deed:
    def done(channel: Channel, item: Text) -> object:
        by_pen(channel, item)
        return deed(channel, item)

    return done


def silence(
    ctx: typer.Context,
    number: Number,
    days: Annotated[int, typer.Option("--days", min=1, max=30, help="How long others can break it.")] = 3,
    yes: Yes = False,
) -> None:
    """The pen puts the newest version under silence: adopted after so many days, unless somebody breaks it."""
    from backchannel.desk import texts

    span = f"{days} day{'' if days == 1 else 's'}"
    asks = f"Adopt {{}}, after {span}, unless somebody breaks silence?"
    act(ctx, number, "Silence runs", _whose(lambda c, item: texts.silence(c, item, days * 24)), asks=asks, yes=yes)


def break_(
    ctx: typer.Context,
    number: Number,
    words: Annotated[str, typer.Argument(metavar="[WORDS]", help="Why. The shell's history keeps it.")] = "",
) -> None:
    """Break silence: the text is not adopted, and is worked on again."""
    from backchannel.desk import texts

    act(ctx, number, "Silence is broken", lambda channel, item: texts.break_(channel, item, words))


def adopt(ctx: typer.Context, number: Number, yes: Yes = False) -> None:
    """The pen adopts the newest version, everybody having agreed: it changes no more."""
    from backchannel.desk import texts

    act(ctx, number, "Adopted", _whose(texts.adopt), asks="Adopt {}, for good?", yes=yes)


def close(ctx: typer.Context, number: Number, yes: Yes = False) -> None:
    """The pen gives the text up."""
    from backchannel.desk import texts

    act(ctx, number, "Given up", _whose(texts.close), asks="Give up {}, for good?", yes=yes)


def pass_(ctx: typer.Context, number: Number, who: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Pass the pen to another seat; or take it (your own name) if its holder has left."""
    from backchannel.desk import texts

    act(ctx, number, "Passed", lambda channel, item: texts.pass_(channel, item, channel.seat(who).id))


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
    from backchannel.cli import facts as common
    from backchannel.desk import texts

    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.text_at(number)
        chosen = [channel.seat(who).id for who in signatory] if signatory else texts.negotiators(channel, item)
        one = pages.facts(channel, item)
        left = [part for part in one["paragraphs"] if part["kind"] != "agreed"] if item.state == "adopted" else []
        before: Facts = {"left": [{"number": part["number"], "status": pages.status(part)} for part in left]}
        if left and not work.given.json:
            show.tell(before, _left, as_json=False)
        if item.state == "adopted":
            who = show.names(common.names(channel.state, chosen))
            ask.confirm(f"Propose {named(item)}, for {who} to sign?", work.given, yes=yes)
        known = {held.position for held in channel.items("understanding")}
        fate = work.act(channel, lambda: texts.propose(channel, item, chosen))
        formal = [held.value for held in channel.items("understanding") if held.position not in known]
        found = common.understanding_facts(channel, formal[-1]) if formal else None
        work.tell({"fate": fate, "text": one, **before, "understanding": found}, _proposed, channel)


def _left(page: Page, facts: Facts) -> None:
    for one in facts["left"]:
        page.say(f"Paragraph {one['number']}: {show.stop(one['status'])}", "yellow")


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
