"""`backchannel desk`: make a desk, look after it, keep it in step with its relays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, opening, sheet, show
from backchannel.cli.context import Work, at_desk, check_there, trouble_facts
from backchannel.cli.options import FAILED, DeskCommand, Group, Settings, settings
from backchannel.cli.progress import progress
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page
from backchannel.errors import BackchannelError, Misuse

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel

app = typer.Typer(
    cls=Group, no_args_is_help=True, help="Your desk: the folder on this machine that holds all you have."
)


@app.command("init", cls=DeskCommand)
def init(ctx: typer.Context) -> None:
    """Make a desk: an encrypted folder on this machine, opened by a passphrase."""
    given = settings(ctx)
    _check_new(given, "Use it, or name another folder with --desk.")
    phrase = ask.passphrase("New passphrase (12 characters at least)", twice=True)
    from backchannel.desk.desk import Desk

    with progress("Making the desk", quiet=given.json):
        Desk.create(given.folder, phrase).close()
    show.tell({"folder": str(given.folder.absolute())}, _made, as_json=given.json)


def _check_new(given: Settings, todo: str) -> None:
    """Before a passphrase is asked for: whether the folder is free."""
    if (given.folder / "vault.db").exists():
        raise Misuse("exists", f"There is a desk in {given.folder} already.", todo, "Nothing was changed.")


def _made(page: Page, facts: Facts) -> None:
    page.say(f"Your desk is in {facts['folder']}.", GOOD)
    page.say(
        "Nobody can open it without the passphrase, and nobody can give you a new one: keep it where only you look."
    )
    page.say("Next: found a channel (backchannel channel found), or join one (backchannel channel join).")


@app.command("discard", cls=DeskCommand)
def discard(
    ctx: typer.Context, number: Annotated[int, typer.Argument(metavar="N", min=0, help="Its number, from desk status.")]
) -> None:
    """Let go of something that came back: its words leave this desk."""
    with at_desk(ctx) as work:
        channel = work.channel()
        channel.discard(number)
        work.tell(
            {"discarded": number}, lambda page, told: page.say(f"Number {told['discarded']} is gone.", GOOD), channel
        )


@app.command("status", cls=DeskCommand)
def status(ctx: typer.Context) -> None:
    """What this desk holds: its channels, what waits to be sent, what came back and why. Asks no relay."""
    from backchannel.facts import common as facts
    from backchannel.facts import outbox

    with at_desk(ctx) as work:
        found = [
            {**facts.line(channel), "outbox": outbox.facts(channel), "files": outbox.files(channel)}
            for channel in work.desk.channels()
            if work.given.channel is None or channel is work.channel()
        ]
        restored = work.desk.vault.meta("restored") == "1"
        work.tell({"folder": str(work.given.folder.absolute()), "restored": restored, "channels": found}, _status)


def _status(page: Page, facts: Facts) -> None:
    from backchannel.cli import draw

    page.say(f"Desk in {facts['folder']}" + (", restored from a backup" if facts["restored"] else ""), STRONG)
    draw.channels(page, facts)
    for one in facts["channels"]:
        if one["outbox"] or one["files"]:
            page.say()
            page.say(f"{one['title']}:", STRONG)
            draw.outbox(page, one["outbox"])
        for file in one["files"]:
            page.say(f"On its way: {file['name']}, {file['here']} of {file['pieces']} pieces sent", "yellow")
    if facts["channels"] and not any(one["outbox"] or one["files"] for one in facts["channels"]):
        page.say("Nothing waits here: everything was sent.")


@app.command("sync", cls=DeskCommand)
def sync(
    ctx: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and show what comes, until Ctrl-C.")] = False,
) -> None:
    """Read what is new in every channel (or in --channel), do what is owed, send what waits."""
    with at_desk(ctx) as work:
        channels = work.desk.channels() if work.given.channel is None else [work.channel()]
        if not channels:
            work.channel()  # says that there is none, and what to do
        if watch:
            from backchannel.cli.watch import stay

            stay(work, channels)
            return
        found = [_synced(work, channel) for channel in channels]
        work.tell({"channels": found}, _sync)
        if any(one["trouble"] for one in found):
            raise typer.Exit(FAILED)


def _synced(work: Work, channel: Channel) -> Facts:
    from backchannel.cli import news, step_news
    from backchannel.desk import files, turns
    from backchannel.facts import common as facts

    trouble, report = None, None
    before = turns.seen(channel)
    try:
        with progress(f"Reading {channel.state.title or 'a channel'}", quiet=work.given.json) as told:
            report = files.carry(channel, told)
    except BackchannelError as error:
        trouble = trouble_facts(error)
    new = [] if report is None else [*news.of_all(channel, report.events), *step_news.moved(channel, before)]
    return {**facts.line(channel), "new": new, "trouble": trouble}


def _sync(page: Page, facts: Facts) -> None:
    from backchannel.cli import draw, news

    for one in facts["channels"]:
        draw.channel_line(page, one)
        for event in one["new"]:
            news.draw(page, event)
        if one["trouble"]:
            trouble = one["trouble"]
            page.say(f"  {trouble['what']} {trouble['safe']} {trouble['todo']}", "yellow")
        elif not one["new"]:
            page.say("  nothing new", DIM)


@app.command("backup", cls=DeskCommand)
def backup(
    ctx: typer.Context, file: Annotated[str, typer.Argument(metavar="FILE", help="The new file to write.")]
) -> None:
    """Write everything into one encrypted file, under a passphrase of its own."""
    with at_desk(ctx) as work:
        target = Path(file).expanduser()
        if not target.absolute().parent.is_dir():
            raise Misuse(
                "file", f"There is no folder {target.absolute().parent}.", "Make it first.", "Nothing was done."
            )
        phrase = ask.passphrase("Passphrase of the backup", variable=ask.BACKUP_PASSPHRASE, twice=True)
        with progress("Writing the backup", quiet=work.given.json) as told:
            work.desk.backup(target, phrase, progress=told)
        work.tell({"file": str(target.absolute()), "bytes": target.stat().st_size}, _backed_up)


def _backed_up(page: Page, facts: Facts) -> None:
    page.say(f"The backup is {facts['file']} ({facts['bytes']:,} bytes).", GOOD)
    page.say(
        "Whoever has it and its passphrase can read all that this desk can read, also what vanishes from the desk "
        "later. (Of non-papers and the hat it holds nothing.) Keep it where you would keep the papers themselves, and "
        "delete it when a newer one replaces it."
    )


@app.command("restore", cls=DeskCommand)
def restore(
    ctx: typer.Context, file: Annotated[str, typer.Argument(metavar="FILE", help="The backup to restore.")]
) -> None:
    """Make a desk from a backup, in a new folder (--desk). Its passphrase is then the backup's."""
    given = settings(ctx)
    _check_new(given, "Name a new folder with --desk.")
    phrase = ask.passphrase("Passphrase of the backup", variable=ask.BACKUP_PASSPHRASE)
    from backchannel.desk.desk import Desk
    from backchannel.facts import common as facts

    with progress("Restoring", quiet=given.json) as told:
        desk = Desk.restore(Path(file).expanduser(), given.folder, phrase, progress=told, **given.connection())
    with desk:
        found: Facts = {
            "folder": str(given.folder.absolute()),
            "channels": [facts.line(one) for one in desk.channels()],
        }
    show.tell(found, _restored, as_json=given.json)


