"""Seats to choose from in a form, and those that were chosen; lists a page at a time."""

from __future__ import annotations

from backchannel.desk.book.items import Item
from backchannel.desk.channel import Channel
from backchannel.entry.ids import SeatId
from backchannel.errors import Misuse
from backchannel.facts import Facts, common
from backchannel.web.page import Ask, Form, seen

MOST = 20
"""What is over, on one page."""


def seats(channel: Channel, *, me: bool = False, observers: bool = True) -> list[Facts]:
    """Whom a form offers: those who are here, this seat only if `me`."""
    found = [one for one in channel.state.active if (me or one.id != channel.me) and (observers or one.speaks)]
    return [common.seat(channel, one) for one in found]


def some(ask: Ask, channel: Channel, form: Form, field: str) -> list[SeatId] | None:
    """Those that were chosen one by one; None if everybody was. `Misuse`: `nobody` if nobody was, `both`."""
    return several(ask, channel, form, field) if only_some(ask, form, f"{field}_who", field) else None


def only_some(ask: Ask, form: Form, who: str, field: str) -> bool:
    """Whether some were chosen and not everybody: what is meant for one must not reach all.

    `Misuse`: `nobody` if neither was said, `both`.
    """
    say = ask.words.say
    if form[who] not in ("all", "some"):
        raise Misuse("nobody", say("Nobody is chosen."), say("Choose somebody, or everybody."))
    if form[who] != "some" and form.all(field):
        raise Misuse("both", say("Names are chosen, and everybody too."), say("Choose one of the two."))
    if form[who] == "all" and form["_here"] not in ("", everybody(ask.channel())):
        what = say("Somebody has come or gone while you wrote: everybody is not who it was.")
        raise Misuse("changed", what, say("Look who is here now, and choose again."))
    return form[who] == "some"


def everybody(channel: Channel) -> str:
    """Who is here, as a form carries it that offers "everybody"."""
    return seen(*sorted(one.id.hex() for one in channel.state.active))


def several(ask: Ask, channel: Channel, form: Form, field: str) -> list[SeatId]:
    """The seats that were ticked. `Misuse("nobody")` if none was."""
    wanted = set(form.all(field))
    found = [one.id for one in channel.state.active if one.id.hex() in wanted]
    if not found:
        say = ask.words.say
        raise Misuse("nobody", say("Nobody is chosen."), say("Choose somebody, or everybody."))
    return found


def one(ask: Ask, channel: Channel, form: Form, field: str) -> SeatId:
    """One seat out of a list. `Misuse("nobody")` if it is not there."""
    found = next((seat.id for seat in channel.state.active if seat.id.hex() == form[field]), None)
    if found is None:
        raise Misuse("nobody", ask.words.say("This seat is no longer here."), ask.words.say("Choose another."))
    return found


def speaks(channel: Channel) -> bool:
    """Whether this seat can do more here than listen."""
    me = channel.state.seat(channel.me)
    return channel.state.stage == "open" and me is not None and me.standing == "active" and me.speaks


def past(ask: Ask, channel: Channel, instrument: str) -> tuple[list[Item], int | None]:
    """Items of an instrument, newest first, a page of them; and where the next page begins."""
    held = channel.session.book.items.newest(instrument, before=ask.number("before", 1 << 40), most=MOST)
    return held[::-1], held[0].position if len(held) == MOST else None


def fresh(channel: Channel, instrument: str, size: int) -> int | None:
    """The item of this instrument that has come since the record had this size, if one has."""
    held = channel.session.book.items.newest(instrument, before=1 << 40, most=1)
    return held[0].position if held and held[0].position >= size else None
