"""Talk: notes in the order of the log, newest last, with a composer; read-backs."""

from __future__ import annotations

from backchannel.desk.channel import Channel
from backchannel.entry.ids import SeatId
from backchannel.errors import Misuse
from backchannel.facts import common, note
from backchannel.web import chosen
from backchannel.web.page import Ask, Facts, Form, Page, settle
from backchannel.web.portions import share

MOST = 40
"""Notes on a page."""


def look(ask: Ask) -> Facts:
    """Some notes, those before or around the one that is asked for, and who can be written to."""
    channel = ask.channel()
    end = ask.number("before", ask.number("at", 1 << 40) + MOST // 2)
    held = channel.session.book.items.newest("note", before=end, most=MOST)
    me = channel.state.seat(channel.me)
    terms = channel.state.charter.terms if channel.state.charter is not None else None
    can_write = channel.state.stage == "open" and me is not None and me.standing == "active" and me.speaks
    notes = [note.facts(channel, one.value) for one in held]
    return {
        "notes": notes,
        "most": share([len(text or "") for one in notes for text in _texts(one)]),
        "earlier": held[0].position if len(held) == MOST else None,
        "later": held != channel.session.book.items.newest("note", before=1 << 40, most=MOST),
        "readers": chosen.seats(channel),
        "answer": _answer(ask, channel) if can_write else None,
        "can_write": can_write,
        "left": common.left(channel),
        "most_days": terms.retention_days if terms is not None else 0,
    }


def _texts(one: Facts) -> list[str]:
    return [one["text"], *(text for said in one["read_back"] for text in (said["restated"], said["corrected"]))]


def _answer(ask: Ask, channel: Channel) -> Facts | None:
    """The note that is answered, and who is to read that: who it names, or its author alone; no successor of theirs."""
    number, alone = ask.number("reply", -1), ask.query("alone") == "1"
    if number < 0:
        return None
    item = channel.note_at(number)
    state = channel.state
    seats = tuple(dict.fromkeys((item.author,) if alone else (item.author, *item.audience)))
    to = [seat.hex() for seat in seats if state.keys(seat) is not None and seat not in state.line(channel.me)]
    return {**note.facts(channel, item), "to": to, "alone": alone}


def send(ask: Ask, form: Form) -> str:
    """A note, to everybody or to some."""
    channel = ask.channel()
    to = _readers(channel, form) if chosen.only_some(ask, form, "audience", "to") else None
    days = form.number("keep") or None
    channel.send_note(form["text"], to, read_back=form["read_back"] == "yes", keep_days=days)
    settle(channel, ask.keeper)
    return ask.place("talk")


def _readers(channel: Channel, form: Form) -> list[SeatId]:
    ids = {seat.id.hex(): seat.id for seat in channel.state.active}
    found = [ids[one] for one in form.all("to") if one in ids]
    if not found:
        raise Misuse("nobody", "Nobody is chosen to read this.", "Choose somebody, or everybody.")
    return found


def restate(ask: Ask, form: Form) -> str:
    """What a reader has understood."""
    channel, n = ask.channel(), form.number("note")
    channel.restate(channel.note_at(n), form["text"])
    settle(channel, ask.keeper)
    return ask.place(f"talk?at={n}#n{n}")


def confirm(ask: Ask, form: Form) -> str:
    """The author: what was read back is what was meant."""
    channel, n = ask.channel(), form.number("note")
    channel.confirm(channel.note_at(n), _seat(ask, form))
    settle(channel, ask.keeper)
    return ask.place(f"talk?at={n}#n{n}")


def correct(ask: Ask, form: Form) -> str:
    """The author: it is not, and how it was meant."""
    channel, n = ask.channel(), form.number("note")
    if not form["text"].strip():
        raise Misuse("empty", ask.words.say("Nothing is written."), ask.words.say("Say how you meant it."))
    channel.correct(channel.note_at(n), _seat(ask, form), form["text"])
    settle(channel, ask.keeper)
    return ask.place(f"talk?at={n}#n{n}")


def _seat(ask: Ask, form: Form) -> SeatId:
    """Whose read-back it is; of a seat that is gone, too."""
    found = next((one.id for one in ask.channel().state.seats if one.id.hex() == form["seat"]), None)
    if found is None:
        raise Misuse("seat", ask.words.say("This seat is no longer here."), ask.words.say("Look at the list again."))
    return found


_ACTS = {"send": send, "restate": restate, "confirm": confirm, "correct": correct}

TALK = (Page("/c/{c:int}/talk", "talk.html", look, _ACTS),)
