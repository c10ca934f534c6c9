"""A non-paper as facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from backchannel.facts import Facts, Tell, promises
from backchannel.facts.saying import Hour, Said

if TYPE_CHECKING:
    from backchannel.desk.channel import Channel
    from backchannel.entry.ids import SeatId
    from backchannel.instruments.nonpaper.values import Nonpaper, Reaction


def facts(channel: Channel, item: Nonpaper) -> Facts:
    """A non-paper: its words while it lives, who has said what about it; then how it ended, who has confirmed."""
    from backchannel.desk import nonpapers
    from backchannel.facts import common
    from backchannel.instruments.nonpaper.rules import STATES

    state, at = channel.state, nonpapers.standing(channel, item)
    living = at == "floated"
    versions = [nonpapers.words(channel, one) for one in item.versions] if living else []
    newest = versions[-1] if versions else None
    countered = channel.entry(item.counters) if living else None
    silent = sorted(nonpapers.unconfirmed(channel, item), key=lambda seat: common.place(state, seat))
    charter = state.charter
    return {
        "number": item.at.position,
        "title": newest.title if newest is not None else None,
        "text": newest.text if newest is not None else None,
        "paragraphs": nonpapers.paragraphs(newest.text) if newest is not None else [],
        "versions": [
            {"version": k + 1, "title": one.title, "text": one.text}
            for k, one in enumerate(versions)
            if one is not None
        ],
        "version": len(item.versions),
        "route": item.route if living else None,
        "from": common.name(state, item.author) if living and item.author is not None else None,
        "mine": living and item.author == channel.me,
        "through": common.names(state, [seat for seat in item.audience if seat != item.author])
        if living and item.route == "carry"
        else [],
        "few": living and item.route == "intermediary" and len(_parties(channel, item.author, item.at.position)) <= 2,
        "readers": common.names(state, item.audience),
        "floated": common.at(item.at.arrival),
        "until": common.at(item.until),
        "counters": countered.position if countered is not None else None,
        "state": at,
        "state_says": STATES[at],
        "reactions_by": "hat" if nonpapers.through_hat(channel) else "name",
        "objection": charter.terms.objection if charter is not None else "none",
        "reactions": [reaction(channel, one) for one in item.reactions] if living else [],
        "can": _can(channel, item) if newest is not None else [],
        "asked_for": living and not nonpapers.reaches_all(channel, item),
        "confirmed": [] if living else common.names(state, item.destroyed),
        "unconfirmed": [] if living else [_silent(channel, seat) for seat in silent],
    }


def reaction(channel: Channel, one: Reaction) -> Facts:
    """A reaction: whose (nobody knows: from the hat), to which version, and its words."""
    from backchannel.desk import nonpapers
    from backchannel.facts import common

    said = nonpapers.remark(channel, one)
    return {
        "by": common.name(channel.state, one.seat) if one.seat is not None else None,
        "mine": one.seat == channel.me,
        "stance": one.stance,
        "version": one.version + 1,
        "text": said.text if said is not None else "",
        "sent": common.at(one.at.arrival),
    }


def _can(channel: Channel, item: Nonpaper) -> list[str]:
    """What this seat can do with it now, in the order in which one would think of it."""
    from backchannel.desk import nonpapers

    me = channel.me
    if me not in nonpapers.readers_who_speak(channel, item):
        return []
    own, carry = item.author == me, item.route == "carry"
    if carry:
        return ["revise", "withdraw"] if own else ["carry"]
    react = [] if own and not nonpapers.through_hat(channel) else ["react"]
    return [*(["revise", "withdraw"] if own else []), *react, *([] if own else ["counter"]), "sound", "take-up"]


def _silent(channel: Channel, seat: bytes) -> Facts:
    from backchannel.desk import nonpapers
    from backchannel.facts import common

    heard = nonpapers.last_heard(channel, seat)
    found = channel.state.seat(seat)
    return {
        "name": common.name(channel.state, seat),
        "left": found is None or found.standing == "gone",
        "heard": common.at(heard) if heard is not None else None,
    }


# --- whose it can be, if an intermediary put it forward ---------------------------------------------------------------


def _parties(channel: Channel, carrier: SeatId | None, before: int) -> set[str]:
    """The parties of which anybody can have asked this seat to put something forward, at that place of the record."""
    seats = (seat for seat in channel.state.active if seat.speaks and seat.joined.position < before)
    return {seat.party for seat in seats if seat.id != carrier}


def known(channel: Channel, author: SeatId, carrier: SeatId, readers: Iterable[SeatId]) -> Said | None:
    """Who of these readers can tell whose it is: those of the only other party, for nobody else could have written it.

    They know the seat if its party has no other, else the party. None: nobody can, there are more parties.
    """
    from backchannel.facts import common

    state = channel.state
    mine, parties = state.member(author).party, _parties(channel, carrier, channel.size)
    if len(parties | {mine}) > 2:
        return None
    others = [seat for seat in readers if seat != carrier and state.member(seat).party in parties - {mine}]
    alone = all(seat.id in (author, carrier) for seat in state.active if seat.speaks and seat.party == mine)
    whose = mine if not alone else "" if channel.me == author else common.name(state, author)
    return promises.known_by(common.names(state, others), whose)


# --- what every face says of it ---------------------------------------------------------------------------------------

ASKED = Said(
    "Its words are not on this desk yet. It has asked for them; they come when the desk of somebody who has spoken in "
    "this is open."
)


def came(one: Facts) -> Said:
    """Where a living one came from."""
    parts = {"name": one["from"]}
    if one["mine"]:
        return {
            "party": Said("floated by you"),
            "carry": Said("handed to {names} by you", {"names": one["through"]}),
            "intermediary": Said("put forward by you for another seat")
            if one["few"]
            else Said("put forward by you for another seat; which, only the two know"),
        }[one["route"]]
    return {
        "party": Said("floated by {name}", parts),
        "carry": Said("handed to you by {name}", parts),
        "intermediary": Said("put forward by {name} for another seat", parts)
        if one["few"]
        else Said("put forward by {name} for another seat; which, only the two know", parts),
        "hat": Said("from the hat; nobody knows whose it is"),
    }[one["route"]]


def who(one: Facts) -> Said:
    """Who can see it, until when, and what then."""
    parts = {"names": one["readers"], "when": Hour(one["until"])}
    return Said("{names} can read it, until {when}; then every desk destroys it.", parts)


def objection(one: Facts) -> Said:
    """What ends it, where the charter has objections end something."""
    many = int(one["objection"])
    if one["reactions_by"] == "hat":
        several = Said("{n} objections from the hat end it.", {"n": many})
        return Said("1 objection from the hat ends it.") if many == 1 else several
    several = Said("Objections of {n} parties end it.", {"n": many})
    return Said("The objection of one party ends it.") if many == 1 else several


def steps(channel: Channel, item: Nonpaper, tell: Tell) -> None:
    """This seat can read it, and has not reacted, or was asked to put it to the others."""
    from backchannel.desk import nonpapers
    from backchannel.facts.common import name

    state, me, n = channel.state, channel.me, item.at.position
    can_act = nonpapers.standing(channel, item) == "floated" and me in nonpapers.readers_who_speak(channel, item)
    if not can_act or item.author == me:
        return
    if item.route == "carry":
        what = f"non-paper {n} of {name(state, item.author)} to the others, or leave it"
        tell(name(state, me), "put", what, f"nonpaper carry {n}")
    elif me not in [reaction.seat for reaction in item.reactions]:
        tell(name(state, me), "read", f"non-paper {n}, and react to it or not", f"nonpaper show {n}")
