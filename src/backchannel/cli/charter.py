"""`backchannel channel charter`: the terms, read and signed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from backchannel.cli import ask, show
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand, Group
from backchannel.cli.show import GOOD, STRONG, Facts, Page
from backchannel.errors import Misuse

if TYPE_CHECKING:
    from backchannel.channel.charter import Terms
    from backchannel.desk.channel import Channel

app = typer.Typer(cls=Group, no_args_is_help=True, help="The charter: the terms that every seat signs first.")

_LARGEST_FILE = 100_000


@app.command("show", cls=DeskCommand)
def show_(ctx: typer.Context) -> None:
    """The terms and who has signed them."""
    from backchannel.facts import common as facts

    with at_desk(ctx) as work:
        channel = work.read()
        work.tell({"charter": facts.charter(channel)}, _shown, channel)


def _shown(page: Page, facts: Facts) -> None:
    from backchannel.cli import draw

    if facts["charter"] is None:
        page.say("No charter is proposed yet.")
        page.say("The founder does it when all have joined: backchannel channel charter sign")
        return
    draw.terms(page, facts["charter"])


@app.command("sign", cls=DeskCommand)
def sign(
    ctx: typer.Context,
    file: Annotated[str | None, typer.Option("--file", metavar="TOML", help="Founder: the terms, as a file.")] = None,
    track: Annotated[str | None, typer.Option("--track", help="Founder: 1, 1.5, 2 or envoy.")] = None,
    attribution: Annotated[str | None, typer.Option("--attribution", help="Founder: attributed or chatham.")] = None,
    retention_days: Annotated[
        int | None, typer.Option("--retention-days", help="Founder: the longest that a note is kept, 1 to 3650.")
    ] = None,
    disclosure: Annotated[
        str | None, typer.Option("--disclosure", help="Founder: how many parties a disclosure needs, or all.")
    ] = None,
    reactions: Annotated[
        str | None, typer.Option("--reactions", help="Founder: to non-papers, named or from the hat: named or hat.")
    ] = None,
    objection: Annotated[
        str | None, typer.Option("--objection", metavar="none|K", help="Founder: how many parties end a non-paper.")
    ] = None,
    hat_days: Annotated[
        int | None, typer.Option("--hat-days", help="Founder: the hat goes round every so many days; 0: when called.")
    ] = None,
    pen: Annotated[
        str | None, typer.Option("--pen", help="Founder: who writes texts: intermediary, or passes from seat to seat.")
    ] = None,
    dossier: Annotated[
        str | None,
        typer.Option("--dossier", help="Founder: what passes to a successor: all, or record (without notes)."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without being asked.")] = False,
) -> None:
    """Read the terms and the seats in full, and sign. The founder proposes them first, and signs with that."""
    chosen = {
        "track": track,
        "attribution": attribution,
        "retention_days": retention_days,
        "disclosure": disclosure,
        "reactions": reactions,
        "objection": objection,
        "hat_days": hat_days,
        "pen": pen,
        "dossier": dossier,
    }
    asked = {name: value for name, value in chosen.items() if value is not None}
    from backchannel.desk import charters

    with at_desk(ctx) as work:
        channel = work.ready()
        state = channel.state
        me = state.seat(channel.me)
        founding = state.stage == "founding" and channel.me == state.founder
        if (file is not None or asked) and not founding:
            raise Misuse("rule", "The terms are proposed by the founder, before the charter is signed.")
        if founding and (state.charter is None or file is not None or asked):
            terms = charters.drawn_up(channel, {**(_read(file) if file is not None else {}), **asked})
            _propose(work, channel, terms, yes)
        else:
            if me is not None and me.signed:
                raise Misuse("signed", "You have signed this charter already.", "See: backchannel channel charter show")
            _sign(work, channel, yes)


def _propose(work: Work, channel: Channel, terms: Terms, yes: bool) -> None:
    from backchannel.facts import common as facts

    state = channel.state
    if len(state.present) < 2:
        raise Misuse(
            "alone",
            "Nobody but you has joined yet.",
            "Invite: backchannel channel invite",
        )
    proposal: Facts = {
        "terms": {field: getattr(terms, field) for field in terms.__struct_fields__},
        "seats": [{"name": one.name, "party": one.party, "role": one.role, "signed": False} for one in state.present],
        "awaits": [one.name for one in state.present],
        "in_force": False,
    }
    missing = [one.name for one in state.invitations if one.proposal.stage == "granted"]
    if not work.given.json:
        show.tell({"charter": proposal, "not_joined": missing}, _before, as_json=False)
    ask.confirm("Propose this charter, and sign it?", work.given, yes=yes)
    fate = work.act(channel, lambda: channel.propose_charter(terms))
    work.tell({"fate": fate, "charter": facts.charter(channel) or proposal, "not_joined": missing}, _proposed, channel)


def _before(page: Page, facts: Facts) -> None:
    _shown(page, facts)
    if facts["not_joined"]:
        page.say(f"{show.names(facts['not_joined'])} has not joined: who joins later makes all sign anew.", "yellow")


def _proposed(page: Page, facts: Facts) -> None:
    page.say("You have proposed the charter and signed it.", GOOD)
    page.say(f"It awaits {show.names(facts['charter']['awaits'])}; each runs: backchannel channel charter sign")


def _sign(work: Work, channel: Channel, yes: bool) -> None:
    from backchannel.facts import common as facts

    agreed = channel.state.charter  # before its terms are shown: what is signed is this one or none
    proposal = facts.charter(channel)
    if proposal is not None and not work.given.json:
        show.tell({"charter": proposal}, _shown, as_json=False)
    if proposal is not None:
        ask.confirm(f"Sign the charter “{proposal['terms']['title']}”?", work.given, yes=yes)
    fate = work.act(channel, lambda: channel.sign_charter(agreed))  # which says so if there is none
    me = channel.state.member(channel.me)
    told: Facts = {"fate": fate, "charter": facts.charter(channel), "stage": channel.state.stage}
    told |= {"standing": me.standing, "in_place_of": facts.in_place_of(channel.state, me)}
    work.tell(told, _signed, channel)


def _signed(page: Page, facts: Facts) -> None:
    page.say("You have signed the charter.", GOOD)
    awaits = (facts["charter"] or {"awaits": []})["awaits"]
    if facts["fate"] == "sent" and awaits:
        page.say(show.stop(f"It still awaits {show.names(awaits)}"))
    elif facts["standing"] == "guest" and facts["stage"] == "open":
        page.say("You come in with the next sync of any desk that is in the channel.", STRONG)
        if facts["in_place_of"]:
            page.say(f"What {facts['in_place_of']} could read follows then: backchannel desk sync --watch")
    elif facts["stage"] == "open":
        page.say("The channel is open: backchannel note send", STRONG)
    elif facts["fate"] == "sent":
        page.say("All have signed. The channel opens with the founder's next sync: backchannel desk sync")


# --- the founder's terms ----------------------------------------------------------------------------------------------


def _read(file: str) -> dict[str, Any]:
    from backchannel.desk.charters import DEFAULTS

    raw = ask.read_file(Path(file), _LARGEST_FILE)
    try:
        found = tomllib.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Misuse(
            "charter-file",
            f"The file {file} is not a charter: {error}.",
            'A line of it looks like: retention_days = 30, or: track = "envoy".',
            "Nothing was done.",
        ) from error
    known = {"title", "purpose", *DEFAULTS}
    strange = sorted(set(found) - known)
    if strange:
        raise Misuse(
            "charter-file",
            f"A charter has no {strange[0]!r}.",
            f"It has: {', '.join(sorted(known))}.",
            "Nothing was done.",
        )
    return found
