"""The hat, on the page of the proposals: what lies ready, the round, calling one, taking back."""

from __future__ import annotations

from backchannel.desk import hats
from backchannel.desk.channel import Channel
from backchannel.facts import Facts, promises
from backchannel.facts import hat as facts
from backchannel.instruments.hat.values import Hat
from backchannel.web.asking import no_hat
from backchannel.web.page import Ask, Form, settle

ROUNDS = 5
"""Rounds on the page, the newest first."""


def told(channel: Channel) -> Facts:
    """How the hat stands."""
    held = channel.session.book.items.newest("hat", before=1 << 40, most=ROUNDS)
    rounds = [_round(channel, one.value) for one in reversed(held)]
    running = [one for one in rounds if not one["over"]]
    return {
        **facts.ready(channel),
        "no_hat": no_hat(channel),
        "running": running,
        "past": [one for one in rounds if one["over"]],
        "can_call": not running and not no_hat(channel),
    }


def _round(channel: Channel, item: Hat) -> Facts:
    one = facts.facts(channel, item)
    return {
        **one,
        "was_in": facts.was_in(one["held"]) if one["held"] is not None else None,
        "cheated": [facts.cheat(each) for each in one["cheats"]],
        "read_by_some": facts.READ_BY_SOME
        if one["state"] == "lapsed" and one["was"] in ("opening", "opened")
        else None,
        "lies_again": one["state"] in ("blamed", "failed", "lapsed") and one["was"] not in ("opening", "opened"),
    }


def call(ask: Ask, form: Form) -> str:
    """Call a round; everybody sees who did."""
    channel = ask.channel()
    lines = [ask.words.told(one) for one in (promises.SEEN, promises.ROUND, promises.LEAGUE)]
    hours = form.number("hat_hours", 24)
    hats.may_call(channel)
    ask.sure(form, ask.words.say("Call a round of the hat?"), lines, ask.words.say("Call it"))
    hats.call(channel, hours=hours)
    settle(channel, ask.keeper)
    return ask.place("proposals")


def take_back(ask: Ask, form: Form) -> str:
    """Destroy what lies ready. No relay is asked, and nobody learns of it."""
    channel = ask.channel()
    many = hats.waiting(channel)
    lines = [
        ask.words.count(
            "1 slip is destroyed on this desk, for good.", "{n} slips are destroyed on this desk, for good.", many
        ),
        ask.words.say("Nobody learns that it was there. What is in a running round goes on."),
    ]
    if many:
        ask.sure(form, ask.words.say("Destroy what lies ready for the hat?"), lines, ask.words.say("Destroy it"))
    hats.take_back(channel)
    ask.keeper.changed()
    return ask.place("proposals")


HATS = {"call": call, "take-back": take_back}
