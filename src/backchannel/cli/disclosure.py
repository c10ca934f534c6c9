"""`backchannel disclosure`: show some clauses of an understanding, with proof, when the parties consent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, passed, show
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand, Group
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page
from backchannel.errors import Misuse
from backchannel.facts.disclosed import BUNDLE, FOR_GOOD, PAGE
from backchannel.facts.disclosure import facts

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.disclosure.rules import Disclosure

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Disclosures: some clauses of a signed understanding are shown, with proof, when the parties consent.",
)

NUMBER = Annotated[int, typer.Argument(metavar="N", min=0, help="Its number, from disclosure list.")]
REASON = Annotated[str, typer.Argument(metavar="[REASON]", help="Why, if it is to be said.")]


@app.command("propose", cls=DeskCommand)
def propose(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="N", min=0, help="The understanding's number.")],
    clause: Annotated[list[int], typer.Option("--clause", metavar="K", min=1, help="A clause to show; repeated.")],
    summary: Annotated[
        str | None, typer.Option("--summary", help="What they mean, in plain words. The shell's history keeps it.")
    ] = None,
    file: Annotated[str | None, typer.Option("--file", metavar="FILE|-", help="The summary, from a file.")] = None,
    lines: Annotated[str, typer.Option("--lines", help="What all parties will say about it, if anything.")] = "",
    to: Annotated[str, typer.Option("--to", metavar="READER", help="For whom; the public if left out.")] = "public",
    not_before: Annotated[
        str | None, typer.Option("--not-before", metavar="YYYY-MM-DD", help="The day (UTC) from which it may be shown.")
    ] = None,
    once: Annotated[
        str, typer.Option("--once", metavar="CONDITION", help="What has to be confirmed by the parties before.")
    ] = "",
    replaces: Annotated[
        int | None, typer.Option("--replaces", metavar="N", min=0, help="The disclosure that it corrects.")
    ] = None,
) -> None:
    """Propose to show some clauses. Nothing is shown before the parties consent, and somebody publishes it."""
    from backchannel.desk import disclosures

    with at_desk(ctx) as work:
        channel = work.ready()
        item, words = channel.understanding_at(number), ask.written(summary, file, work.given, "summary")
        before = channel.disclosure_at(replaces) if replaces is not None else None
        known = {held.position for held in channel.items("disclosure")}
        fate = work.act(
            channel,
            lambda: disclosures.propose(
                channel,
                item,
                clause,
                words,
                lines=lines,
                to=to,
                not_before=_day(not_before),
                condition=once,
                replaces=before,
            ),
        )
        mine = [held.value for held in channel.items("disclosure") if held.position not in known]
        _tell(work, channel, fate, mine[-1] if fate == "sent" and mine else None, "Proposed")


def _day(given: str | None) -> float:
    if given is None:
        return 0
    try:
        return datetime.strptime(given, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except (ValueError, OverflowError) as error:
        raise Misuse("day", f"{given!r} is no day.", "Write it as 1984-11-25.", "Nothing was done.") from error


@app.command("consent", cls=DeskCommand)
def consent(
    ctx: typer.Context,
    number: NUMBER,
    yes: Annotated[bool, typer.Option("--yes", help="Consent without being asked.")] = False,
) -> None:
    """Consent, for your party, to showing exactly these clauses."""
    from backchannel.desk import disclosures

    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.disclosure_at(number)
        if not work.given.json:
            show.tell({"disclosure": facts(channel, item)}, _before, as_json=False)
        to = facts(channel, item)["to"]
        ask.confirm(f"Consent to disclosure {number}: these clauses, shown to {to}?", work.given, yes=yes)
        fate = work.act(channel, lambda: disclosures.consent(channel, item))
        _tell(work, channel, fate, channel.disclosure_at(number), "Consented")


def _before(page: Page, told: Facts) -> None:
    draw(page, told["disclosure"])
    page.say()
    page.say(FOR_GOOD, STRONG)


@app.command("confirm", cls=DeskCommand)
def confirm(
    ctx: typer.Context,
    number: NUMBER,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm without being asked.")] = False,
) -> None:
    """Confirm, for your party, that the condition is met on which this waits."""
    from backchannel.desk import disclosures

    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.disclosure_at(number)
        condition = item.terms.condition or "it waits for nothing"
        ask.confirm(f"Confirm for disclosure {number}: “{condition}”?", work.given, yes=yes)
        fate = work.act(channel, lambda: disclosures.confirm(channel, item))
        _tell(work, channel, fate, channel.disclosure_at(number), "Confirmed")


@app.command("refuse", cls=DeskCommand)
def refuse(ctx: typer.Context, number: NUMBER, reason: REASON = "") -> None:
    """Do not consent: the proposal ends."""
    from backchannel.desk import disclosures

    _say(ctx, number, "Refused", lambda channel, item: disclosures.refuse(channel, item, reason))


@app.command("withdraw", cls=DeskCommand)
def withdraw(ctx: typer.Context, number: NUMBER) -> None:
    """Take your own proposal back, before it is agreed."""
    from backchannel.desk import disclosures

    _say(ctx, number, "Withdrawn", disclosures.withdraw)


@app.command("retract", cls=DeskCommand)
def retract(ctx: typer.Context, number: NUMBER, reason: REASON = "") -> None:
    """Say that your party no longer stands by the wording. What was shown stays shown."""
    from backchannel.desk import disclosures

    _say(ctx, number, "Retracted, for your party", lambda channel, item: disclosures.retract(channel, item, reason))


def _say(ctx: typer.Context, number: int, done: str, deed: Callable[[Channel, Disclosure], None]) -> None:
    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.disclosure_at(number)
        fate = work.act(channel, lambda: deed(channel, item))
        _tell(work, channel, fate, channel.disclosure_at(number), done)


@app.command("publish", cls=DeskCommand)
def publish(
    ctx: typer.Context,
    number: NUMBER,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for the page and its proof.")],
    comments: Annotated[str, typer.Option("--comments", metavar="ADDRESS", help="Where readers may write to.")] = "",
    see: Annotated[
        str, typer.Option("--see", metavar="ADDRESS", help="If it was replaced: where the other one is published.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Publish without being asked.")] = False,
) -> None:
    """Write the page and the proof into a folder, for you to publish. Nothing is sent anywhere.

    Of a disclosure that was shown, and then replaced or retracted, a page that says so and points to what replaces it.
    """
    from backchannel.desk import disclosures

    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.disclosure_at(number)
        if folder.exists():
            raise Misuse("exists", f"{folder} is there already.", "Name a new folder.", "Nothing was written.")
        over = disclosures.shown(item) and disclosures.standing(channel, item) in ("replaced", "retracted")
        if not over:
            disclosures.may_publish(channel, item)
        if not work.given.json:
            show.tell({"disclosure": facts(channel, item)}, _one if over else _before, as_json=False)
        ask.confirm(f"Write disclosure {number} into {folder}, to be published?", work.given, yes=yes)
        _make(folder)
        try:
            fate = _withdrawn(channel, item, folder, see) if over else _shown(work, channel, item, folder, comments)
        except BaseException:
            _unmake(folder)
            raise
        told = {"saved": str(folder), "page": str(folder / PAGE), "bundle": None if over else str(folder / BUNDLE)}
        found = facts(channel, channel.disclosure_at(number))
        work.tell({"fate": fate, "done": "Written", "disclosure": found, **told}, _published, channel)


def _shown(work: Work, channel: Channel, item: Disclosure, folder: Path, comments: str) -> str:
    from backchannel.desk import disclosures
    from backchannel.facts.disclosed import page_of
    from backchannel.papers.disclosed import html

    _address(comments)

    def deed() -> None:
        raw = disclosures.publish(channel, item)
        ask.write_file(folder / BUNDLE, raw)
        ask.write_file(folder / PAGE, html(page_of(raw, BUNDLE, comments)).encode())

    return work.act(channel, deed)


def _withdrawn(channel: Channel, item: Disclosure, folder: Path, see: str) -> str:
    """A page in the place of one that does not hold any more. It tells no reason: that was said in the channel."""
    from backchannel.facts.disclosed import notice_of
    from backchannel.papers.disclosed import notice

    made = notice(notice_of(channel, item, _address(see)))
    ask.write_file(folder / PAGE, made.encode())
    return "sent"


def _address(given: str) -> str:
    from backchannel.entry import text

    return text.line(given, "address", 500) if given else ""


def _make(folder: Path) -> None:
    try:
        folder.expanduser().mkdir(parents=True)
    except OSError as error:
        raise Misuse("folder", f"{folder} cannot be made: {error.strerror}.", "Choose another place.") from error


def _unmake(folder: Path) -> None:
    """Nothing half made stays behind."""
    from shutil import rmtree

    rmtree(folder.expanduser(), ignore_errors=True)


def _published(page: Page, told: Facts) -> None:
    _stands(page, told["disclosure"])
    if told["fate"] != "sent":
        page.say("The others are not told yet that it was published: that waits on this desk.")
    if told["bundle"] is None:
        page.say(f"Written: {told['page']}. Publish it where the page stood that it is about.", GOOD)
        return
    page.say(f"Written: {told['page']}, and its proof {told['bundle']}. Publish both together.", GOOD)
    page.say(f"Whoever has the proof can check it without you: backchannel verify {told['bundle']}")


@app.command("list", cls=DeskCommand)
def list_(ctx: typer.Context) -> None:
    """All disclosures that this seat can see."""
    with at_desk(ctx) as work:
        channel = work.read()
        work.tell({"disclosures": [facts(channel, held.value) for held in channel.items("disclosure")]}, _list, channel)


def _list(page: Page, told: Facts) -> None:
    for one in told["disclosures"]:
        page.say(f"{one['number']}  {one['of']}: {_clauses(one)}", STRONG)
        page.say(f"   {one['state_says']}")
        passed.mark(page, one)
    if not told["disclosures"]:
        page.say("No disclosures. Propose one: backchannel disclosure propose")


@app.command("show", cls=DeskCommand)
def show_(ctx: typer.Context, number: NUMBER) -> None:
    """One disclosure: what would be shown to whom, and who has consented."""
    with at_desk(ctx) as work:
        channel = work.read()
        work.tell({"disclosure": facts(channel, channel.disclosure_at(number))}, _one, channel)


def _one(page: Page, told: Facts) -> None:
    draw(page, told["disclosure"])


def _tell(work: Work, channel: Channel, fate: str, item: Disclosure | None, done: str) -> None:
    found = None if item is None else facts(channel, item)
    work.tell({"fate": fate, "done": done, "disclosure": found}, _done, channel)


def _done(page: Page, told: Facts) -> None:
    page.say(f"{told['done']}." if told["fate"] == "sent" else "Written. It waits on this desk.", GOOD)
    if told["disclosure"] is not None:
        (draw if told["done"] == "Proposed" else _stands)(page, told["disclosure"])


def _stands(page: Page, one: Facts) -> None:
    """How it stands: what it would show was shown before."""
    page.say(f"Disclosure {one['number']}: {one['state_says']}.")


def draw(page: Page, one: Facts) -> None:
    """A disclosure as a page."""
    page.say(f"Disclosure {one['number']}, of understanding {one['understanding']}: {one['of']}", STRONG)
    page.say(f"  {_clauses(one)}, to {one['to']}; proposed by {one['proposed_by']}", DIM)
    for clause in one["clauses"]:
        page.say(f"  {clause['number']}.")
        page.quote(clause["text"])
    page.say("  In plain words:")
    page.quote(one["summary"])
    if one["lines"]:
        page.say("  What all parties will say:")
        page.quote(one["lines"])
    if one["once"]:
        page.say("  Only once this is confirmed:")
        page.quote(one["once"])
    page.say(f"  {one['state_says'][0].upper()}{one['state_says'][1:]}.", STRONG)
    if one["consented"]:
        page.say(f"  Consented: {show.names(one['consented'])}.", DIM)
    if one["retracted"]:
        page.say(f"  No longer stand by its wording: {show.names(one['retracted'])}.")
    if one["reason"]:
        page.say(f"  Because: {one['reason']}")
    passed.mark(page, one)


def _clauses(one: Facts) -> str:
    numbers = [str(clause["number"]) for clause in one["clauses"]]
    return f"clause{'' if len(numbers) == 1 else 's'} {show.names(numbers)} of {one['of_clauses']}"
