"""Seats: who is here, their words to be compared aloud; who comes and who goes; codes to be carried by hand."""

from __future__ import annotations

from backchannel.channel.acts import ROLES
from backchannel.channel.assent import missing
from backchannel.channel.state import Invitation, Removal, Seat
from backchannel.desk import handovers
from backchannel.desk.channel import Channel
from backchannel.entry import text
from backchannel.errors import Misuse
from backchannel.facts import common, outbox, overview, succession
from backchannel.web.charters import refuse
from backchannel.web.page import Ask, Facts, Form, Page, settle

GROUPS = 6
"""Groups of a code on a line."""
OFFERS = ("invite", "handover")
"""Entries that offer a seat."""


def look(ask: Ask) -> Facts:
    """What is awaited from this seat here, every seat with its words, and what is under way."""
    channel = ask.channel()
    state, me = channel.state, channel.state.seat(channel.me)
    left = common.left(channel)
    own = [one for one in state.present if one.id == channel.me]
    # Whoever has the desk of a seat that has left is not told who sits there now.
    others = [one for one in state.present if one.id != channel.me and not left]
    return {
        "me": _seat(channel, own[0]) if own else None,
        "others": [_seat(channel, one) for one in others],
        "gone": [] if left else overview.gone(channel.state),
        "changes": [] if left else [_change(channel, one) for one in _under_way(channel)],
        "handovers": [] if left else succession.facts(channel),
        "stage": state.stage,
        "refuse": refuse(ask.words, state, me),
        "founder": channel.me == state.founder,
        "charter": common.charter(channel),
        "left": left,
        "active": me is not None and me.standing == "active" and state.stage == "open",
        "speaks": me is not None and me.speaks,
        "waits": [row["what"] for row in outbox.facts(channel) if row["stage"] == "waiting"],
        "empty": len(state.present) < 2,
        "invited": [one.name for one in state.invitations if one.proposal.stage == "granted"],
    }


def _seat(channel: Channel, one: Seat) -> Facts:
    return {
        **common.seat(channel, one),
        "number": one.joined.position,
        "words": one.keys.words(channel.id),
        "passes": handovers.may_pass_on(channel, one) if one.succeeds is not None else False,
    }


def _under_way(channel: Channel) -> list[Invitation | Removal]:
    return [one for one in common.changes(channel.state) if one.proposal.stage in ("open", "granted")]


def _change(channel: Channel, one: Invitation | Removal) -> Facts:
    state = channel.state
    mine, about = state.seat(channel.me), one.seat if isinstance(one, Removal) else one.replaces
    asked = mine is not None and mine.standing == "active" and mine.party in missing(state, one) and mine.id != about
    return {
        **common.change(state, one),
        "number": one.proposal.at.position,
        "asked": one.proposal.stage == "open" and asked,
        "here": isinstance(one, Invitation) and channel.session.book.invitation(one.invite) is not None,
    }


# --- words that people read to each other -----------------------------------------------------------------------------


def verify(ask: Ask, form: Form) -> str:
    """The person has compared the words aloud, and they are the same."""
    channel = ask.channel()
    seat = present(ask, channel, form)
    if form["words"] != " ".join(seat.keys.words(channel.id)):
        raise Misuse("changed", ask.words.say("These words have changed."), ask.words.say("Compare them once more."))
    channel.mark_verified(seat.id)
    ask.keeper.changed()
    return ask.place(f"seats#s{seat.joined.position}")


def present(ask: Ask, channel: Channel, form: Form) -> Seat:
    """The seat that a form names. `Misuse("seat")` if it is not here any more."""
    found = next((one for one in channel.state.present if one.id.hex() == form["seat"]), None)
    if found is None:
        raise Misuse("seat", ask.words.say("This seat is no longer here."), ask.words.say("Look at the list again."))
    return found


# --- who comes --------------------------------------------------------------------------------------------------------


def look_invite(ask: Ask) -> Facts:
    """A form that offers a seat."""
    channel = ask.channel()
    state, me = channel.state, channel.state.seat(channel.me)
    mine = me is not None and me.standing == "active"
    return {
        "roles": ROLES,
        "known": sorted({one.party for one in state.present}),
        "open": state.stage == "open",
        "may": channel.me == state.founder if state.stage == "founding" else state.stage == "open" and mine,
    }


def invite(ask: Ask, form: Form) -> str:
    """Offer a seat; then its code is shown, or whose yes it lacks."""
    channel = ask.channel()
    key = channel.invite(form["name"], form["party"], form["role"], form.number("days", 14))
    return offered(ask, channel, key)


