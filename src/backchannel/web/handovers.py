"""A seat passes to a successor: offered, another's place, frozen in need, a dossier passed on (spec/handover.md)."""

from __future__ import annotations

from backchannel.channel.state import Seat
from backchannel.desk import handovers
from backchannel.desk.channel import Channel
from backchannel.errors import Misuse
from backchannel.facts import common, succession
from backchannel.web.page import Ask, Facts, Form, Page, settle
from backchannel.web.seats import offered, present
from backchannel.web.words import Words


def look(ask: Ask) -> Facts:
    """What passes with a seat, what is under way, and the forms for it."""
    channel = ask.channel()
    state, me = channel.state, channel.state.seat(channel.me)
    active = state.stage == "open" and me is not None and me.standing == "active"
    taken = {one.succeeds for one in state.present} | {one.replaces for one in state.invitations}
    party, here = me.party if me is not None else "", state.parties()
    free = [
        one
        for one in state.seats
        if one.standing != "guest" and one.id not in taken and one.id != channel.me
        # Its party gives a place; who has nobody left here is helped by the others (spec/handover.md, 1.1).
        if one.party == party or (one.standing == "gone" and one.party not in here)
    ]
    heirs = [one for one in state.present if handovers.may_pass_on(channel, one)] if active else []
    return {
        "active": active,
        "own_free": active and channel.me not in taken,
        "free": [common.seat(channel, one) for one in free] if active and me is not None and me.speaks else [],
        "frozen_able": [
            common.seat(channel, one)
            for one in state.active
            if active and me is not None and me.speaks and one.party == party and one.id != channel.me
        ],
        "speaks": me is not None and me.speaks,
        "heirs": [{**common.seat(channel, one), "of": common.name(state, one.succeeds)} for one in heirs],
        "handovers": [] if common.left(channel) else succession.facts(channel),
        "passes": counted(ask.words, handovers.passing(channel, channel.me)) if active else "",
        "dossier": state.charter.terms.dossier if state.charter is not None else "all",
    }


def counted(words: Words, passes: dict[str, int]) -> str:
    """So many notes, mandates..: in a row."""
    count = words.count
    said = {
        "note": lambda n: count("one note", "{n} notes", n),
        "mandate": lambda n: count("one mandate", "{n} mandates", n),
        "text": lambda n: count("one text", "{n} texts", n),
        "understanding": lambda n: count("one understanding", "{n} understandings", n),
        "disclosure": lambda n: count("one disclosure", "{n} disclosures", n),
        "step": lambda n: count("one ladder of steps", "{n} ladders of steps", n),
    }
    return words.names([said[name](n) for name, n in passes.items() if name in said]) or words.say("nothing yet")


def offer(ask: Ask, form: Form) -> str:
    """Offer a place to a successor: one's own at once, another's with every party's yes."""
    channel, say = ask.channel(), ask.words.say
    seat = channel.state.member(channel.me) if form["seat"] == "own" else _place(ask, channel, form)
    name, days = form["name"], form.number("days", 14)
    handovers.check_offer(channel, seat.id, name, days)
    plan = succession.plan(channel, seat, name)
    title = say("Offer the place of {of} to {to}?", of=plan["of"], to=plan["to"])
    ask.sure(form, title, _means(ask, plan), say("Offer it"))
    return offered(ask, channel, handovers.offer(channel, seat.id, name, days))


def _place(ask: Ask, channel: Channel, form: Form) -> Seat:
    found = next((one for one in channel.state.seats if one.id.hex() == form["seat"]), None)
    if found is None:
        raise Misuse("seat", ask.words.say("No place is chosen."), ask.words.say("Choose one from the list."))
    return found


def _means(ask: Ask, plan: Facts) -> list[str]:
    say, of, to = ask.words.say, plan["of"], plan["to"]
    what = counted(ask.words, plan["passes"])
    stays = say("Non-papers, soundings and the hat do not pass; those under way in which the seat takes part lapse.")
    notes = say("The charter lets no notes pass.") if plan["dossier"] == "record" else ""
    comes = say("{to} comes in the place of {of}: {role}, for {party}.", **{**plan, "role": say(plan["role"])})
    if plan["own"]:
        return [
            comes,
            say("What passes: {what}, and what comes until then.", what=what),
            notes,
            say("It is sealed to {to} alone. All seats see that this place passes, and to whom.", to=to),
            say(
                "Until it is done both of you read what is said. Then this desk leaves the channel, and opens nothing "
                "that comes after; what you have read stays on it."
            ),
            say("A successor signs with new keys: an understanding that you have still to sign ends."),
            stays,
        ]
    parties = ask.words.names(plan["awaits"]) or say("nobody else")
    has = (
        say("Of what {of} has, your desk has {what}, and can pass that on later.", of=of, what=what)
        if plan["same_party"]
        else say("Only a seat of {party} could pass on what it has of it.", party=plan["party"])
    )
    return [
        comes,
        say("{of} leaves when {to} comes in.", of=of, to=to) if plan["here"] else "",
        say("It takes the yes of {parties}. All seats see it.", parties=parties),
        has,
        notes,
        stays,
    ]


def freeze(ask: Ask, form: Form) -> str:
    """In need: nothing more is sealed to another seat of one's own party."""
    channel, say = ask.channel(), ask.words.say
    seat = present(ask, channel, form)
    handovers.check_freeze(channel, seat.id, form["reason"])
    name = common.name(channel.state, seat.id)
    lines = [
        say(
            "From now on nothing is sealed to {name}, and that seat can say nothing more. It cannot be undone: who is "
            "to have the place again is given it as a successor, with new keys.",
            name=name,
        ),
        say("What that desk has read stays on it."),
        say(
            "It is told that it is no longer in the channel, not by whom or why; but the reason stands in the record, "
            "which whoever has that desk may come to read."
        ),
    ]
    title = say("Freeze {name} ({party})?", name=name, party=seat.party)
    ask.sure(form, title, lines, say("Freeze that seat"), form["reason"])
    handovers.freeze(channel, seat.id, form["reason"])
    settle(channel, ask.keeper)
    return ask.place("seats/handover")


def pass_on(ask: Ask, form: Form) -> str:
    """Pass on to a successor what this desk has of a seat that could not do so itself."""
    channel, say = ask.channel(), ask.words.say
    heir = present(ask, channel, form)
    before = handovers.predecessor(channel, heir)
    to, of = common.name(channel.state, heir.id), common.name(channel.state, before.id)
    what = counted(ask.words, handovers.passing(channel, before.id))
    lines = [
        say("Of what {of} could read, this desk has {what}.", of=of, what=what),
        say(
            "It is sealed to {to} alone, who sees it as passed on by you: who wrote it cannot be verified again.",
            to=to,
        ),
        say("What you have read and that seat could not does not pass. It cannot be taken back."),
    ]
    ask.sure(form, say("Pass this on to {to}?", to=to), lines, say("Pass it on"))
    handovers.pass_on(channel, heir)
    settle(channel, ask.keeper)
    return ask.place("seats/handover")


HANDOVERS = (
    Page("/c/{c:int}/seats/handover", "handover.html", look, {"offer": offer, "freeze": freeze, "pass_on": pass_on}),
)
