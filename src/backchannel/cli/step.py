"""`backchannel step`: who does what by when, verified by whom."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backchannel.cli import ask, show, step_done, step_evidence, step_export, step_files
from backchannel.cli import step_page as pages
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand, Group, PlainCommand, settings
from backchannel.cli.show import Facts, Page
from backchannel.cli.step_done import UNDONE, Number, Reason, StepNumber, Yes, day, said, tell
from backchannel.facts.saying import numbers as listed

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.desk.plans.reading import Plan
    from backchannel.instruments.step.values import Ladder

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Steps: a ladder of who does what by when, in return for what, verified by whom, and what became of it.",
)

To = Annotated[list[str] | None, typer.Option("--to", metavar="NAME", help="Only for this seat; repeated.")]
Plans = Annotated[str, typer.Argument(metavar="FILE|-", help="A ladder in TOML; - is stdin. See: step template")]


# --- templates --------------------------------------------------------------------------------------------------------


def _names() -> list[str]:
    from backchannel.desk.plans.templates import NAMES

    return list(NAMES)


@app.command("template", cls=PlainCommand)
def template(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Which; without it, a list.", autocompletion=_names)
    ] = None,
    as_: Annotated[
        list[str] | None, typer.Option("--as", metavar="A=PARTY", help="Who A, B or C is; repeated.")
    ] = None,
) -> None:
    """A ladder to begin with, for a common measure: put it into a file, change it, and propose that."""
    from datetime import UTC, datetime

    from backchannel.desk.plans import templates

    given = settings(ctx)
    if name is None:
        show.tell({"templates": templates.NAMES}, _templates, as_json=given.json)
        return
    parties = dict(_assigned(one) for one in as_ or ())
    words = templates.template(name, parties, datetime.now(UTC).date())
    if given.json:
        show.print_json({"name": name, "template": words})
    else:
        sys.stdout.write(words)  # as a file, so that it can be put into one


def _assigned(one: str) -> tuple[str, str]:
    letter, sign, party = one.partition("=")
    if not sign or not party.strip():
        raise typer.BadParameter(f"{one!r} is not like A=Argentina.", param_hint="--as")
    return letter.strip(), show.foreign(party.strip())


def _templates(page: Page, facts: Facts) -> None:
    page.pairs(facts["templates"].items())
    page.say()
    page.say(
        "For instance: backchannel step template ceasefire "
        '--as A=Argentina --as B=Chile --as "C=Holy See" > ladder.toml'
    )


# --- proposing --------------------------------------------------------------------------------------------------------


@app.command("propose", cls=DeskCommand)
def propose(ctx: typer.Context, file: Plans, to: To = None) -> None:
    """Propose a ladder. It binds nobody: each party promises its own steps, or does not."""
    from backchannel.desk import steps

    with at_desk(ctx) as work:
        channel = work.ready()
        seats = sorted({channel.seat(who).id for who in to}) if to else None
        made = steps.plan(channel, _toml(file))
        _begin(work, channel, lambda: steps.propose(channel, made, seats), "Proposed")


def _toml(file: str) -> bytes:
    from backchannel.desk.plans.reading import MOST_BYTES

    return sys.stdin.buffer.read(MOST_BYTES + 1) if file == "-" else ask.read_file(Path(file), MOST_BYTES)


def _begin(work: Work, channel: Channel, deed: Callable[[], object], done: str) -> None:
    known = {held.position for held in channel.items("step")}
    fate = work.act(channel, deed)
    new = [held.value for held in channel.items("step") if held.position not in known]
    tell(work, channel, fate, done, new[-1] if fate == "sent" and new else None)


@app.command("add", cls=DeskCommand)
def add(ctx: typer.Context, ladder: Number, file: Plans) -> None:
    """Propose more steps in a ladder. Those that are there are called by their numbers: after = ["#3"]."""
    from backchannel.desk import steps

    with at_desk(ctx) as work:
        channel = work.ready()
        item = steps.ladder_at(channel, ladder)
        made = steps.plan(channel, _toml(file), item)
        if made.title:
            what = "This file has a title, and the ladder has one already."
            raise _misuse("plan", what, "Take it out; or propose a ladder of its own: step propose")
        _more(work, channel, item, made, "Added")


def _more(work: Work, channel: Channel, item: Ladder, made: Plan, done: str) -> None:
    from backchannel.desk import steps

    fate = work.act(channel, lambda: steps.add(channel, item, made))
    now = steps.ladder_at(channel, item.at.position)
    tell(work, channel, fate, done, now, list(range(len(item.steps) + 1, len(now.steps) + 1)))


@app.command("announce", cls=DeskCommand)
def announce(
    ctx: typer.Context,
    words: Annotated[
        str | None, typer.Argument(metavar="[WHAT]", help="What; typed if left out. As an argument the shell keeps it.")
    ] = None,
    ladder: Annotated[
        int | None, typer.Option("--in", metavar="LADDER", min=0, help="A ladder; else a new one.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TITLE", help="The new ladder's title.")] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="DAY", help="By the end of this day (UTC): 2026-12-01.")
    ] = None,
    where: Annotated[str, typer.Option("--where", metavar="PLACE")] = "",
    verified_by: Annotated[
        list[str] | None, typer.Option("--verified-by", metavar="PARTY", help="Who may find it kept; repeated.")
    ] = None,
    needed: Annotated[
        int | None, typer.Option("--needed", metavar="N", min=1, help="So many of these are enough; all, if left out.")
    ] = None,
    how: Annotated[str, typer.Option("--how", metavar="WORDS", help="How it is verified.")] = "",
    owed_to: Annotated[
        list[str] | None, typer.Option("--owed-to", metavar="PARTY", help="To whom; all the others, if left out.")
    ] = None,
    remind: Annotated[
        list[int] | None, typer.Option("--remind", metavar="DAYS", min=1, help="A reminder before; repeated.")
    ] = None,
    irreversible: Annotated[bool, typer.Option("--irreversible", help="It cannot be undone.")] = False,
    to: To = None,
    yes: Yes = False,
) -> None:
    """Announce a step of your own party, in return for nothing: it invites an answer, and demands none."""
    from backchannel.desk import steps

    if (ladder is None) == (title is None) or (ladder is not None and to):
        raise typer.BadParameter("Give --title for a new ladder (and --to, if not all read it), or --in LADDER.")
    lines: dict[str, Any] = {
        "where": where,
        "how": how,
        "verified_by": verified_by or [],
        "owed_to": owed_to or [],
        "remind_days": remind or [],
        "reversible": not irreversible,
    }
    lines |= {"findings_needed": needed} if needed is not None else {}
    lines |= {"by": day(by)} if by is not None else {}
    with at_desk(ctx) as work:
        channel = work.ready()
        item = steps.ladder_at(channel, ladder) if ladder is not None else None
        seats = sorted({channel.me, *(channel.seat(who).id for who in to)}) if to else None
        lines["what"] = ask.written(words, None, work.given, "step")
        made = steps.gesture(channel, lines, title or "", seats or (), item)
        ask.confirm(_announcing(made), work.given, yes=yes)
        if item is None:
            _begin(work, channel, lambda: steps.propose(channel, made, seats), "Announced")
            return
        _more(work, channel, item, made, "Announced")


def _announcing(made: Plan) -> str:
    (promise,) = made.promises
    return f"Announce, for {promise.doer}, to {show.names(promise.toward)}: “{said(promise.what)}”?"


# --- looking ----------------------------------------------------------------------------------------------------------


@app.command("list", cls=DeskCommand)
def list_(ctx: typer.Context) -> None:
    """All ladders that this seat can read, and what is awaited from you."""
    from backchannel.facts import step as facts

    with at_desk(ctx) as work:
        channel = work.read()
        found = [facts.line(channel, held.value) for held in channel.items("step")]
        work.tell({"ladders": found}, _list, channel)


def _list(page: Page, facts: Facts) -> None:
    for one in facts["ladders"]:
        pages.line(page, one)
    if not facts["ladders"]:
        page.say("No ladders. Begin with one: backchannel step template")


@app.command("show", cls=DeskCommand)
def show_(
    ctx: typer.Context,
    ladder: Annotated[
        int | None, typer.Argument(metavar="[LADDER]", min=0, help="Its number; left out where there is one only.")
    ] = None,
    number: Annotated[int | None, typer.Argument(metavar="[STEP]", min=1, help="One step of it, in full.")] = None,
) -> None:
    """A ladder: what is awaited from you, who does what by when, where each step stands, what waits for what."""
    from backchannel.cli import step_one
    from backchannel.desk import steps
    from backchannel.facts import step as facts

    with at_desk(ctx) as work:
        channel = work.read()
        item = _one(channel, ladder)
        one = facts.facts(channel, item)
        if number is None:
            work.tell({"ladder": one}, lambda page, facts: pages.ladder(page, facts["ladder"]), channel)
            return
        steps.step(item, number)
        found = {"ladder": {**one, "steps": None}, "step": one["steps"][number - 1]}
        work.tell(found, step_one.draw, channel)


def _one(channel: Channel, number: int | None) -> Ladder:
    from backchannel.desk import steps

    held = channel.items("step")
    if number is None and len(held) != 1:
        what = f"There are {len(held)} ladders here; which is meant?" if held else "There is no ladder here."
        raise _misuse("item", what, "See: backchannel step list")
    return steps.ladder_at(channel, held[0].position if number is None else number)


def _misuse(code: str, what: str, todo: str) -> Exception:
    """A `Misuse` by which nothing was done."""
    from backchannel.errors import Misuse

    return Misuse(code, what, todo, UNDONE)


# --- promising --------------------------------------------------------------------------------------------------------


@app.command("pledge", cls=DeskCommand)
def pledge(
    ctx: typer.Context,
    ladder: Number,
    which: Annotated[list[int], typer.Argument(metavar="STEP...", min=1, help="Steps of your own party.")],
    yes: Yes = False,
) -> None:
    """Promise steps, for your party. A promise stands: from its hour on a step that was not reported is late."""
    from backchannel.desk import steps, turns

    with at_desk(ctx) as work:
        channel = work.ready()
        item, numbers = steps.ladder_at(channel, ladder), list(dict.fromkeys(which))
        chosen = [turns.may(channel, item, n, "step.pledge") for n in numbers]
        if not work.given.json and not yes:
            _read_first(channel, item, numbers)
        party = channel.state.member(channel.me).party
        asks = f"Promise {listed(numbers, 'step')} of ladder {ladder}, “{item.title}”, for {party}?"
        ask.confirm(f"{asks} It cannot be taken back.", work.given, yes=yes)
        fate = work.act(channel, lambda: steps.pledge(channel, item, chosen))
        tell(work, channel, fate, "Promised", steps.ladder_at(channel, ladder), numbers)


def _read_first(channel: Channel, item: Ladder, numbers: list[int]) -> None:
    from backchannel.facts import step as facts

    one = facts.facts(channel, item)
    show.tell({"steps": [one["steps"][n - 1] for n in numbers]}, _briefly, as_json=False)


def _briefly(page: Page, facts: Facts) -> None:
    for part in facts["steps"]:
        pages.brief(page, part)


@app.command("withdraw", cls=DeskCommand)
def withdraw(ctx: typer.Context, ladder: Number, number: StepNumber, reason: Reason = "", yes: Yes = False) -> None:
    """Take back a step that is not promised yet, or was only announced, or has lost what it was given for."""
    from backchannel.desk import steps, turns

    with at_desk(ctx) as work:
        channel = work.ready()
        item = steps.ladder_at(channel, ladder)
        one = turns.may(channel, item, number, "step.withdraw")
        ask.confirm(f"Withdraw step {number}, “{said(one.promise.what)}”, for good?", work.given, yes=yes)
        fate = work.act(channel, lambda: steps.withdraw(channel, item, one, reason))
        tell(work, channel, fate, "Withdrawn", steps.ladder_at(channel, ladder), [number])


step_files.register(app)
step_evidence.register(app)
step_done.register(app)
step_export.register(app)
