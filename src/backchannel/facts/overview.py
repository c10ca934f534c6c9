"""A channel as `channel show` has it: all but what was said in it, and who can do what next by which command."""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote

from backchannel.channel.assent import missing, unsigned
from backchannel.channel.rules import STAGES
from backchannel.channel.state import Invitation, State
from backchannel.desk import disclosures, hats, nonpapers, texts
from backchannel.desk.channel import Channel
from backchannel.desk.naming import called
from backchannel.desk.soundings import standing
from backchannel.facts import Facts, disclosure, succession, understanding
from backchannel.facts import common as facts
from backchannel.facts import step as ladders
from backchannel.facts.saying import FEW, by, local, numbers
from backchannel.instruments import note
from backchannel.instruments.disclosure.rules import Disclosure
from backchannel.instruments.sounding.values import Sounding
from backchannel.instruments.text import standing as standings
from backchannel.instruments.text.values import Text
from backchannel.instruments.understanding.values import Understanding

Step = Callable[[str, str, str, str], None]
"""Adds a step: who, which verb, the rest of the sentence, by which command."""


def whole(channel: Channel) -> Facts:
    """Everything about a channel but what was said in it.

    To a seat that has left only what was: what is under way is no affair of whoever holds that desk now.
    """
    state = channel.state
    left = facts.left(channel)
    return {
        **facts.line(channel),
        "purpose": state.purpose,
        "stage_says": STAGES[state.stage],
        "round": state.epoch,
        "charter": facts.charter(channel),
        "seats": [] if left else [facts.seat(channel, one) for one in state.present],
        "uncompared": facts.uncompared(channel),
        "gone": [] if left else gone(state),
        "pending": [] if left else pending(state),
        "handovers": [] if left else succession.facts(channel),
        "next": steps(channel),
        "outbox": facts.outbox(channel),
    }


def gone(state: State) -> list[str]:
    """Who was here once."""
    return [called(state, one) for one in state.seats if one.standing == "gone"]


def pending(state: State) -> list[Facts]:
    """Invitations and removals under way."""
    return [facts.change(state, one) for one in facts.changes(state) if one.proposal.stage in ("open", "granted")]


# --- who can do what next ---------------------------------------------------------------------------------------------


def steps(channel: Channel) -> list[Facts]:
    """Who can do what next, what is awaited from this seat first."""
    state, me = channel.state, channel.me
    mine = state.seat(me)
    found: list[Facts] = []

    def step(who: str, verb: str, rest: str, command: str) -> None:
        own = mine is not None and who == facts.name(state, me)
        what = f"{verb if own else verb + 's'} {rest}"
        said = {"who": "you" if own else who, "what": what, "command": f"backchannel {command}"}
        found.append({**said, "about": _about(command, verb)})

    if facts.left(channel):
        return []
    if state.stage == "founding":
        _founding(state, step)
    if state.stage == "signed":
        step(facts.name(state, state.founder), "open", "the channel, with the next sync of that desk", "desk sync")
    if state.stage == "open":
        _roster(state, step)
        succession.steps(channel, step)
        _readbacks(channel, step)
        _understandings(channel, step)
        _disclosures(channel, step)
        _soundings(channel, step)
        _texts(channel, step)
        _ladders(channel, step)
        _nonpapers(channel, step)
        _hats(channel, step)
        if mine is not None and mine.speaks and mine.standing == "active":
            step(facts.name(state, me), "write", "a note", "note send")
    return sorted(found, key=lambda one: one["who"] != "you")


def _about(command: str, verb: str) -> Facts:
    """The matter of a command, for faces that have places instead."""
    kind, *rest = command.split()
    number = next((int(word) for word in rest if word.isdigit()), None)
    return {"kind": kind if number is not None else "seats", "number": number, "verb": verb}


def _founding(state: State, step: Step) -> None:
    founder = facts.name(state, state.founder)
    for one in state.invitations:
        if one.proposal.stage == "granted":
            step(one.name, "join", f"with the code that {founder} hands over", "channel join")
    if state.charter is None:
        step(founder, "invite", "whoever is to sit at the table", "channel invite")
        if len(state.present) > 1:
            step(founder, "propose", "the charter, when all have joined", "channel charter sign")
        return
    for other in unsigned(state):
        step(facts.name(state, other.id), "sign", "the charter", "channel charter sign")


def _roster(state: State, step: Step) -> None:
    for one in facts.changes(state):
        leaver, offered = (None, one) if isinstance(one, Invitation) else (one.seat, None)
        who = offered.name if offered else facts.name(state, leaver)
        about = leaver or (offered.replaces if offered else None)
        if one.proposal.stage == "open":
            what, verb = ("removal", "remove") if leaver else ("admission", "admit")
            place = f" in the place of {facts.name(state, about)}" if about and not leaver else ""
            command = f"channel {verb} {quote(who)}{' --reason TEXT' if leaver else ''}"
            for other in state.active:
                if other.party in missing(state, one) and other.id != about:
                    said = f"yes to the {what} of {who}{place} (for {other.party})"
                    step(facts.name(state, other.id), "say", said, command)
        elif one.proposal.stage == "granted" and leaver:
            step("any desk", "put", f"the removal of {who} into effect, with its next sync", "desk sync")
        elif one.proposal.stage == "granted":
            step(who, "join", f"with the code that {facts.name(state, one.proposal.by)} hands over", "channel join")
    for other in state.present:
        if other.standing == "guest" and other.signed:
            step(facts.name(state, other.id), "come", "in, with the next sync of any desk", "desk sync")
        elif other.standing == "guest":
            step(facts.name(state, other.id), "sign", "the charter", "channel charter sign")


