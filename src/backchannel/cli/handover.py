"""`backchannel channel handover`, `freeze`, `pass-on`: a seat passes to a successor."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, invitation, show
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel

STAYS = "Non-papers, soundings and the hat do not pass; those under way in which the seat takes part lapse."
OWN = (
    "It is sealed to the successor alone. All seats see that this place passes, and to whom; nobody but the successor "
    "sees what goes with it.",
    "Until it is done both of you read what is said. Then your desk leaves the channel: your keys open nothing that "
    "comes after, and what you have read stays on this desk.",
    "A successor signs with new keys: an understanding that you have still to sign ends.",
)


def handover(
    ctx: typer.Context,
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="The successor, as all seats are to see the name.")],
    seat: Annotated[
        str | None, typer.Argument(metavar="[SEAT]", help="Whose place: your own if left out. Here or gone.")
    ] = None,
    days: Annotated[int, typer.Option("--days", help="How many days the code is good for, 1 to 30.")] = 14,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Offer a seat to a successor. Prints the code that you hand over yourself, never through the relay.

    Your own seat: at once, and what it could read goes with it. Another's, that cannot do so: with every party's yes.
    """
    from backchannel.desk import handovers
    from backchannel.facts import succession

    with at_desk(ctx) as work:
        channel = _ready(work)
        found = channel.state.member(channel.me) if seat is None else handovers.place(channel, seat)
        handovers.check_offer(channel, found.id, to, days)
        plan = succession.plan(channel, found, to)
        if not work.given.json:
            show.tell({"plan": plan}, _before, as_json=False)
        ask.confirm(f"Offer the place of {plan['of']} to {plan['to']}?", work.given, yes=yes)
        made: list[bytes] = []
        fate = work.act(channel, lambda: made.append(handovers.offer(channel, found.id, to, days)))
        if fate == "waits":
            work.tell({"code": None, "invitation": None, "name": plan["to"], "plan": plan}, invitation.waits, channel)
            return
        work.tell({**invitation.facts(channel, made[0]), "plan": plan}, _offered, channel)


def _ready(work: Work) -> Channel:
    channel = work.ready()
    channel.terms()  # says so where nobody can speak yet, or this seat no longer
    return channel


def _before(page: Page, told: Facts) -> None:
    from backchannel.cli.draw import counted

    one = told["plan"]
    page.say(f"{one['to']} is to come in the place of {one['of']}: {one['role']}, for {one['party']}.", STRONG)
    record = " (the charter lets no notes pass)" if one["dossier"] == "record" else ""
    if one["own"]:
        page.say(f"What passes: {counted(one['passes'])}, and what comes until then{record}.")
        for line in OWN:
            page.say(line)
        page.say(STAYS)
        return
    if one["here"]:
        page.say(f"{one['of']} leaves when {one['to']} comes in.")
    page.say(f"It takes the yes of {show.names(one['awaits'], none='nobody else')}; all seats see it.")
    if one["same_party"]:
        if one["passes"]:
            page.say(
                f"Of what {one['of']} has, your desk has {counted(one['passes'])}{record}, and can pass that on later."
            )
        else:
            page.say(
                f"Of what {one['of']} has, your desk has nothing{record}: {one['to']} will not see it, ladders neither."
            )
    else:
        page.say(f"Only a seat of {one['party']} could pass on what it has of it.")
    page.say(STAYS)


def _offered(page: Page, told: Facts) -> None:
    invitation.draw(page, told)
    one = told["plan"]
    if told["code"] is not None and one["own"]:
        page.say(
            f"{one['to']} joins with it, and signs the charter; compare the words with each other: "
            "backchannel channel verify-seat. Keep this desk open until then, and it does the rest: "
            "backchannel desk sync --watch",
            DIM,
        )


def freeze(
    ctx: typer.Context,
    seat: Annotated[str, typer.Argument(metavar="SEAT", help="Which seat of your own party.")],
    reason: Annotated[
        str, typer.Option("--reason", help="Why. All seats read it; write nothing that endangers whom it is about.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """In need: at once nothing more is sealed to another seat of your party, whoever has its desk now."""
    from backchannel.desk import handovers
    from backchannel.facts import common as facts

    with at_desk(ctx) as work:
        channel = _ready(work)
        found = channel.seat(seat)
        handovers.check_freeze(channel, found.id, reason)
        name = facts.name(channel.state, found.id)
        if not work.given.json:
            show.tell({"name": name}, _meaning, as_json=False)
        ask.confirm(f"Freeze {name} ({found.party})?", work.given, yes=yes)
        fate = work.act(channel, lambda: handovers.freeze(channel, found.id, reason))
        work.tell({"fate": fate, "name": name, "party": found.party, "reason": reason}, _frozen, channel)


def _meaning(page: Page, told: Facts) -> None:
    page.say(
        f"From now on nothing is sealed to {told['name']}, and that seat can say nothing more. It cannot be undone: "
        "who is to have the place again is given it as a successor, with new keys."
    )
    page.say(
        "What that desk has read stays on it. It is told that it is no longer in the channel, not by whom or why; but "
        "the reason stands in the record, which whoever has that desk may come to read."
    )


def _frozen(page: Page, told: Facts) -> None:
    if told["fate"] == "sent":
        page.say(f"{told['name']} is frozen: nothing more can be read there.", GOOD)
    else:
        page.say("Written. It waits on this desk: until it is sent, that seat reads on.", STRONG)
    page.say(f"To give the place to somebody else: backchannel channel handover {quote(told['name'])} --to NAME")


def pass_on(
    ctx: typer.Context,
    seat: Annotated[str, typer.Argument(metavar="SEAT", help="The successor, of your own party.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Pass on to a successor what your desk has of a seat of your party that could not do so itself."""
    from backchannel.desk import handovers
    from backchannel.facts import common as facts
    from backchannel.facts import succession

    with at_desk(ctx) as work:
        channel = _ready(work)
        heir = channel.seat(seat)
        before = handovers.predecessor(channel, heir)
        state = channel.state
        plan: Facts = {
            "to": facts.name(state, heir.id),
            "of": facts.name(state, before.id),
            "passes": handovers.passing(channel, before.id),
        }
        if not work.given.json:
            show.tell(plan, _passes, as_json=False)
        ask.confirm(f"Pass this on to {plan['to']}?", work.given, yes=yes)
        fate = work.act(channel, lambda: handovers.pass_on(channel, heir))
        mine = [one for one in handovers.given(channel) if (one.by, one.to) == (channel.me, heir.id)]
        made = succession.of_dossier(channel, mine[-1]) if mine else None
        work.tell({"fate": fate, "plan": plan, "dossier": made}, _passed, channel)


def _passes(page: Page, told: Facts) -> None:
    from backchannel.cli.draw import counted

    page.say(f"Of what {told['of']} could read, this desk has {counted(told['passes'])}.", STRONG)
    page.say(
        f"It is sealed to {told['to']} alone, who sees it as passed on by you: who wrote it cannot be verified again. "
        "What you have read and that seat could not does not pass. It cannot be taken back."
    )


def _passed(page: Page, told: Facts) -> None:
    from backchannel.cli import draw

    if told["dossier"] is None:
        page.say("Written. It waits on this desk.", STRONG)
        return
    page.say("It is on its way. This desk sends the rest by itself, as long as it is open.", GOOD)
    draw.dossier(page, told["dossier"])


def register(app: typer.Typer) -> None:
    """Add these commands to `backchannel channel`."""
    app.command("handover", cls=DeskCommand)(handover)
    app.command("freeze", cls=DeskCommand)(freeze)
    app.command("pass-on", cls=DeskCommand)(pass_on)
