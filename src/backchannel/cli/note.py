"""`backchannel note`: write, read, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from backchannel.cli import ask, show
from backchannel.cli.context import Work, at_desk
from backchannel.cli.options import DeskCommand, Group
from backchannel.cli.show import DIM, GOOD, STRONG, Facts, Page
from backchannel.errors import Misuse

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.entry.ids import SeatId
    from backchannel.instruments.note import Note

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Notes: said to those named only, and gone when their time is over.",
)


@app.command("send", cls=DeskCommand)
def send(
    ctx: typer.Context,
    text: Annotated[
        str | None,
        typer.Argument(metavar="[TEXT]", help="Left out, it is typed; - is stdin. As an argument the shell keeps it."),
    ] = None,
    file: Annotated[str | None, typer.Option("--file", metavar="FILE", help="Take the text from a file.")] = None,
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="NAME", help="Only for this seat; may be repeated.")
    ] = None,
    read_back: Annotated[bool, typer.Option("--read-back", help="Ask every reader to restate it.")] = False,
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="DAYS", help="Days until it is deleted; the charter's if left out.")
    ] = None,
) -> None:
    """Write a note to everybody, or to some."""
    from backchannel.facts import note as facts
    from backchannel.facts.common import names, uncompared

    with at_desk(ctx) as work:
        channel = work.ready()
        words = ask.written(text, file, work.given, "note")
        readers = sorted({channel.seat(who).id for who in to}) if to else None
        known = {held.position for held in channel.items("note")}
        fate = work.act(channel, lambda: channel.send_note(words, readers, read_back=read_back, keep_days=keep))
        state = channel.state
        mine = [n.value for n in channel.items("note") if n.position not in known and n.value.author == channel.me]
        audience = [one.id for one in state.active] if readers is None else readers
        terms = state.charter.terms if state.charter is not None else None
        named = names(state, (one for one in audience if one != channel.me))
        told: Facts = {
            "fate": fate,
            "readers": named,
            "uncompared": [one for one in uncompared(channel) if one in named],
            "keep_days": keep if keep is not None or terms is None else terms.retention_days,
            "read_back": read_back,
            "note": facts.facts(channel, mine[-1]) if fate == "sent" and mine else None,
        }
        work.tell(told, _sent, channel)


def _sent(page: Page, facts: Facts) -> None:
    one = facts["note"]
    if one is None:
        page.say("Written. It waits on this desk.", STRONG)
        page.say(f"Nobody but {show.names(facts['readers'])} will be able to read it, for {facts['keep_days']} days.")
    else:
        page.say(f"Sent, as note {one['number']}.", GOOD)
        until = show.local(one["until"])
        page.say(f"Nobody but {show.names(facts['readers'])} can read it, until {until}; then every desk deletes it.")
    page.say("It proves to nobody that you wrote it. What a reader copies or photographs, no deletion reaches.", DIM)
    if facts["uncompared"]:
        page.say(f"Words not compared yet with {show.names(facts['uncompared'])}: until then it may be somebody else.")
    if facts["read_back"]:
        page.say("Each reader is asked to restate it: backchannel note list shows what they have understood.")


@app.command("list", cls=DeskCommand)
def list_(
    ctx: typer.Context,
    since: Annotated[int, typer.Option("--since", metavar="N", min=0, help="From this number on.")] = 0,
    search: Annotated[str | None, typer.Option("--search", metavar="WORDS", help="Those with these words.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Long notes whole.")] = False,
) -> None:
    """The notes that this seat can read, in order."""
    from backchannel.cli import draw
    from backchannel.facts import note as facts

    with at_desk(ctx) as work:
        channel = work.read()
        held = channel.items("note")
        if search is not None:
            found = {one.position for one in channel.session.book.items.find(search) if one.instrument.name == "note"}
            held = [one for one in held if one.position in found]
        told = {"notes": [facts.facts(channel, one.value) for one in held if one.position >= since]}

        def page(page: Page, shown: Facts) -> None:
            for one in shown["notes"]:
                draw.note(page, one, full=full)
            if not shown["notes"]:
                page.say("No notes." if search is None else "No note has these words.")
                page.say("Write one: backchannel note send", DIM)

        work.tell(told, page, channel)


@app.command("readback", cls=DeskCommand)
def readback(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="N", min=0, help="The note's number, from note list.")],
    text: Annotated[
        str | None, typer.Argument(metavar="[TEXT]", help="What you have understood; or the correction. - is stdin.")
    ] = None,
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="SEAT", help="Author: this seat has understood it.")
    ] = None,
    correct: Annotated[
        str | None, typer.Option("--correct", metavar="SEAT", help="Author: this seat has not; TEXT says it right.")
    ] = None,
) -> None:
    """Reader: restate a note in your words. Author: say whether a reader has understood it."""
    if confirm is not None and (correct is not None or text is not None):
        raise typer.BadParameter("--confirm goes without a text and without --correct.")
    from backchannel.facts import note as facts

    with at_desk(ctx) as work:
        channel = work.ready()
        item = channel.note_at(number)
        _judge(channel, item, confirm if confirm is not None else correct)
        if confirm is not None:
            seat = _reader(channel, item, channel.seat(confirm).id)
            fate = work.act(channel, lambda: channel.confirm(item, seat))
        else:
            fate = _say(work, channel, item, ask.written(text, None, work.given, "text"), correct)
        work.tell({"fate": fate, "note": facts.facts(channel, channel.note_at(number))}, _told, channel)


def _say(work: Work, channel: Channel, item: Note, words: str, correct: str | None) -> str:
    if correct is None:
        return work.act(channel, lambda: channel.restate(item, words))
    seat = _reader(channel, item, channel.seat(correct).id)
    return work.act(channel, lambda: channel.correct(item, seat, words))


def _reader(channel: Channel, item: Note, seat: SeatId) -> SeatId:
    """In whose place a seat has the note: its own, or that of a predecessor (spec/handover.md, 3)."""
    return next((one for one in channel.state.line(seat) if item.readback(one) is not None), seat)


def _judge(channel: Channel, item: Note, whom: str | None) -> None:
    """The two sides of a read-back are easily confused, and the table's refusal would not say what is right."""
    author, number = whom is not None, item.at.position
    own = item.author in channel.state.line(channel.me)
    if author and not own:
        raise Misuse("rule", "Only its author says whether a note was understood.", "Restate it: leave out the option.")
    if not author and own:
        raise Misuse("rule", "This note is your own: its readers restate it.", "Answer with --confirm or --correct.")
    if item.gone:
        raise Misuse("rule", f"The text of note {number} is gone: its time is over.")
    reader = channel.state.seat(channel.me) if whom is None else channel.seat(whom)
    found = item.readback(_reader(channel, item, reader.id)) if reader is not None else None
    name = reader.name if reader is not None else "This seat"
    if found is None:
        raise Misuse("rule", f"A note is read back by its readers, and {name} is none of note {number}.")
    if author and found.state == "confirmed":
        raise Misuse("rule", f"{name} has understood note {number}, and you have confirmed it already.")
    if author and found.state != "restated":
        raise Misuse("rule", f"{name} has not restated note {number} since.", "Wait for that.")
    if not author and found.state == "restated":
        raise Misuse("rule", f"You have restated note {number} already: its author has the word.")
    if not author and found.state == "confirmed":
        raise Misuse("rule", f"You have understood note {number}: its author has confirmed it.")


def _told(page: Page, facts: Facts) -> None:
    from backchannel.cli import draw

    page.say("Said." if facts["fate"] == "sent" else "Written. It waits on this desk.", GOOD)
    draw.note(page, facts["note"])