def _readbacks(channel: Channel, step: Step) -> None:
    state, me = channel.state, channel.me
    for held in channel.session.book.items.unsettled("note"):
        item: note.Note = held.value
        line = state.line(me)
        mine = next((one for one in map(item.readback, line) if one is not None), None)
        if item.gone:
            continue
        if mine is not None and mine.state in ("asked", "corrected"):
            step(facts.name(state, me), "restate", f"note {held.position}", f"note readback {held.position}")
        for one in item.readbacks if item.author in line else ():
            if one.state == "restated":
                who = facts.name(state, succession.now(state, one.seat))
                whether = f"whether {who} has understood note {held.position}"
                command = f"note readback {held.position} --confirm {quote(who)}"
                step(facts.name(state, me), "say", whether, command)


def _understandings(channel: Channel, step: Step) -> None:
    for held in channel.session.book.items.unsettled("understanding"):
        item: Understanding = held.value
        verb, awaited = understanding.awaits(item, channel.state)
        for who in awaited:
            command = f"understanding {verb} {held.position}"
            step(who, verb, f"understanding {held.position}: {item.terms.title}", command)


_ASKS = {"proposed": ("consent", "whether clauses are shown"), "waiting": ("confirm", "whether its condition is met")}
"""What the parties are asked about a disclosure in each state: the command, and the question."""


def _disclosures(channel: Channel, step: Step) -> None:
    """Whose consent, or confirmation, is awaited; and its proposer, once it may be shown."""
    state = channel.state
    for held in channel.session.book.items.unsettled("disclosure"):
        item: Disclosure = held.value
        number, stands = held.position, disclosures.standing(channel, item)
        missing = disclosure.lacking(item, stands)
        for first, party in item.parties:
            seat = succession.now(state, first)
            if party in missing and state.keys(seat) is not None:
                command, question = _ASKS[stands]
                what = f"{question}: disclosure {number} (for {party})"
                step(facts.name(state, seat), "say", what, f"disclosure {command} {number}")
        if stands == "agreed" and disclosures.due(channel, item):
            what = f"disclosure {number}, to which the parties have agreed"
            step(facts.name(state, item.proposer), "publish", what, f"disclosure publish {number} FOLDER")


def _soundings(channel: Channel, step: Step) -> None:
    state = channel.state
    for held in channel.items("sounding"):
        item: Sounding = held.value
        if standing(channel, item) in ("keys", "ballots"):
            for seat in item.terms.voters:
                if seat not in item.answered:
                    step(
                        facts.name(state, seat),
                        "answer",
                        f"sounding {held.position}",
                        f"sounding answer {held.position}",
                    )


def _texts(channel: Channel, step: Step) -> None:
    """What the pen has to decide, or can end; where parties have not said where they stand."""
    state = channel.state
    for held in channel.session.book.items.unsettled("text"):
        item: Text = held.value
        n, pen = held.position, facts.name(state, item.pen)
        if item.state == "silence":
            until = local(facts.at(item.hushes[-1].until))
            for seat in texts.negotiators(channel, item):
                what = f"whether to break silence on text {n}, which ends at {until}"
                step(facts.name(state, seat), "decide", what, f"text break {n}")
            continue
        rows = standings.rows(item, state)
        if item.proposed:
            what = f"{numbers([one.at.position for one in item.proposed], 'amendment')} to text {n}"
            step(pen, "decide", what, f"text amendments {n}")
        elif standings.clear(rows):
            verb = "adopt" if item.versions and item.issued else "issue"
            step(pen, verb, f"text {n}: every paragraph is agreed", f"text {verb} {n}")
        silent = {party for row in rows if not row.brackets for party in row.silent}
        for seat in texts.negotiators(channel, item):
            if state.member(seat).party in silent:
                step(
                    facts.name(state, seat),
                    "say",
                    f"where {state.member(seat).party} stands on text {n}",
                    f"text show {n}",
                )


def _ladders(channel: Channel, step: Step) -> None:
    """What is awaited by its hour, from this seat's party and from others."""
    me = facts.name(channel.state, channel.me)
    for held in channel.items("step"):
        awaited = ladders.line(channel, held.value)["awaited"]
        for own in (True, False):
            for one in [turn for turn in awaited if turn["mine"] is own][:FEW]:
                until = f", by {by(one['hour'])}" if one["hour"] else ""
                rest = f"{one['rest']} of ladder {held.position}{until}"
                step(me if own else one["party"], one["do"], rest, one["command"].removeprefix("backchannel "))


def _nonpapers(channel: Channel, step: Step) -> None:
    """Those that this seat can read: it has not reacted, or was asked to put it to the others."""
    state, me = channel.state, channel.me
    for held in channel.items("nonpaper"):
        item, number = held.value, held.position
        can_act = nonpapers.standing(channel, item) == "floated" and me in nonpapers.readers_who_speak(channel, item)
        if not can_act or item.author == me:
            continue
        if item.route == "carry":
            what = f"non-paper {number} of {facts.name(state, item.author)} to the others, or leave it"
            step(facts.name(state, me), "put", what, f"nonpaper carry {number}")
        elif me not in [reaction.seat for reaction in item.reactions]:
            step(
                facts.name(state, me), "read", f"non-paper {number}, and react to it or not", f"nonpaper show {number}"
            )


def _hats(channel: Channel, step: Step) -> None:
    for held in channel.items("hat"):
        if hats.runs(channel, held.value):
            for seat in hats.awaited(held.value):
                what = f"the desk, for which round {held.position} of the hat waits"
                step(facts.name(channel.state, seat), "open", what, "desk sync --watch")
