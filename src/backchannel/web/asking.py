"""Asking a sounding: in one's own name, or from the hat."""

from __future__ import annotations

from backchannel.desk import nonpapers, soundings
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.facts import Facts
from backchannel.facts.promises import FIRST, HAT, HAT_LIMITS, STYLE
from backchannel.instruments.nonpaper.values import CARRIERS
from backchannel.web import chosen
from backchannel.web.page import Ask, Form, settle


def composer(channel: Channel) -> Facts:
    """What the form that asks is made from."""
    return {
        "can_ask": chosen.speaks(channel),
        "voters": chosen.seats(channel, me=True, observers=False),
        "releasers": chosen.seats(channel, me=True, observers=False),
        "release": releaser(channel),
        "no_hat": no_hat(channel),
        "hat_promise": [HAT, HAT_LIMITS, STYLE],
        "first": FIRST,
    }


def releaser(channel: Channel) -> Facts:
    """Who releases a result unless somebody else is chosen: one whose part it is to stand between, or this seat.

    So whoever asks for a party answers as well.
    """
    seats = chosen.seats(channel, me=True, observers=False)
    between = [one for one in seats if one["role"] in CARRIERS and one["standing"] == "active"]
    own = [one for one in seats if one["me"]]
    return next((one for one in between if one["me"]), None) or [*between, *own, {"id": "", "name": "", "me": False}][0]


def no_hat(channel: Channel) -> str:
    """Why this seat can lay nothing ready for the hat; empty if it can."""
    try:
        nonpapers.may_drop(channel)
    except Misuse as problem:
        return problem.what
    return ""


def ask_(ask: Ask, form: Form) -> str:
    """Ask the others which options they could live with."""
    channel = ask.channel()
    releaser = chosen.one(ask, channel, form, "releaser")
    voters = chosen.some(ask, channel, form, "voter")
    if voters is None:
        voters = [one.id for one in channel.state.active if one.speaks and one.id != releaser]
    by_quorum = form["rule"] == "quorum"
    required = chosen.several(ask, channel, form, "required") if by_quorum and form.all("required") else []
    size = channel.size
    soundings.ask(
        channel,
        form["question"],
        _options(ask, form),
        voters,
        releaser=releaser,
        quorum=_quorum(ask, form) if by_quorum else 0,
        required=required,
        reveal="all" if form["reveal"] == "all" else "first",
        hours=form.number("hours", 24),
        window=form.number("window", 48),
    )
    settle(channel, ask.keeper)
    number = chosen.fresh(channel, "sounding", size)
    return ask.place(f"soundings/{number}" if number is not None else "soundings")


def _quorum(ask: Ask, form: Form) -> int:
    many = form.number("quorum")
    if many < 1:
        raise Misuse("rule", ask.words.say("How many have to accept was not said."), ask.words.say("Type a number."))
    return many


def _options(ask: Ask, form: Form) -> list[str]:
    """One a line, or the numbers of a grid."""
    lines = [line for line in form["options"].split("\n") if line.strip()]
    grid = bool(form["low"].strip() or form["high"].strip())
    if bool(lines) == grid:
        say = ask.words.say
        raise Misuse(
            "options", say("The options are lines, or numbers from one to another."), say("Give one or the other.")
        )
    if lines:
        return lines
    return soundings.grid(form["low"], form["high"], form.get("step") or "1", form["unit"].strip())


def drop(ask: Ask, form: Form) -> str:
    """Lay a question ready for the hat. No relay is asked: that this desk was busy just now would be seen."""
    channel = ask.channel()
    options = [line for line in form["hat_options"].split("\n") if line.strip()]
    nonpapers.drop_question(channel, form["hat_question"], options)
    ask.keeper.changed()
    return ask.place("proposals")


ASKING = {"ask": ask_, "drop": drop}
