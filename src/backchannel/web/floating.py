"""Floating an idea, or an alternative to one: by name, through an intermediary, from the hat."""

from __future__ import annotations

from backchannel.desk import nonpapers
from backchannel.desk.channel import Channel
from backchannel.entry.ids import SeatId
from backchannel.errors import Misuse
from backchannel.facts import Facts, common, promises
from backchannel.facts import nonpaper as facts
from backchannel.facts.saying import Said
from backchannel.instruments.nonpaper.values import CARRIERS, Nonpaper
from backchannel.web import chosen
from backchannel.web.asking import no_hat
from backchannel.web.page import Ask, Form, settle

HOURS = 72


def composer(channel: Channel) -> Facts:
    """What the form that floats is made from."""
    others = chosen.seats(channel)
    carriers = [one for one in others if one["role"] in CARRIERS and one["standing"] == "active"]
    told = [_known(channel, bytes.fromhex(one["id"])) for one in carriers]
    return {
        "can_float": chosen.speaks(channel),
        "readers": others,
        "carriers": carriers,
        "through_says": promises.intermediary(next(filter(None, told), None)),
        "no_hat": no_hat(channel),
        "hours": HOURS,
        "most_hours": nonpapers.most_hours(channel),
        "hat_days": nonpapers.days_from_hat(channel),
        "promise": [promises.UNREACHED],
        "hat_promise": [promises.HAT, promises.HAT_LIMITS, promises.STYLE],
    }


def float_(ask: Ask, form: Form) -> str:
    """Float an idea; first it is said who will know what."""
    return _float(ask, form, None)


def counter(ask: Ask, form: Form) -> str:
    """Float an alternative to the non-paper in the address."""
    return _float(ask, form, nonpapers.at(ask.channel(), ask.position()))


def _float(ask: Ask, form: Form, other: Nonpaper | None) -> str:
    channel, route = ask.channel(), form["route"]
    if route not in ROUTES:
        raise Misuse(
            "route", ask.words.say("How it is to go was not chosen."), ask.words.say("Choose one of the ways.")
        )
    if other is not None:
        nonpapers.living(channel, other)
    return ROUTES[route](ask, channel, form, other)


def _by_hat(ask: Ask, channel: Channel, form: Form, other: Nonpaper | None) -> str:
    """Lay it ready. No relay is asked: that this desk was busy just now would be seen on the line."""
    nonpapers.may_drop(channel)
    end = promises.ends_after(nonpapers.days_from_hat(channel))
    _sure(ask, form, Said("Lay “{title}” ready for the hat?", _title(form)), promises.floating("hat", end, [], ""))
    nonpapers.drop(channel, form["title"], form["text"], counters=other)
    ask.keeper.changed()
    return ask.place("proposals")


def _by_name(ask: Ask, channel: Channel, form: Form, other: Nonpaper | None) -> str:
    seats = chosen.some(ask, channel, form, "to")
    end = _end(channel, form)
    everybody = nonpapers.readers_who_speak(channel, other) if other else [one.id for one in channel.state.active]
    readers = common.names(channel.state, [seat for seat in seats or everybody if seat != channel.me])
    _sure(
        ask, form, Said("Float “{title}” under your name?", _title(form)), promises.floating("party", end, readers, "")
    )
    return _post(ask, channel, form, other, to=seats)


def _by_another(ask: Ask, channel: Channel, form: Form, other: Nonpaper | None) -> str:
    through = chosen.one(ask, channel, form, "through")
    who = common.name(channel.state, through)
    title = Said("Hand “{title}” to {who}?", {**_title(form), "who": who})
    _sure(ask, form, title, promises.floating("carry", _end(channel, form), [], who, _known(channel, through)))
    return _post(ask, channel, form, other, through=through)


def _known(channel: Channel, through: SeatId) -> Said | None:
    """Who can tell that it is this seat's, though another puts it forward."""
    return facts.known(channel, channel.me, through, [one.id for one in channel.state.active])


ROUTES = {"party": _by_name, "carry": _by_another, "hat": _by_hat}


def _title(form: Form) -> Facts:
    return {"title": form["title"].strip()}


def _end(channel: Channel, form: Form) -> Said:
    hours = form.number("hours", HOURS)
    nonpapers.may_float(channel, hours)
    return promises.ends_in(hours)


def _sure(ask: Ask, form: Form, title: Said, paragraphs: list[list[Said]]) -> None:
    lines = [ask.words.told(*paragraph) for paragraph in paragraphs]
    ask.sure(form, ask.words.told(title), lines, ask.words.say("Yes, do it"), form["text"])


def _post(
    ask: Ask,
    channel: Channel,
    form: Form,
    other: Nonpaper | None,
    *,
    to: list[SeatId] | None = None,
    through: SeatId | None = None,
) -> str:
    size, hours = channel.size, form.number("hours", HOURS)
    nonpapers.float_(channel, form["title"], form["text"], to=to, hours=hours, through=through, counters=other)
    settle(channel, ask.keeper)
    number = chosen.fresh(channel, "nonpaper", size)
    return ask.place(f"proposals/{number}" if number is not None else "proposals")


FLOATING = {"float": float_}
