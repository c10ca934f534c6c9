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
    from backchannel.instruments.step.track import Reason, Row
    from backchannel.instruments.step.values import Ladder

NAKED = "The file is not encrypted: whoever has it can read it."
BARE = (
    "It says when something is due, and not what. But whoever keeps your calendar for you sees these hours, and that "
    "you have them. The file itself is not encrypted."
)
WORDS = "It says what is due, when and by whom, to whoever has the file or keeps your calendar for you."
NAMELESS = "Who found or excused what is left out, as the charter says."
EVER = 1 << 40
"""Later than any hour, in arrival units."""

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
    since: Annotated[str | None, typer.Option("--since", metavar="DAY", help="From this day on: 2026-12-01.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="DAY", help="To the end of this day.")] = None,
    file: Annotated[
        str | None, typer.Option("--save", metavar="FILE", help="As a table, too: a new .csv, .txt or .md.")
    ] = None,
) -> None:
    """The track record: what each party has promised, and what became of it and why. Never one number."""
    from backchannel.channel.state import DAY
    from backchannel.desk import pictures, steps
    from backchannel.desk.plans.reading import end_of
    from backchannel.facts import step as facts
    from backchannel.instruments.step.track import track

    # An hour is the end of a day, as a rule, and belongs to that day.
    first = end_of(day(since)) - DAY + 1 if since is not None else 0
    last = end_of(day(until)) + 1 if until is not None else EVER
    with at_desk(ctx) as work:
        form = _form(file, pictures.TABLES) if file is not None else ""
        channel = work.read()
        items = [held.value for held in channel.items("step")]
        parties = [steps.party(channel, name) for name in party or ()] or _promised(items)
        charter, unit = channel.state.charter, steps.hour(channel)
        named = charter is None or charter.terms.attribution != "chatham"
        titles = {item.id: item for item in items}
        found = {who: track(items, who, first, last, unit, named=named) for who in dict.fromkeys(parties)}
        told: Facts = {
            "as_of": facts.stamp(unit),
            "since": since,
            "until": until,
            "named": named,
            "parties": [_of_party(who, rows, titles) for who, rows in found.items()],
            "saved": file,
        }
        if file is not None:
            ask.write_file(Path(file), _rows_table(told, form))
        work.tell(told, _record, channel)


def _promised(items: Sequence[Ladder]) -> list[str]:
    return sorted({one.promise.doer for item in items for one in item.steps if one.pledged is not None})


def _of_party(party: str, rows: Sequence[Row], ladders: dict[bytes, Ladder]) -> Facts:
    from backchannel.facts.step import stamp
    from backchannel.instruments.step.track import counts

    return {
        "party": party,
        "counts": counts(rows),
        "steps": [
            {
                "ladder": ladders[row.ladder].at.position,
                "title": ladders[row.ladder].title,
                "number": row.place + 1,
                "text": row.step.promise.what,
                "group": row.group,
                "late": row.late,
                "hour": stamp(row.hour),
                "reasons": [_reason(one) for one in row.reasons],
            }
            for row in rows
        ],
    }


def _reason(one: Reason) -> Facts:
    from backchannel.facts.step import stamp

    return {
        "what": one.what,
        "at": stamp(one.unit),
        "party": one.party,
        "text": one.words,
        "until": stamp(one.until),
    }


def _record(page: Page, facts: Facts) -> None:
    from backchannel.instruments.step.track import GROUPS

    period = " ".join(f"{word} {facts[word]}" for word in ("since", "until") if facts[word])
    page.say(f"Track record{f', {period}' if period else ''}; by the log's clock, {local(facts['as_of'])}", DIM)
    for one in facts["parties"]:
        page.say()
        page.say(one["party"], STRONG)
        page.say(f"  {'; '.join(f'{many} {GROUPS[group]}' for group, many in one['counts'].items() if many) or 'none'}")
        for group, says in GROUPS.items():
            _group(page, says, [part for part in one["steps"] if part["group"] == group])
    if not facts["parties"]:
        page.say("Nobody has promised anything yet.")
    if not facts["named"]:
        page.say(NAMELESS, DIM)
    if facts["saved"]:
        page.say(f"Saved as {facts['saved']}. {NAKED}", GOOD)


def _group(page: Page, says: str, steps: Sequence[Facts]) -> None:
    if steps:
        page.say(f"  {says[0].upper()}{says[1:]}:")
    for part in steps:
        late = ", late" if part["late"] else ""
        hour = f"; its hour: {by(part['hour'])}" if part["hour"] else ""
        page.say(f"    step {part['number']} of ladder {part['ladder']}{late}{hour}")
        page.quote(part["text"] if len(part["text"]) <= step_page.CLIP else part["text"][: step_page.CLIP] + "…")
        for reason in part["reasons"]:
            page.say(f"      {_says(reason)}", DIM)


def _says(reason: Facts) -> str:
    who = f", {reason['party']}" if reason["party"] else ""
    until = f" until {by(reason['until'])}" if reason["until"] else ""
    words = " ".join(reason["text"].split())
    return f"{local(reason['at'])}: {reason['what']}{until}{who}" + (f", “{words}”" if words else "")


def _rows_table(told: Facts, form: str) -> bytes:
    from backchannel.instruments.step.track import GROUPS
    from backchannel.papers import table

    kept = [
        table.Kept(
            one["party"],
            GROUPS[part["group"]] + (", late" if part["late"] and part["group"] != "late" else ""),
            f"{part['ladder']}, {part['title']}",
            part["number"],
            part["text"],
            by(part["hour"]) if part["hour"] else "",
            tuple(map(_says, part["reasons"])),
        )
        for one in told["parties"]
        for part in one["steps"]
    ]
    said = f"By the log's clock, {local(told['as_of'])}."
    return table.write(table.record("Track record", said if told["named"] else f"{said} {NAMELESS}", kept), form)


def register(app: typer.Typer) -> None:
    """Add these commands to `backchannel step`."""
    for name, command in (("record", record), ("export", export), ("calendar", calendar)):
        app.command(name, cls=DeskCommand)(command)
