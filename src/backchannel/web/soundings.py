"""Soundings: what is asked of me first, what is under way, what came of the rest; answering, taking back."""

from __future__ import annotations

from itertools import accumulate

from backchannel.desk import soundings
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.facts import Facts
from backchannel.facts import sounding as facts
from backchannel.facts import text as texts
from backchannel.facts.promises import casting
from backchannel.facts.saying import Said, numbers
from backchannel.instruments.sounding.values import Sounding
from backchannel.web import chosen
from backchannel.web.asking import ASKING, composer
from backchannel.web.page import Ask, Form, Page, settle

MOST_ROWS = 40
"""Options with a button each; a longer list is answered by numbers."""
MOST_SHOWN, MOST_BYTES = 200, 30_000
"""Of a longer list, so many are on a page."""


def look(ask: Ask) -> Facts:
    """All soundings that this seat can see."""
    channel = ask.channel()
    live = channel.session.book.items.live("sounding")
    told = [_facts(ask, channel, held.value) for held in reversed(live)]
    living = [one for one in told if one["state"] not in facts.OVER]
    held, earlier = chosen.past(ask, channel, "sounding")
    past = [facts.facts(channel, one.value) for one in held]
    return {
        "awaited": [one for one in living if one["mine"]],
        "running": [one for one in living if not one["mine"]],
        "past": [_ended(one) for one in past if one["state"] in facts.OVER],
        "earlier": earlier,
        **composer(channel),
    }


def look_one(ask: Ask) -> Facts:
    """One sounding: the question, how far it is, what is known."""
    channel = ask.channel()
    one = _ended(_facts(ask, channel, channel.sounding_at(ask.position())))
    return {"one": one, "clears": texts.cleared_by(channel, one["number"]) if one["met"] else None}


def _facts(ask: Ask, channel: Channel, item: Sounding) -> Facts:
    """The facts, with what an answer needs: what was asked before, and some of a long list."""
    one = facts.facts(channel, item)
    before = soundings.asked_before(channel, item) if one["mine"] else []
    return {
        **one,
        "by_numbers": len(one["options"]) > MOST_ROWS,
        **_shown(one["options"], max(1, ask.number("from"))),
        "before": [{"option": option, "number": number} for option, number in before],
        "rule": facts.rule(one),
        "reveals": facts.reveals(one),
        "asked": facts.asked(one),
        "promise": casting(len(one["voters"]), one["quorum"]),
    }


def _shown(options: list[Facts], first: int) -> Facts:
    """Some of the options from one on, and where the pages beside begin."""
    room = accumulate(len(option["text"].encode()) for option in options[first - 1 :])
    many = max(1, min(MOST_SHOWN, sum(used <= MOST_BYTES for used in room)))
    last = first - 1 + many
    return {
        "shown": options[first - 1 : last],
        "first": first,
        "earlier": max(1, first - MOST_SHOWN),
        "later": last + 1 if last < len(options) else None,
    }


def _ended(one: Facts) -> Facts:
    """What came of it, in sentences."""
    met = [{**option, "says": facts.met(one, option)} for option in one["options"] if option["met"]]
    return {**one, "met": met, "known": facts.known(one) if one["state"] == "closed" else []}


# --- answering --------------------------------------------------------------------------------------------------------


def answer(ask: Ask, form: Form) -> str:
    """Cast an answer: asked once more, with everything that it says."""
    channel, n = ask.channel(), ask.position()
    item = channel.sounding_at(n)
    options = item.terms.options
    yes = _by_numbers(ask, form, len(options)) if len(options) > MOST_ROWS else _one_by_one(ask, form, len(options))
    again = form["consent"] == "yes"
    if soundings.asked_before(channel, item) and not again:
        raise Misuse(
            "again",
            ask.words.say("These voters were asked about some of this before."),
            ask.words.say("Agree to being asked again below, or do not answer."),
            ask.words.say("Nothing was cast."),
        )
    soundings.may_answer(channel, item, yes, again=again)
    ask.sure(form, *_sure(ask, item, yes))
    soundings.answer(channel, item, yes, again=again)
    settle(channel, ask.keeper)
    return ask.place(f"soundings/{n}")


