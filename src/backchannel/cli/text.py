"""`backchannel text`: one negotiating text, from brackets to clean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, text_amend, text_pen
from backchannel.cli import text_page as pages
from backchannel.cli import text_redline as marks
from backchannel.cli.context import at_desk
from backchannel.cli.options import DeskCommand, Group
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page
from backchannel.cli.text_amend import seen, unchanged
from backchannel.cli.text_pen import Bracket, Number, ParagraphNumber, told
from backchannel.errors import Misuse
from backchannel.facts import may
from backchannel.facts import redline as redlines
from backchannel.facts import sounding as asking
from backchannel.facts import text as told_of

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.text.values import Text

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Texts: one negotiating text, its brackets, who agrees to what, until all do or nobody breaks silence.",
)

Version = Annotated[int | None, typer.Option("--version", metavar="V", min=0, help="An issued one; else as it is now.")]


@app.command("open", cls=DeskCommand)
def open_(
    ctx: typer.Context,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="Its title. The shell's history keeps it.")],
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A .txt, .md or .docx; - is plain text on stdin.")],
    changes: Annotated[
        str, typer.Option("--changes", metavar="bracket|accept|reject", help="What to do with tracked changes of Word.")
    ] = "bracket",
    to: Annotated[list[str] | None, typer.Option("--to", metavar="NAME", help="Only for this seat; repeated.")] = None,
    pen: Annotated[str | None, typer.Option("--pen", metavar="NAME", help="Who holds the pen.")] = None,
) -> None:
    """Open a text, from a file: blank lines divide its paragraphs, brackets hold what is not agreed."""
    from backchannel.cli import text_files
    from backchannel.desk import texts

    with at_desk(ctx) as work:
        channel = work.ready()
        seats = sorted({channel.seat(who).id for who in to}) if to else None
        holder = channel.seat(pen).id if pen else None
        said, how = text_files.taken(channel, file, changes)
        known = {held.position for held in channel.items("text")}
        fate = work.act(channel, lambda: texts.open_(channel, title, said, pen=holder, to=seats))
        mine = [held.value for held in channel.items("text") if held.position not in known]
        told(work, channel, fate, "Opened", mine[-1] if fate == "sent" and mine else None, {"told": how})


@app.command("list", cls=DeskCommand)
def list_(ctx: typer.Context) -> None:
    """All texts that this seat can read."""
    with at_desk(ctx) as work:
        channel = work.read()
        work.tell({"texts": [told_of.facts(channel, held.value) for held in channel.items("text")]}, _list, channel)


def _list(page: Page, facts: Facts) -> None:
    for one in facts["texts"]:
        pages.line(page, one)
    if not facts["texts"]:
        page.say("No texts. Open one: backchannel text open TITLE FILE")


@app.command("show", cls=DeskCommand)
def show_(
    ctx: typer.Context,
    number: Annotated[
        int | None, typer.Argument(metavar="[N]", min=0, help="Its number; left out where there is one text only.")
    ] = None,
    version: Version = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="The words alone, without where each paragraph stands.")
    ] = False,
) -> None:
    """A text, its paragraphs numbered, with where each stands."""
    from backchannel.facts.text import which

    with at_desk(ctx) as work:
        channel = work.read()
        item = _item(channel, number)
        one = told_of.facts(channel, item)
        if version is None and not clean:
            work.tell({"text": one}, lambda page, facts: pages.draw(page, facts["text"]), channel)
            return
        words: Facts = {"text": one, "words": told_of.version_facts(item, version), "which": which(one, version)}
        work.tell(words, lambda page, f: pages.plainly(page, f["text"], f["words"], f["which"]), channel)


def _item(channel: Channel, number: int | None) -> Text:
    if number is not None:
        return channel.text_at(number)
    held = channel.items("text")
    if len(held) != 1:
        what = f"There are {len(held)} texts here; which is meant?" if held else "There is no text here."
        raise Misuse("item", what, "See: backchannel text list", "")
    return channel.text_at(held[0].position)


@app.command("stand", cls=DeskCommand)
def stand(
    ctx: typer.Context,
    number: Number,
    which: Annotated[
        str, typer.Argument(metavar="P", help="Paragraphs: 2 or 2,5 or 3-7; all: those without brackets.")
    ],
    stance: Annotated[str, typer.Argument(metavar="agree|referendum|reserve|open")],
    words: Annotated[
        str, typer.Argument(metavar="[WORDS]", help="What is reserved. The shell's history keeps it.")
    ] = "",
) -> None:
    """Say where your party stands: it agrees, agrees subject to its capital, reserves, or takes that back (open)."""
    from backchannel.cli.text_files import chosen
    from backchannel.desk import texts
    from backchannel.instruments.text.acts import STANCES

    if stance not in STANCES:
        raise typer.BadParameter(f"{stance!r} is none of: {', '.join(STANCES)}.")
    with at_desk(ctx) as work:
        before = seen(work, number)
        channel = work.ready()
        item = channel.text_at(number)
        may.work(channel, item, party=True, states=("drafting", "silence", "adopted"))
        wanted = chosen(told_of.facts(channel, item), which, stance)
        unchanged(before, item, wanted)
        rows = [texts.paragraph(item, n) for n in wanted]
        fate = work.act(channel, lambda: texts.stand(channel, item, rows, stance, words))
        told(work, channel, fate, "Said", channel.text_at(number), {"paragraphs": wanted})


@app.command("redline", cls=DeskCommand)
def redline(
    ctx: typer.Context,
    number: Number,
    old: Annotated[
        int | None, typer.Argument(metavar="[FROM]", min=0, help="A version; the one before, if left out. 0: nothing.")
    ] = None,
    new: Annotated[int | None, typer.Argument(metavar="[TO]", min=0, help="A version; left out, as it is now.")] = None,
) -> None:
    """What changed from one version to another: words added and removed."""
    from backchannel.desk import texts
    from backchannel.facts.text import which

    with at_desk(ctx) as work:
        channel = work.read()
        item = channel.text_at(number)
        from_ = len(item.versions) - item.issued if old is None else old
        one = told_of.facts(channel, item)
        found: Facts = {
            "text": {"number": number, "title": one["title"]},
            "from": which(one, from_),
            "to": which(one, new) if new is not None or not one["changed"] else "now",
            "redline": redlines.redline_facts(texts.redline(item, from_, new)),
        }
        work.tell(found, _redline, channel)


def _redline(page: Page, facts: Facts) -> None:
    page.say(f"{facts['text']['number']}  {facts['text']['title']}: from {facts['from']} to {facts['to']}", STRONG)
    marks.redline(page, facts["redline"])


@app.command("brackets", cls=DeskCommand)
def brackets(ctx: typer.Context, number: Number) -> None:
    """What stands in the way: brackets, reservations, whose word is missing, and what a sounding could clear."""
    from backchannel.desk import texts

    with at_desk(ctx) as work:
        channel = work.read()
        item = channel.text_at(number)
        way = told_of.way_facts(item, texts.in_the_way(channel, item))
        found: Facts = {"text": told_of.facts(channel, item), "way": way}
        work.tell(found, lambda page, facts: pages.way(page, facts["text"], facts["way"]), channel)


@app.command("sound", cls=DeskCommand)
def sound(
    ctx: typer.Context,
    number: Number,
    paragraph: ParagraphNumber,
    bracket: Bracket = 1,
    voter: Annotated[
        list[str] | None, typer.Option("--voter", metavar="NAME", help="Who answers; all who negotiate if left out.")
    ] = None,
    releaser: Annotated[
        str | None, typer.Option("--releaser", metavar="NAME", help="Who releases without voting.")
    ] = None,
    closes: Annotated[int, typer.Option("--closes", metavar="HOURS", min=1, help="Hours to answer.")] = 24,
) -> None:
    """Ask in a sounding which alternative of a bracket all could live with."""
    from backchannel.desk import texts

    with at_desk(ctx) as work:
        before = seen(work, number)
        channel = work.ready()
        item = channel.text_at(number)
        unchanged(before, item, [paragraph])
        voters = [channel.seat(who).id for who in voter] if voter else None
        by = channel.seat(releaser).id if releaser else None
        known = {held.position for held in channel.items("sounding")}
        fate = work.act(
            channel,
            lambda: texts.sound(channel, item, paragraph, bracket, voters=voters, releaser=by, hours=closes),
        )
        asked = [held.value for held in channel.items("sounding") if held.position not in known]
        found: Facts = {
            "fate": fate,
            "sounding": asking.facts(channel, asked[-1]) if asked else None,
            "then": f"backchannel text clear {number} {paragraph} OPTION"
            + (f" --bracket {bracket}" if bracket > 1 else ""),
        }
        work.tell(found, _sounded, channel)


def _sounded(page: Page, facts: Facts) -> None:
    from backchannel.cli import sounding

    page.say("Asked." if facts["fate"] == "sent" else "Written. It waits on this desk.", GOOD)
    if facts["sounding"] is not None:
        sounding.draw(page, facts["sounding"])
    page.say(f"What is acceptable is put in the bracket's place by: {facts['then']}", DIM)


@app.command("export", cls=DeskCommand)
def export(
    ctx: typer.Context,
    number: Number,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A new file: .txt, .md, .docx or .pdf.")],
    version: Version = None,
    redline_: Annotated[
        int | None, typer.Option("--redline", metavar="FROM", min=0, help="With what changed since that version.")
    ] = None,
) -> None:
    """Write it as a paper. A redline is, in Word, tracked changes."""
    from backchannel import papers
    from backchannel.cli import text_files
    from backchannel.facts import paper

    with at_desk(ctx) as work:
        form = text_files.form(file)
        channel = work.read()
        item = channel.text_at(number)
        made = (
            paper.document(channel, item, version)
            if redline_ is None
            else paper.redlined(channel, item, redline_, version)
        )
        ask.write_file(Path(file), papers.write(made, form))
        work.tell({"text": {"number": number, "title": item.title}, "saved": file}, _exported, channel)


def _exported(page: Page, facts: Facts) -> None:
    from backchannel.cli.text_files import NAKED

    page.say(f"Saved as {facts['saved']}. {NAKED}", GOOD)


text_amend.register(app)
text_pen.register(app)
