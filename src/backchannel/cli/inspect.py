"""`backchannel channel log`, `verify`: the record, entry by entry, and the check of all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli.context import at_desk
from backchannel.cli.options import FAILED, DeskCommand
from backchannel.cli.progress import progress
from backchannel.cli.show import BAD, DIM, GOOD, Facts, Page, local

if TYPE_CHECKING:
    from backchannel.desk.book.entries import Logged
    from backchannel.desk.channel import Channel

VERDICTS = {
    "start": "opens a line to this seat",
    "closed": "sealed, and not for this desk",
    "record": "the record that an entry was erased",
    "erased": "its text was gone before this desk read it",
    "rejected": "not accepted",
}


def log(
    ctx: typer.Context,
    since: Annotated[int, typer.Option("--since", metavar="N", min=0, help="From this number on.")] = 0,
) -> None:
    """Every entry of the record: arrival, what it was, by whom; what was not accepted, and why; what is erased."""
    with at_desk(ctx) as work:
        channel = work.read()
        rows = [_entry(channel, one) for one in channel.session.book.entries.log(since)]
        work.tell({"entries": channel.size, "log": rows}, _log, channel)


def _entry(channel: Channel, one: Logged) -> Facts:
    from backchannel.facts import common as facts

    known = one.verdict in ("act", "line")
    if known and facts.left(channel) and one.kind in facts.CALM and one.sender != channel.me:
        one = one._replace(kind="seats", sender=None)
    about = channel.session.book.items.at(one.item) if one.kind.startswith("nonpaper.") else None
    untold = facts.from_hat(about.value if about is not None else None, one.kind, one.position)
    return {
        "number": one.position,
        "arrived": facts.at(one.leaf.arrival),
        "what": facts.KINDS.get(one.kind, one.kind) if known else VERDICTS[one.verdict],
        "kind": one.kind,
        "verdict": one.verdict,
        "by": None if one.sender is None or untold else facts.name(channel.state, one.sender),
        "why": one.note.partition(": ")[2] or one.note,
        "erased_by": one.gone,
    }


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
