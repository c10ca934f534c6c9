"""Proposals: non-papers, those that await me first; the hat; what became of those that are over."""

from __future__ import annotations

from collections.abc import Iterable

from backchannel.desk import nonpapers
from backchannel.desk.channel import Channel
from backchannel.entry.ids import SeatId
from backchannel.errors import Misuse
from backchannel.facts import Facts, common, promises
from backchannel.facts import nonpaper as facts
from backchannel.facts.saying import Said
from backchannel.instruments.nonpaper.values import STANCES, Nonpaper
from backchannel.web import chosen, hats
from backchannel.web.asking import releaser
from backchannel.web.floating import FLOATING, HOURS, composer, counter
from backchannel.web.page import Ask, Form, Page, seen, settle

EXCERPT = 240


def look(ask: Ask) -> Facts:
    """All non-papers of which this seat knows, and the hat."""
    channel = ask.channel()
    told = [_facts(channel, held.value) for held in reversed(channel.session.book.items.live("nonpaper"))]
    living = [one for one in told if one["state"] == "floated"]
    held, earlier = chosen.past(ask, channel, "nonpaper")
    past = [facts.facts(channel, one.value) for one in held]
    return {
        "living": sorted(living, key=lambda one: not one["awaited"]),
        "past": [one for one in past if one["state"] != "floated"],
        "earlier": earlier,
        "hat": hats.told(channel),
        **composer(channel),
    }


def look_one(ask: Ask) -> Facts:
    """One non-paper: its words, what was said of it, what this seat can do; or who has confirmed its destruction."""
    channel = ask.channel()
    item = nonpapers.at(channel, ask.position())
    one = _facts(channel, item)
    wanted = ask.query("version")
    shown = next((old for old in one["versions"] if str(old["version"]) == wanted), None)
    readers = nonpapers.readers_who_speak(channel, item)
    return {
        "one": one,
        "shown": shown,
        "seen": _version(channel, item),
        "stances": STANCES,
        "others": [seat for seat in chosen.seats(channel) if bytes.fromhex(seat["id"]) in readers],
        "signers": [seat for seat in chosen.seats(channel, me=True) if bytes.fromhex(seat["id"]) in readers],
        "releasers": chosen.seats(channel, me=True, observers=False),
        "release": releaser(channel),
        "no_react": _no_react(channel, item) if "react" in one["can"] and one["reactions_by"] == "hat" else "",
        "revising": promises.REVISE,
        "sounding": promises.SOUND,
        **composer(channel),
    }


def _facts(channel: Channel, item: Nonpaper) -> Facts:
    one = facts.facts(channel, item)
    if one["state"] != "floated":
        return {**one, "awaited": ""}
    line = " ".join((one["text"] or "")[: 4 * EXCERPT].split())
    said = any(reaction["mine"] for reaction in one["reactions"])
    waits = "react" in one["can"] and one["reactions_by"] == "name" and not said
    stances = [reaction["stance"] for reaction in one["reactions"]]
    return {
        **one,
        "carried": _carried(channel, item, [seat.id for seat in channel.state.active]) if "carry" in one["can"] else [],
        "awaited": "carry" if "carry" in one["can"] else "react" if waits else "",
        "came": facts.came(one),
        "who": facts.who(one),
        "ends": facts.objection(one) if one["objection"] != "none" and one["route"] != "carry" else None,
        "asked": facts.ASKED if one["text"] is None else None,
        "asking": promises.ASKING if one["mine"] and one["asked_for"] else None,
        "excerpt": line if len(line) <= EXCERPT else line[:EXCERPT].rsplit(None, 1)[0] + "…",
        "counts": [(stance, stances.count(stance)) for stance in STANCES if stance in stances],
    }


def _no_react(channel: Channel, item: Nonpaper) -> str:
    """Why this seat cannot react from the hat; empty if it can."""
    try:
        nonpapers.may_drop_reaction(channel, item, STANCES[0])
    except Misuse as problem:
        return f"{problem.what} {problem.todo}".strip()
    return ""


# --- what can be done -------------------------------------------------------------------------------------------------


def react(ask: Ask, form: Form) -> str:
    """Say what one thinks of it: by name, or from the hat where the charter says so."""
    channel, item = _here(ask)
    ask.as_seen(form, _version(channel, item))
    stance, words = form["stance"], form["text"]
    if nonpapers.through_hat(channel):  # no relay is asked: that this desk was busy just now would be seen
        nonpapers.drop_reaction(channel, item, stance, words)
        ask.keeper.changed()
        return ask.place("proposals")
    one = facts.facts(channel, item)
    if stance == "objection" and one["objection"] != "none":
        lines = [ask.words.told(said) for said in (facts.objection(one), promises.VANISHES)]
        title, words_ = _named(ask, channel, item, Said("Object to {what}?")), nonpapers.current(channel, item).text
        ask.sure(form, title, lines, ask.words.say("Object to it"), words_)
    nonpapers.react(channel, item, stance, words)
    settle(channel, ask.keeper)
    return _back(ask)


