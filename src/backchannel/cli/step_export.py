"""`backchannel step`: what leaves the channel as a file: a ladder as picture, table, calendar; the track record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, step_page
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand
from backchannel.cli.progress import progress
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page, local
from backchannel.cli.step_done import Number, day
from backchannel.errors import Misuse
from backchannel.facts.saying import by

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel

NAKED = "The file is not encrypted: whoever has it can read it."
BARE = (
    "It says when something is due, and not what. But whoever keeps your calendar for you sees these hours, and that "
    "you have them. The file itself is not encrypted."
)
WORDS = "It says what is due, when and by whom, to whoever has the file or keeps your calendar for you."

Lead = Annotated[
    list[int] | None, typer.Option("--lead", metavar="DAYS", min=0, help="Ring so many days before; repeated.")
]
InWords = Annotated[bool, typer.Option("--words", help="In a calendar: with what is due, and whose it is.")]


def export(
    ctx: typer.Context,
    ladder: Number,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A new file: .svg, .png, .pdf, .txt, .md, .csv or .ics.")],
    words: InWords = False,
    lead: Lead = None,
) -> None:
    """Write a ladder as a picture (.svg, .png; .pdf for paper), a table (.txt, .md, .csv) or a calendar (.ics)."""
    from backchannel.desk import pictures, steps

    with at_desk(ctx) as work:
        form = _form(file, (*pictures.PICTURES, *pictures.TABLES, "ics"))
        channel = work.read()
        item = steps.ladder_at(channel, ladder)
        with progress("Drawing", quiet=work.given.json):
            if form == "ics":
                content = pictures.calendar(channel, work.desk.vault, [item], leads=lead, words=words)
            else:
                content = pictures.write(channel, item, form)
        _saved(work, channel, file, content, form, words=words)


def calendar(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A new file: .ics")],
    words: InWords = False,
    lead: Lead = None,
) -> None:
    """Write the hours of all ladders as a calendar, with reminders: only that something is due, unless --words."""
    from backchannel.desk import pictures

    with at_desk(ctx) as work:
        form = _form(file, ("ics",))
        channel = work.read()
        items = [held.value for held in channel.items("step")]
        content = pictures.calendar(channel, work.desk.vault, items, leads=lead, words=words)
        _saved(work, channel, file, content, form, words=words)


def _form(file: str, known: Sequence[str]) -> str:
    """The form that a file's ending asks for, before anything is done."""
    ending = Path(file).suffix.lower().removeprefix(".")
    if ending not in known:
        what = f"{file} does not end in one of {', '.join(f'.{one}' for one in known)}."
        raise Misuse("paper-form", what, "Name it so.", "Nothing was written.")
    return ending


def _saved(work: Work, channel: Channel, file: str, content: bytes, form: str, *, words: bool) -> None:
    ask.write_file(Path(file), content)
    says = NAKED if form != "ics" else WORDS if words else BARE
    work.tell({"saved": file, "says": says}, _told, channel)


def _told(page: Page, facts: Facts) -> None:
    page.say(f"Saved as {facts['saved']}.", GOOD)
    page.say(facts["says"], DIM)


# --- the track record -------------------------------------------------------------------------------------------------


def record(
    ctx: typer.Context,
    party: Annotated[list[str] | None, typer.Option("--party", metavar="PARTY", help="Whose; all if none.")] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DAY", help="Only steps whose hour is on this day (UTC) or later.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="DAY", help="Only steps whose hour is on this day (UTC) or earlier."),
    ] = None,
    file: Annotated[
        str | None, typer.Option("--save", metavar="FILE", help="As a table, too: a new .csv, .txt or .md.")
    ] = None,
) -> None:
    """The track record: what each party has promised, and what became of it and why. Never one number.

    A step counts where its hour lies (UTC days); one without an hour, where the last thing was said of it.
    """
    from backchannel.desk import pictures, steps
    from backchannel.facts import track

    first, last = (day(given) if given is not None else None for given in (since, until))
    with at_desk(ctx) as work:
        form = _form(file, pictures.TABLES) if file is not None else ""
        channel = work.read()
        parties = [steps.party(channel, name) for name in party or ()]
        told = {**track.facts(channel, parties, first, last), "saved": file}
        if file is not None:
            ask.write_file(Path(file), track.written(told, form))
        work.tell(told, _record, channel)


def _record(page: Page, facts: Facts) -> None:
    from backchannel.facts import track
    from backchannel.instruments.step.track import GROUPS

    period = " ".join(f"{word} {facts[word]}" for word in ("since", "until") if facts[word])
    page.say(f"Track record{f', {period}' if period else ''}; by the log's clock, {local(facts['as_of'])}", DIM)
    if period:
        page.say(f"  {track.PERIOD}", DIM)
    for one in facts["parties"]:
        page.say()
        page.say(one["party"], STRONG)
        page.say(f"  {'; '.join(f'{many} {GROUPS[group]}' for group, many in one['counts'].items() if many) or 'none'}")
        for group, says in GROUPS.items():
            _group(page, says, [part for part in one["steps"] if part["group"] == group])
    if not facts["parties"]:
        page.say("Nobody has promised anything yet.")
    if not facts["named"]:
        page.say(track.NAMELESS, DIM)
    if facts["saved"]:
        page.say(f"Saved as {facts['saved']}. {NAKED}", GOOD)


def _group(page: Page, name: str, steps: Sequence[Facts]) -> None:
    from backchannel.facts.track import says

    if steps:
        page.say(f"  {name[0].upper()}{name[1:]}:")
    for part in steps:
        late = ", late" if part["late"] else ""
        hour = f"; its hour: {by(part['hour'])}" if part["hour"] else ""
        page.say(f"    step {part['number']} of ladder {part['ladder']}{late}{hour}")
        page.quote(part["text"] if len(part["text"]) <= step_page.CLIP else part["text"][: step_page.CLIP] + "…")
        for reason in part["reasons"]:
            page.say(f"      {says(reason)}", DIM)


def register(app: typer.Typer) -> None:
    """Add these commands to `backchannel step`."""
    for name, command in (("record", record), ("export", export), ("calendar", calendar)):
        app.command(name, cls=DeskCommand)(command)