def _restored(page: Page, facts: Facts) -> None:
    from backchannel.cli import draw

    page.say(f"Restored to {facts['folder']}. Its passphrase is the backup's.", GOOD)
    draw.channels(page, facts)
    page.say("Read what came since: backchannel desk sync. Use only one of the two desks from now on.")


@app.command("passphrase", cls=DeskCommand)
def passphrase(ctx: typer.Context) -> None:
    """Change the passphrase. Backups keep theirs."""
    given = settings(ctx)
    from backchannel.desk.desk import Desk

    check_there(given)
    old = ask.passphrase("Present passphrase")
    with progress("Opening the desk", quiet=given.json):
        desk = Desk.open(given.folder, old)
    with desk:
        new = ask.passphrase("New passphrase (12 characters at least)", variable=ask.NEW_PASSPHRASE, twice=True)
        with progress("Sealing the desk anew", quiet=given.json):
            desk.vault.change_passphrase(old, new)
    show.tell({"folder": str(given.folder.absolute()), "changed": True}, _changed, as_json=given.json)


def _changed(page: Page, facts: Facts) -> None:
    page.say("The passphrase is changed: the old one opens nothing here any more.", GOOD)
    page.say("Backups that were made before keep their own.")


app.command("open", cls=DeskCommand)(opening.open_)
sheet.register(app)