def revise(ask: Ask, form: Form) -> str:
    """Put a new version in its place."""
    channel, item = _here(ask)
    nonpapers.revise(channel, item, form["title"], form["text"])
    settle(channel, ask.keeper)
    return _back(ask)


def withdraw(ask: Ask, form: Form) -> str:
    """Take one's own back: it vanishes."""
    channel, item = _here(ask)
    nonpapers.own(channel, item)
    lines = [ask.words.told(one) for one in (promises.VANISHES, promises.UNREACHED)]
    ask.sure(form, _named(ask, channel, item, Said("Withdraw {what}, for good?")), lines, ask.words.say("Withdraw it"))
    nonpapers.withdraw(channel, item)
    settle(channel, ask.keeper)
    return _back(ask)


def take_up(ask: Ask, form: Form) -> str:
    """Propose its words as an understanding, and let it vanish."""
    channel, item = _here(ask)
    idea = nonpapers.current(channel, item)
    seats = chosen.several(ask, channel, form, "signatory")
    signers = Said("{names} are to sign it.", {"names": common.names(channel.state, seats)})
    lines = [ask.words.told(one) for one in (signers, promises.TAKE_UP, promises.UNREACHED)]
    title = _named(ask, channel, item, Said("Take up {what}?"))
    ask.sure(form, title, lines, ask.words.say("Take it up"), idea.text)
    size = channel.size
    nonpapers.take_up(channel, item, seats)
    settle(channel, ask.keeper)
    number = chosen.fresh(channel, "understanding", size)
    return ask.place(f"understandings/{number}") if number is not None else _back(ask)


def carry(ask: Ask, form: Form) -> str:
    """Intermediary: put to the others what a seat has handed on, without saying which seat."""
    channel, item = _here(ask)
    ask.as_seen(form, _version(channel, item))
    nonpapers.may_carry(channel, item)
    hours = form.number("hours", HOURS)
    nonpapers.may_float(channel, hours)
    to = chosen.some(ask, channel, form, "to")
    seats = to if to is not None else [one.id for one in channel.state.active]
    lines = [ask.words.told(*one) for one in (_carried(channel, item, seats), [promises.UNREACHED])]
    title = _named(ask, channel, item, Said("Put {what} to the others?"))
    ask.sure(form, title, lines, ask.words.say("Put it to them"), nonpapers.current(channel, item).text)
    size = channel.size
    nonpapers.carry(channel, item, to=seats, hours=hours)
    settle(channel, ask.keeper)
    number = chosen.fresh(channel, "nonpaper", size)
    return ask.place(f"proposals/{number}") if number is not None else _back(ask)


def _carried(channel: Channel, item: Nonpaper, seats: Iterable[SeatId]) -> list[Said]:
    """What is promised of a non-paper that was handed to this seat, when it puts it to these."""
    readers = [seat for seat in seats if seat != channel.me]
    known = facts.known(channel, item.author, channel.me, readers) if item.author is not None else None
    return promises.carried(common.names(channel.state, readers), known)


def sound(ask: Ask, form: Form) -> str:
    """Ask in a sounding whether all could live with it, or with a paragraph."""
    channel, item = _here(ask)
    ask.as_seen(form, _version(channel, item))
    size = channel.size
    nonpapers.sound(
        channel,
        item,
        paragraph=form.number("paragraph") or None,
        voters=chosen.some(ask, channel, form, "voter"),
        releaser=chosen.one(ask, channel, form, "releaser"),
        hours=form.number("hours", 24),
    )
    settle(channel, ask.keeper)
    number = chosen.fresh(channel, "sounding", size)
    return ask.place(f"soundings/{number}") if number is not None else _back(ask)


def _version(channel: Channel, item: Nonpaper) -> str:
    """Which words a page shows, if any still: a reaction to others would be none to these."""
    return seen(item.at.position, len(item.versions), nonpapers.standing(channel, item))


def _here(ask: Ask) -> tuple[Channel, Nonpaper]:
    channel = ask.channel()
    return channel, nonpapers.at(channel, ask.position())


def _back(ask: Ask) -> str:
    return ask.place(f"proposals/{ask.position()}")


def _named(ask: Ask, channel: Channel, item: Nonpaper, title: Said) -> str:
    """A question that names it: by its number, and by its title if that is here."""
    newest = nonpapers.words(channel, item.versions[-1])
    number = {"n": item.at.position}
    known = Said("non-paper {n}, “{title}”", {**number, "title": newest.title if newest is not None else ""})
    what = known if newest is not None else Said("non-paper {n}", number)
    return ask.words.told(title._replace(parts={"what": what}))


PROPOSALS = (
    Page("/c/{c:int}/proposals", "proposals.html", look, {**FLOATING, **hats.HATS}),
    Page(
        "/c/{c:int}/proposals/{n:int}",
        "proposal.html",
        look_one,
        {
            "react": react,
            "revise": revise,
            "withdraw": withdraw,
            "counter": counter,
            "take-up": take_up,
            "carry": carry,
            "sound": sound,
        },
    ),
)
