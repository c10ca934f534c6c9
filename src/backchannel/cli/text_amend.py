"""`backchannel text`: amendments, proposed by anybody and decided by the pen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask
from backchannel.cli import text_page as pages
from backchannel.cli import text_redline as marks
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand
from backchannel.cli.show import GOOD, Facts, Page
from backchannel.cli.text_pen import Bracket, Number, ParagraphNumber, act
from backchannel.errors import Misuse
from backchannel.facts import may
from backchannel.facts import redline as redlines
from backchannel.facts import text as told_of
from backchannel.facts.may import UNDONE
from backchannel.facts.saying import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backchannel.desk.changes import Draft
    from backchannel.desk.channel import Channel
    from backchannel.entry.ids import EntryId
    from backchannel.instruments.text.values import Text

Amendments = Annotated[list[int], typer.Argument(metavar="A...", min=0, help="The amendment's number; several.")]
Reason = Annotated[str, typer.Option("--reason", metavar="WORDS", help="Why. The shell's history keeps it.")]


def amend(
    ctx: typer.Context,
    number: Number,
    words: Annotated[
        str | None,
        typer.Argument(metavar="[WORDS]", help="The words; typed if left out. As an argument the shell keeps them."),
    ] = None,
    replace: Annotated[int | None, typer.Option("--replace", metavar="P", help="Other words for paragraph P.")] = None,
    insert: Annotated[
        int | None, typer.Option("--insert", metavar="P", min=0, help="New paragraphs after P; 0 is the beginning.")
    ] = None,
    delete: Annotated[int | None, typer.Option("--delete", metavar="P", help="Take paragraph P out.")] = None,
    move: Annotated[int | None, typer.Option("--move", metavar="P", help="Move paragraph P, to --after Q.")] = None,
    after: Annotated[
        int | None, typer.Option("--after", metavar="Q", min=0, help="With --move; 0: to the top.")
    ] = None,
    split: Annotated[
        int | None, typer.Option("--split", metavar="P", help="Make two of P: a blank line parts them.")
    ] = None,
    merge: Annotated[
        int | None, typer.Option("--merge", metavar="P", help="Make one of P and the next; words only if other ones.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="FILE|-", help="Several changes, each under a line: == replace P")
    ] = None,
    file: Annotated[str | None, typer.Option("--file", metavar="FILE|-", help="The words, from a file.")] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="WORDS", help="Why. The shell's history keeps it.")] = "",
) -> None:
    """Propose a change, or several that go together. If you hold the pen, it is made.

    Numbers are those that paragraphs have now. In a file a line stands over the words of each change, and says which
    it is: "== replace P", "== insert after P", "== delete P", "== move P after Q", "== split P" or "== merge P".
    """
    from backchannel.desk import changes

    ways = {"replace": replace, "insert": insert, "delete": delete, "move": move, "split": split, "merge": merge}
    chosen = [(do, which) for do, which in ways.items() if which is not None]
    if len(chosen) + (from_ is not None) != 1:
        raise typer.BadParameter("Name one change: --replace, --insert, --delete, --move, --split, --merge or --from.")
    if (move is None) != (after is None):
        raise typer.BadParameter("--move P goes with --after Q.")
    with at_desk(ctx) as work:
        before = seen(work, number)
        channel = work.ready()
        item = channel.text_at(number)
        may.work(channel, item)
        draft = changes.Draft(channel, item)
        if from_ is not None:
            changes.read(draft, ask.written(None, from_, work.given, "changes"))
        else:
            ((do, which),) = chosen
            draft.add(do, which, _words(work, do, words, file), behind=after or 0)
        unchanged(before, item, draft.numbers)
        draft.check()
        _amend(work, channel, item, draft, reason)


def _words(work: Work, do: str, words: str | None, file: str | None) -> str:
    from backchannel.desk.changes import WITHOUT_WORDS

    given = words is not None or file is not None
    if do in WITHOUT_WORDS and given:
        raise Misuse("usage", f"Nothing is written to {do} a paragraph.", "Leave the words out.", UNDONE)
    return ask.written(words, file, work.given, "words") if given or do not in (*WITHOUT_WORDS, "merge") else ""


def _amend(work: Work, channel: Channel, item: Text, draft: Draft, reason: str) -> None:
    from backchannel.desk import texts

    known = {one.id for one in (*item.proposed, *item.settled)}
    fate = work.act(channel, lambda: texts.amend(channel, item, draft.changes, reason))
    item = channel.text_at(item.at.position)
    new = [one for one in (*item.proposed, *item.settled) if one.id not in known and one.seat == channel.me]
    facts: Facts = {
        "fate": fate,
        "amendment": redlines.amendment_facts(channel, item, new[-1]) if new else None,
        "text": told_of.facts(channel, item),
    }
    work.tell(facts, _amended, channel)


def _amended(page: Page, facts: Facts) -> None:
    made, one = facts["amendment"], facts["text"]
    if made is None:
        page.say("Written. It waits on this desk.", GOOD)
    elif made["outcome"] == "accepted":
        page.say("Done: you hold the pen.", GOOD)
        pages.after(page, one)
    else:
        page.say(f"Proposed. {one['pen']} holds the pen, and decides.", GOOD)
        marks.amendment(page, made)


def seen(work: Work, number: int) -> dict[int, tuple[bytes, int]]:
    """The paragraphs as this desk had them before it asked the relay: what its person can have read."""
    held = [one.value for one in work.channel().items("text") if one.position == number]
    return {n: (one.id, one.revision) for n, one in enumerate(held[0].here, 1)} if held else {}


def unchanged(before: dict[int, tuple[bytes, int]], item: Text, wanted: Iterable[int]) -> None:
    """`Misuse("changed")` if a number stands for other words since: who agrees or amends has read it."""
    from backchannel.desk import texts

    for n in sorted(wanted):
        one = texts.paragraph(item, n)
        if before.get(n) != (one.id, one.revision):
            raise Misuse(
                "changed",
                f"What stands as paragraph {n} came, or changed, only now.",
                f"Read it first: backchannel text show {item.at.position}",
                UNDONE,
            )


def amendments(
    ctx: typer.Context,
    number: Number,
    every: Annotated[bool, typer.Option("--all", help="Those too that were accepted or taken back.")] = False,
) -> None:
    """What was proposed, overtaken or refused, beside what the paragraphs say now."""
    with at_desk(ctx) as work:
        channel = work.read()
        item = channel.text_at(number)
        found = [
            redlines.amendment_facts(channel, item, one)
            for one in sorted((*item.settled, *item.proposed), key=lambda one: one.at.position)
            if every or one.outcome in ("proposed", "overtaken", "refused")
        ]
        work.tell({"text": told_of.facts(channel, item), "amendments": found}, _amendments, channel)


def _amendments(page: Page, facts: Facts) -> None:
    one = facts["text"]
    for made in facts["amendments"]:
        marks.amendment(page, made)
    if not facts["amendments"]:
        page.say("No amendments are undecided, overtaken or refused.")
    elif one["pen_mine"] and one["proposed"]:
        page.say(f"Yours to decide: backchannel text accept {one['number']} A; or refuse")


def clear(
    ctx: typer.Context,
    number: Number,
    paragraph: ParagraphNumber,
    option: Annotated[int, typer.Argument(metavar="OPTION", min=1, help="Its number, as the sounding had it.")],
    bracket: Bracket = 1,
) -> None:
    """Propose an alternative in the place of its bracket. If you hold the pen, it is made."""
    from backchannel.desk import changes, texts

    with at_desk(ctx) as work:
        before = seen(work, number)
        channel = work.ready()
        item = channel.text_at(number)
        may.work(channel, item)
        unchanged(before, item, [paragraph])
        draft = changes.Draft(channel, item)
        draft.changes.append(texts.clear(channel, item, paragraph, bracket, option - 1))
        _amend(work, channel, item, draft, "")


def accept(ctx: typer.Context, number: Number, amendment: Amendments) -> None:
    """The pen accepts amendments: they are made, or overtaken if they no longer fit."""
    _decide(ctx, number, amendment, "Accepted", accept=True)


def refuse(ctx: typer.Context, number: Number, amendment: Amendments, reason: Reason = "") -> None:
    """The pen refuses amendments."""
    _decide(ctx, number, amendment, "Refused", accept=False, reason=reason)


def _decide(ctx: typer.Context, number: int, which: list[int], done: str, *, accept: bool, reason: str = "") -> None:
    from backchannel.desk import texts

    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.text_at(number)
        may.work(channel, item, pen=True)
        wanted = [_amendment(item, n) for n in which]
        fate = work.act(channel, lambda: texts.decide(channel, item, wanted, accept=accept, reason=reason))
        item = channel.text_at(number)
        held = [made for made in map(item.amendment, wanted) if made is not None]
        found = [redlines.amendment_facts(channel, item, made) for made in held]
        told_ = {"fate": fate, "done": done, "text": told_of.facts(channel, item), "amendments": found}
        work.tell(told_, _decided, channel)


def _decided(page: Page, facts: Facts) -> None:
    if facts["fate"] != "sent":
        page.say("Written. It waits on this desk.", GOOD)
        return
    late = [made["number"] for made in facts["amendments"] if made["outcome"] == "overtaken"]
    rest = [made["number"] for made in facts["amendments"] if made["number"] not in late]
    if rest:
        page.say(f"{facts['done']}: {numbers(rest, 'amendment')}.", GOOD)
    if late:
        page.say(f"Overtaken: {numbers(late, 'amendment')}. The text had changed, and nothing of it applies.", "yellow")
    pages.after(page, facts["text"])


def _amendment(item: Text, number: int) -> EntryId:
    for one in (*item.proposed, *item.settled):
        if one.at.position == number and one.outcome == "proposed":
            return one.id
        if one.at.position == number:
            raise Misuse("amendment", f"Amendment {number} is {one.outcome} already.", "", UNDONE)
    open_ = ", ".join(str(one.at.position) for one in item.proposed) or "none"
    raise Misuse("amendment", f"This text has no amendment {number}; undecided: {open_}.", "", UNDONE)


def withdraw(ctx: typer.Context, number: Number, amendment: Annotated[int, typer.Argument(metavar="A", min=0)]) -> None:
    """Take back an amendment of your own, before it is decided."""
    from backchannel.desk import texts

    def deed(channel: Channel, item: Text) -> None:
        texts.withdraw(channel, item, _amendment(item, amendment))

    act(ctx, number, "Taken back", deed, allowed=partial(may.work, states=may.WORKED_ON))


def register(app: typer.Typer) -> None:
    """Add these commands to `backchannel text`."""
    for name, command in (
        ("amend", amend),
        ("amendments", amendments),
        ("accept", accept),
        ("refuse", refuse),
        ("withdraw", withdraw),
        ("clear", clear),
    ):
        app.command(name, cls=DeskCommand)(command)