def offered(ask: Ask, channel: Channel, key: bytes) -> str:
    """Where the code of an invitation that was just made is shown, as soon as there is one."""
    settle(channel, ask.keeper)
    found = next((one for one in channel.state.invitations if one.invite == key), None)
    return ask.place("seats" if found is None else f"seats/code/{found.proposal.at.position}")


def look_code(ask: Ask) -> Facts:
    """An invitation's code, to be carried by hand; whose yes it lacks; or by whom it was used."""
    channel = ask.channel()
    one = _invitation(ask, channel)
    if one is None or one.proposal.stage == "done":
        taken = common.name(channel.state, one.seat) if one is not None else ""
        return {"one": _change(channel, one) if one is not None else None, "code": [], "taken": taken, "own": False}
    try:
        letters = channel.code(one.invite).split("-")
    except Misuse as problem:
        if problem.code != "not-granted":
            raise
        letters = []
    rows = ["-".join(letters[k : k + GROUPS]) for k in range(0, len(letters), GROUPS)]
    return {
        "one": _change(channel, one),
        "code": [f"{row}-" for row in rows[:-1]] + rows[-1:],
        "taken": "",
        "own": one.replaces == channel.me,
        "founding": channel.state.stage != "open",
    }


def _invitation(ask: Ask, channel: Channel) -> Invitation | None:
    """None when it is used and a round has begun since, or it is over. `Misuse("invitation")` if there never was."""
    n = ask.position()
    found = next((one for one in channel.state.invitations if one.proposal.at.position == n), None)
    if found is None and not any(one.kind in OFFERS for one in channel.session.book.entries.log(n, 1)):
        raise Misuse("invitation", ask.words.say("There is no such invitation."), "")
    return found


def agree(ask: Ask, form: Form) -> str:
    """Say yes, for one's party, to somebody's coming, or going."""
    channel, say = ask.channel(), ask.words.say
    n = form.number("change", -1)
    one = next((one for one in _under_way(channel) if one.proposal.at.position == n), None)
    if one is None:
        raise Misuse("nothing", say("This is not under way any more."), say("Look at the list again."))
    told, party = _change(channel, one), channel.state.member(channel.me).party
    lines = [say("All seats see that {party} has said yes. It cannot be taken back.", party=party)]
    if isinstance(one, Removal):
        title = say("Say, for {party}, that {name} is to go?", party=party, name=told["name"])
        lines.append(say("What {name} has read stays on that desk.", name=told["name"]))
    elif one.replaces is not None:
        parts = {"party": party, "name": told["name"], "of": told["in_place_of"]}
        title = say("Say, for {party}, that {name} takes the place of {of}?", **parts)
        lines.append(say("What {of} could read may then be passed on to that seat.", of=told["in_place_of"]))
    else:
        title = say("Say, for {party}, that {name} is let in?", party=party, name=told["name"])
        lines.append(say("Who comes in reads what is said from then on, not what was said before."))
    ask.sure(form, title, lines, say("Yes"), told.get("reason", ""))
    channel.assent(one)
    settle(channel, ask.keeper)
    return ask.place("seats")


# --- who goes ---------------------------------------------------------------------------------------------------------


def remove(ask: Ask, form: Form) -> str:
    """Propose that a seat goes; or leave."""
    channel, say = ask.channel(), ask.words.say
    seat = present(ask, channel, form)
    name = common.name(channel.state, seat.id)
    if seat.id == channel.me:
        title, button = say("Leave this channel?"), say("Leave")
        lines = [
            say("What is said later you cannot read. What you have read stays on this desk."),
            say("All seats see that you have left, and why. It cannot be undone."),
        ]
    else:
        title, button = say("Propose that {name} is to go?", name=name), say("Propose it")
        others = sorted(channel.state.parties(without=seat.id) - {channel.state.member(channel.me).party})
        yes = ask.words.names(others) or say("nobody else")
        lines = [
            say("It takes the yes of {parties}. All seats see it, and the reason.", parties=yes),
            say("What {name} has read stays on that desk.", name=name),
        ]
    reason = text.prose(text.tidy(form["reason"]), "reason", 500)  # refused before anybody is asked
    ask.sure(form, title, lines, button, reason)
    channel.remove(seat.id, form["reason"])
    settle(channel, ask.keeper)
    return ask.place("seats")


SEATS = (
    Page("/c/{c:int}/seats", "seats.html", look, {"verify": verify, "agree": agree, "remove": remove}),
    Page("/c/{c:int}/seats/invite", "invite.html", look_invite, {"invite": invite}),
    Page("/c/{c:int}/seats/code/{n:int}", "code.html", look_code),
)
