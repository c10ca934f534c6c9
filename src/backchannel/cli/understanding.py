"""`backchannel understanding`: a text that is initialled, then signed, and can be proved."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, passed, show
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand, Group, PlainCommand, settings
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page
from backchannel.entry.text import tidy

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.instruments.understanding.record import Proven
    from backchannel.instruments.understanding.values import Annex, Understanding

app = typer.Typer(cls=Group, no_args_is_help=True, help="Understandings: agreed texts, initialled, then signed.")

NUMBER = Annotated[int, typer.Argument(metavar="N", min=0, help="Its number, from understanding list.")]

LARGEST_ANNEX = 1_000_000_000

MEANING = (
    "Signing binds you. Your signature lasts, and anybody who has the saved text can check it: that you signed cannot "
    "be denied later, and it cannot be undone. (A note is the opposite: it proves nothing.)"
)


@app.command("propose", cls=DeskCommand)
def propose(
    ctx: typer.Context,
    title: Annotated[str, typer.Option("--title", help="What it is called.")],
    sign: Annotated[list[str], typer.Option("--sign", metavar="NAME", help="Who is to sign; at least two, repeated.")],
    file: Annotated[
        str | None,
        typer.Option(
            "--file", metavar="FILE|-", help="The text: its clauses are numbered 1. 2. .., or parted by lines."
        ),
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="The text itself. The shell's history keeps it.")] = None,
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="NAME", help="Who else can read it; everybody if left out.")
    ] = None,
    annex: Annotated[
        list[str] | None,
        typer.Option("--annex", metavar="FILE", help="A file that belongs to it, by its hash; may be repeated."),
    ] = None,
) -> None:
    """Propose a text. Nobody is bound by that: its signatories initial it first, then sign."""
    from backchannel.desk import understandings

    with at_desk(ctx) as work:
        channel = work.ready()
        words = ask.written(text, file, work.given, "text")
        signers = [channel.seat(who).id for who in sign]
        readers = sorted({*signers, *(channel.seat(who).id for who in to)}) if to else None
        known = {held.position for held in channel.items("understanding")}
        files = [_annex(name) for name in annex or []]
        fate = work.act(channel, lambda: understandings.propose(channel, title, words, signers, readers, files))
        mine = [u.value for u in channel.items("understanding") if u.position not in known]
        _tell(work, channel, fate, mine[-1] if fate == "sent" and mine else None, "Proposed")


def _annex(name: str) -> Annex:
    from backchannel.instruments.understanding.values import Annex

    file = Path(name)
    return Annex(tidy(file.name), sha256(ask.read_file(file, LARGEST_ANNEX)).digest())


@app.command("initial", cls=DeskCommand)
def initial(ctx: typer.Context, number: NUMBER) -> None:
    """Initial: this is the text. Binds nobody yet; when all have initialled, it can be signed."""
    from backchannel.desk import understandings
    from backchannel.facts import may

    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.understanding_at(number)
        may.bind(channel, item, "initial")
        fate = work.act(channel, lambda: understandings.initial(channel, item))
        _tell(work, channel, fate, channel.understanding_at(number), "Initialled")


@app.command("referendum", cls=DeskCommand)
def referendum(ctx: typer.Context, number: NUMBER) -> None:
    """Say that what you have initialled needs your capital's yes. Signing says yes; withdrawing, or silence, no."""
    from backchannel.desk import understandings

    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.understanding_at(number)
        fate = work.act(channel, lambda: understandings.refer(channel, item))
        _tell(work, channel, fate, channel.understanding_at(number), "Said: your capital has to agree")


@app.command("sign", cls=DeskCommand)
def sign_(
    ctx: typer.Context,
    number: NUMBER,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without being asked.")] = False,
) -> None:
    """Sign, after reading the exact text. This binds, cannot be denied, and cannot be undone."""
    from backchannel.desk import understandings
    from backchannel.facts import may
    from backchannel.facts import understanding as facts

    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.understanding_at(number)
        may.bind(channel, item, "sign")
        if not work.given.json:
            show.tell({"understanding": facts.facts(channel, item)}, _meaning, as_json=False)
        ask.confirm(f"Sign understanding {number}, “{item.terms.title}”, for good?", work.given, yes=yes)
        fate = work.act(channel, lambda: understandings.sign(channel, item))
        _tell(work, channel, fate, channel.understanding_at(number), "Signed")


def _meaning(page: Page, facts: Facts) -> None:
    from backchannel.cli import draw

    draw.matter(page, facts["understanding"])
    page.say()
    page.say(MEANING, STRONG)


@app.command("withdraw", cls=DeskCommand)
def withdraw(
    ctx: typer.Context,
    number: NUMBER,
    reason: Annotated[str, typer.Option("--reason", help="Why. All who can read the text read it.")],
) -> None:
    """Withdraw it, before all have signed."""
    from backchannel.desk import understandings
    from backchannel.facts import may

    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.understanding_at(number)
        may.bind(channel, item, "withdraw")
        fate = work.act(channel, lambda: understandings.withdraw(channel, item, reason))
        _tell(work, channel, fate, channel.understanding_at(number), "Withdrawn")


