"""`backchannel mandate`: for whom a seat may initial and sign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, passed, show
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand, Group
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page
from backchannel.errors import Misuse
from backchannel.facts.mandate import facts

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.mandate import Attestation, Mandate

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Mandates: for whom a seat may initial and sign, until when, and what attests it.",
)

NUMBER = Annotated[int, typer.Argument(metavar="N", min=0, help="Its number, from mandate list.")]
MOST_FILE = 65_536


@app.command("grant", cls=DeskCommand)
def grant(
    ctx: typer.Context,
    to: Annotated[str, typer.Argument(metavar="NAME", help="The seat, of your own party; or your own.")],
    scope: Annotated[str, typer.Argument(metavar="SCOPE", help="What it may speak for. The shell's history keeps it.")],
    act: Annotated[
        list[str] | None, typer.Option("--act", metavar="initial|sign", help="What it may do; repeated. Both if none.")
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3_653, help="How long it holds.")] = 365,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="A certificate (DER) that attests the keys..")
    ] = None,
    signature: Annotated[
        Path | None, typer.Option("--signature", metavar="FILE", help="..and its signature of: mandate statement.")
    ] = None,
    published: Annotated[
        str | None, typer.Option("--published", metavar="WHERE", help="Where an institution publishes the statement.")
    ] = None,
) -> None:
    """Let a seat of your party initial and sign. A seat whose party has no principal here declares it of itself."""
    from backchannel.desk import mandates

    with at_desk(ctx) as work:
        channel = work.ready()
        seat, came = channel.seat(to), _attestation(certificate, signature, published)
        known = {held.position for held in channel.items("mandate")}
        fate = work.act(
            channel,
            lambda: mandates.grant(channel, seat.id, act or ["initial", "sign"], scope, days=days, attestation=came),
        )
        mine = [held.value for held in channel.items("mandate") if held.position not in known]
        _tell(work, channel, fate, mine[-1] if fate == "sent" and mine else None, "Granted")


def _attestation(certificate: Path | None, signature: Path | None, published: str | None) -> Attestation | None:
    from backchannel.entry import text
    from backchannel.instruments.mandate import X509, Published

    if (certificate is None) != (signature is None) or (certificate is not None and published is not None):
        raise Misuse(
            "attestation",
            "What attests the keys was not given in one of the two ways.",
            "Give --certificate and --signature, or --published, or neither.",
            "Nothing was done.",
        )
    if certificate is not None and signature is not None:
        return X509(_file(certificate), _file(signature))
    return Published(text.tidy(published)) if published is not None else None


def _file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_FILE + 1)
    except OSError as error:
        raise _unfit(f"{path} cannot be read: {error.strerror}.") from error
    if len(raw) > MOST_FILE // 2:
        raise _unfit(f"{path} is too long for a certificate or a signature.")
    return raw


def _unfit(what: str) -> Misuse:
    return Misuse("file", what, "Check its name.", "Nothing was done.")


@app.command("revoke", cls=DeskCommand)
def revoke(
    ctx: typer.Context,
    number: NUMBER,
    reason: Annotated[str, typer.Argument(metavar="[REASON]", help="Why, if it is to be said.")] = "",
) -> None:
    """Take a mandate back from now on. What was signed before stays signed."""
    from backchannel.desk import mandates

    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.mandate_at(number)
        fate = work.act(channel, lambda: mandates.revoke(channel, item, reason))
        _tell(work, channel, fate, channel.mandate_at(number), "Revoked")


@app.command("statement", cls=DeskCommand)
def statement(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Write it into a new file.")] = None,
) -> None:
    """The line that your institution signs, to attest that these signing keys are yours."""
    from backchannel.desk import mandates

    with at_desk(ctx) as work:
        said = mandates.own_statement(work.channel())
        if file is not None:
            ask.write_file(file, said)
        work.tell({"statement": said.decode().rstrip("\n"), "saved": str(file) if file else None}, _statement)


def _statement(page: Page, told: Facts) -> None:
    page.say("Your institution signs exactly this line, with its line feed:", STRONG)
    page.quote(told["statement"])
    if told["saved"]:
        page.say(f"Saved as {told['saved']}.", GOOD)
    file = told["saved"] or "FILE"
    page.say(f"For instance: openssl dgst -sha256 -sign KEY -out SIGNATURE {file}", DIM)
    page.say("Then your mandate carries it: mandate grant .. --certificate CERT.der --signature SIGNATURE", DIM)


@app.command("list", cls=DeskCommand)
def list_(ctx: typer.Context) -> None:
    """All mandates that this seat was shown."""
    with at_desk(ctx) as work:
        channel = work.read()
        work.tell({"mandates": [facts(channel, held.value) for held in channel.items("mandate")]}, _list, channel)


def _list(page: Page, told: Facts) -> None:
    for one in told["mandates"]:
        draw(page, one)
    if not told["mandates"]:
        page.say("No mandates. A principal grants one: backchannel mandate grant")


@app.command("show", cls=DeskCommand)
def show_(ctx: typer.Context, number: NUMBER) -> None:
    """One mandate."""
    with at_desk(ctx) as work:
        channel = work.read()
        work.tell({"mandate": facts(channel, channel.mandate_at(number))}, _one, channel)


def _one(page: Page, told: Facts) -> None:
    draw(page, told["mandate"])


def _tell(work: Work, channel: Channel, fate: str, item: Mandate | None, done: str) -> None:
    found = None if item is None else facts(channel, item)
    work.tell({"fate": fate, "done": done, "mandate": found}, _done, channel)


def _done(page: Page, told: Facts) -> None:
    page.say(f"{told['done']}." if told["fate"] == "sent" else "Written. It waits on this desk.", GOOD)
    if told["mandate"] is not None:
        draw(page, told["mandate"])


def draw(page: Page, one: Facts) -> None:
    """A mandate as a page."""
    by = "declared by that seat itself" if one["declared"] else f"granted by {one['by']}"
    page.say(f"Mandate {one['number']}: {one['to']} may {show.names(one['acts'])} for {one['party']}", STRONG)
    page.quote(one["scope"])
    page.say(f"  {by[0].upper()}{by[1:]}; {one['state_says']}.")
    if one["reason"]:
        page.say(f"  Because: {one['reason']}")
    page.say(f"  {one['attested_says']}", DIM)
    passed.mark(page, one)
