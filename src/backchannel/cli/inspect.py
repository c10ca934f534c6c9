"""`backchannel channel log`, `verify`: the record, entry by entry, and the check of all of it."""

from __future__ import annotations

from typing import Annotated

import typer

from backchannel.cli.context import at_desk
from backchannel.cli.options import FAILED, DeskCommand
from backchannel.cli.progress import progress
from backchannel.cli.show import BAD, DIM, GOOD, Facts, Page, local


def log(
    ctx: typer.Context,
    since: Annotated[int, typer.Option("--since", metavar="N", min=0, help="From this number on.")] = 0,
) -> None:
    """Every entry of the record: arrival, what it was, by whom; what was not accepted, and why; what is erased."""
    from backchannel.facts.log import entry

    with at_desk(ctx) as work:
        channel = work.read()
        rows = [entry(channel, one) for one in channel.session.book.entries.log(since)]
        work.tell({"entries": channel.size, "log": rows}, _log, channel)


def _log(page: Page, facts: Facts) -> None:
    for one in facts["log"]:
        who = f", {one['by']}" if one["by"] else ""
        gone = f", erased since (see {one['erased_by']})" if one["erased_by"] is not None else ""
        style = BAD if one["verdict"] == "rejected" else "" if one["by"] else DIM
        page.say(f"{one['number']:>5}  {local(one['arrived'])}  {one['what']}{who}{gone}", style)
        if one["why"]:
            page.say(f"       {one['why']}", BAD)
    page.say(f"{facts['entries']:,} entries. Times are the relay's, to five minutes.", DIM)


def verify(ctx: typer.Context) -> None:
    """Check the whole record again: read it anew from the relay, judge every act, check every understanding."""
    from backchannel.desk.audit import audit

    with at_desk(ctx) as work:
        channel = work.ready()
        if work.trouble is not None:
            raise work.trouble
        with progress("Checking the record", quiet=work.given.json) as told:
            found = audit(channel, told)
        findings = [{"name": one.name, "ok": one.ok, "detail": one.detail} for one in found]
        ok = all(one.ok for one in found)
        work.tell({"ok": ok, "findings": findings}, _findings, channel)
        if not ok:
            raise typer.Exit(FAILED)


def _findings(page: Page, facts: Facts) -> None:
    for one in facts["findings"]:
        page.say(f"{'holds' if one['ok'] else 'DOES NOT HOLD'}  {one['name']}", GOOD if one["ok"] else BAD)
        page.say(f"       {one['detail']}")
    if facts["ok"]:
        page.say("All holds. Whether the others see the same record, only comparing words tells: channel compare")
    else:
        page.say("Send nothing that matters here until the seats have compared words: channel compare", BAD)


def register(app: typer.Typer) -> None:
    """Add these commands to `backchannel channel`."""
    app.command("log", cls=DeskCommand)(log)
    app.command("verify", cls=DeskCommand)(verify)