def _tell(work: Work, channel: Channel, fate: str, item: Understanding | None, done: str) -> None:
    from backchannel.facts import understanding as facts

    found = None if item is None else facts.facts(channel, item)
    work.tell({"fate": fate, "done": done, "understanding": found}, _done, channel)


def _done(page: Page, facts: Facts) -> None:
    from backchannel.cli import draw

    page.say(f"{facts['done']}." if facts["fate"] == "sent" else "Written. It waits on this desk.", GOOD)
    one = facts["understanding"]
    if one is None:
        return
    draw.matter(page, one)
    if one["next"]:
        page.say(f"It awaits {show.names(one['awaits'])}: backchannel understanding {one['next']} {one['number']}")
    if one["state"] == "complete":
        page.say("Signed by all. Save the proof: backchannel understanding show --save FILE", STRONG)


@app.command("list", cls=DeskCommand)
def list_(ctx: typer.Context) -> None:
    """All understandings that this seat can read."""
    from backchannel.facts import understanding as facts

    with at_desk(ctx) as work:
        channel = work.read()
        found = [facts.facts(channel, held.value) for held in channel.items("understanding")]
        work.tell({"understandings": found}, _list, channel)


def _list(page: Page, facts: Facts) -> None:
    for one in facts["understandings"]:
        page.say(f"{one['number']}  {one['title']}", STRONG)
        page.say(f"   {one['state_says']}; between {show.names([p['name'] for p in one['parties']])}", DIM)
        passed.mark(page, one)
    if not facts["understandings"]:
        page.say("No understandings. Propose one: backchannel understanding propose")


@app.command("show", cls=DeskCommand)
def show_(
    ctx: typer.Context,
    number: NUMBER,
    save: Annotated[
        str | None, typer.Option("--save", metavar="FILE", help="Write the signed text and its proof to a new file.")
    ] = None,
) -> None:
    """One understanding: its exact text, who has initialled and signed."""
    from backchannel.desk import understandings
    from backchannel.facts import understanding as facts

    with at_desk(ctx) as work:
        channel = work.read()
        item = channel.understanding_at(number)
        if save is not None:
            ask.write_file(Path(save), understandings.record(channel, item))
        told = {"understanding": facts.facts(channel, item), "saved": save}
        work.tell(told, _one, channel)


def _one(page: Page, facts: Facts) -> None:
    from backchannel.cli import draw

    draw.matter(page, facts["understanding"])
    for party in facts["understanding"]["parties"]:
        if party["words"]:
            page.say(f"  The keys of {party['name']} in this record:", DIM)
            page.words(party["words"])
    if facts["saved"]:
        page.say(f"Saved as {facts['saved']}. Whoever has the file can read the text and check who signed it:", GOOD)
        page.say(f"  backchannel understanding verify {facts['saved']}")


@app.command("verify", cls=PlainCommand)
def verify(ctx: typer.Context, file: Annotated[str, typer.Argument(metavar="FILE")]) -> None:
    """Check a saved understanding. Needs no desk, no passphrase and no relay."""
    from backchannel.instruments.understanding import record

    found = record.verify(record.read(ask.read_file(Path(file), record.LARGEST)))
    show.tell(proven(found), _verified, as_json=settings(ctx).json)


PROVES = (
    "That the holders of the desks with these words, and nobody else, have all signed exactly this, and called each "
    "other by these names."
)
PROVES_NOT = (
    "Who they are: compare the words with those persons. It does not prove when it was signed, nor that nothing else "
    "was agreed."
)


def proven(found: Proven) -> Facts:
    """What a record that verifies shows, and what it does not."""
    closed = [k for k, clause in enumerate(found.clauses, 1) if clause is None]
    unnamed = {"name": "(not shown)", "party": "(not shown)", "role": "(not shown)"}
    return {
        "ok": True,
        "title": found.title,
        "clauses": list(found.clauses),
        "closed": closed,
        "annexes": [{"name": name, "sha256": sha.hex()} for name, sha in found.annexes],
        "parties": [
            {
                **(unnamed if one.who is None else {f: getattr(one.who, f) for f in unnamed}),
                "words": list(one.keys.words()),
            }
            for one in sorted(found.signatories, key=lambda one: "" if one.who is None else one.who.name)
        ],
        "proves": PROVES,
        "proves_not": PROVES_NOT,
    }


def _verified(page: Page, facts: Facts) -> None:
    from backchannel.cli import draw

    whole = "exactly this text" if not facts["closed"] else "a text of which this is a part"
    page.say(f"Every signature holds for {whole}.", GOOD)
    page.say()
    page.say(facts["title"] or "(the title is not shown)", STRONG)
    draw.clauses(page, facts["clauses"])
    draw.annexes(page, facts["annexes"])
    if facts["closed"]:
        shown = len(facts["clauses"]) - len(facts["closed"])
        page.say(f"  {shown} of {len(facts['clauses'])} clauses are shown; what the others say, nothing here tells.")
    for one in facts["parties"]:
        page.say()
        page.say(f"{one['name']}, {one['role']}, for {one['party']}; the words of these keys:")
        page.words(one["words"])
    page.say()
    page.say(f"What this proves: {facts['proves']}")
    page.say(f"What it does not: {facts['proves_not']}")