def _sure(ask: Ask, item: Sounding, yes: list[int]) -> tuple[str, list[str], str, str]:
    told, options = ask.words.told, item.terms.options
    title = told(Said("Cast your answer: “{question}”", {"question": item.terms.question}))
    promise = [told(one) for one in casting(len(item.terms.voters), item.terms.quorum)]
    if len(options) <= MOST_ROWS:
        pairs = [(k in yes, {"option": option}) for k, option in enumerate(options)]
        said = [Said("Yes: {option}", o) if accepted else Said("No: {option}", o) for accepted, o in pairs]
    elif yes:
        parts = {"n": len(yes), "of": len(options), "numbers": numbers([k + 1 for k in yes], "")}
        first = Said("Yes to {n} of {of}: {numbers}. No to all others.", parts)
        said = [first, *(Said("Yes: {option}", {"option": options[k]}) for k in yes[:MOST_SHOWN])]
    else:
        said = [Said("No to all {of}.", {"of": len(options)})]
    return title, promise, ask.words.say("Cast it, for good"), "\n".join(told(one) for one in said)


def _one_by_one(ask: Ask, form: Form, many: int) -> list[int]:
    """Yes or no to each option, in so many fields."""
    missing = [k + 1 for k in range(many) if form[f"o{k + 1}"] not in ("yes", "no")]
    if missing:
        raise Misuse(
            "unanswered",
            ask.words.say("You have not said yes or no to: {numbers}.", numbers=numbers(missing, "")),
            ask.words.say("Say it of every option."),
            ask.words.say("Nothing was cast."),
        )
    return [k for k in range(many) if form[f"o{k + 1}"] == "yes"]


def _by_numbers(ask: Ask, form: Form, many: int) -> list[int]:
    """The options that one could live with, as numbers: `1-20, 35`; or none of them, said on purpose."""
    wanted: set[int] = set()
    parts = [part.strip() for part in form["yes"].replace("–", "-").split(",") if part.strip()]
    for part in parts:
        low, dash, high = (side.strip() for side in part.partition("-"))
        ends = (low, high if dash else low)
        if not all(end.isascii() and end.isdigit() and len(end) < 5 and 1 <= int(end) <= many for end in ends):
            raise Misuse(
                "numbers",
                ask.words.say("The options are numbered from 1 to {n}.", n=many),
                ask.words.say("Write numbers with commas between them, and a dash for a range: 1-20, 35."),
                ask.words.say("Nothing was cast."),
            )
        wanted |= set(range(int(ends[0]) - 1, int(ends[1])))
    if bool(wanted) == (form["none"] == "yes"):
        raise Misuse(
            "unanswered",
            ask.words.say("Write the numbers of those that you could live with, or choose none of them."),
            "",
            ask.words.say("Nothing was cast."),
        )
    return sorted(wanted)


def withdraw(ask: Ask, form: Form) -> str:
    """Take one's question back."""
    channel = ask.channel()
    item = channel.sounding_at(ask.position())
    title = Said("Take back the question “{question}”?", {"question": item.terms.question})
    lines = [ask.words.say("Nobody can answer it any more. That it was asked, and taken back, stays in the record.")]
    if soundings.may_withdraw(channel, item):
        ask.sure(form, ask.words.told(title), lines, ask.words.say("Take it back"))
    soundings.withdraw(channel, item)
    settle(channel, ask.keeper)
    return ask.place(f"soundings/{ask.position()}")


SOUNDINGS = (
    Page("/c/{c:int}/soundings", "soundings.html", look, ASKING),
    Page("/c/{c:int}/soundings/{n:int}", "sounding.html", look_one, {"answer": answer, "withdraw": withdraw}),
)
