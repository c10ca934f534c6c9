"""Seats that pass on, as facts: how far each is, whose turn it is, what went from the one to the other."""

from __future__ import annotations

from shlex import quote

from backchannel.channel.state import Seat, State
from backchannel.desk import dossier, handovers
from backchannel.desk.channel import Channel
from backchannel.entry import text
from backchannel.entry.ids import SeatId
from backchannel.facts import Facts, Tell
from backchannel.facts.common import name
from backchannel.instruments.handover import STATES, Handover

STAGES = {
    "joined": "{to} has joined, and has still to sign the charter",
    "signed": "{to} has signed the charter, and comes in with the next sync of any desk",
    "both": "both are here: what is said to the one goes to both, until {of} has left",
    "bare": "nothing was passed on to you of {of}; another seat of your party can do so: backchannel channel pass-on",
    "done": "{of} is no longer here",
}


def facts(channel: Channel) -> list[Facts]:
    """The handovers under way, and those whose dossier this seat has a part in."""
    state, given = channel.state, handovers.given(channel)
    found = [_succession(channel, heir, [one for one in given if one.to == heir.id]) for heir in _heirs(state)]
    return [one for one in found if one["stage"] != "done" or one["dossiers"]]


def _heirs(state: State) -> list[Seat]:
    return [one for one in state.present if one.succeeds is not None]


def _stage(state: State, heir: Seat) -> str:
    if heir.standing == "guest":
        return "signed" if heir.signed else "joined"
    return "done" if state.keys(heir.succeeds or b"") is None else "both"


def _succession(channel: Channel, heir: Seat, given: list[Handover]) -> Facts:
    state = channel.state
    others = any(one.party == heir.party and one.id != heir.id and one.speaks for one in state.active)
    stage, to, of = _stage(state, heir), name(state, heir.id), name(state, heir.succeeds)
    if stage == "done" and heir.id == channel.me and others and not given:
        stage = "bare"
    return {
        "to": to,
        "of": of,
        "stage": stage,
        "stage_says": STAGES[stage].format(to=to, of=of),
        "dossiers": [of_dossier(channel, one) for one in given],
    }


def of_dossier(channel: Channel, item: Handover) -> Facts:
    """A dossier, as giver and successor see it."""
    state = channel.state
    through, until = dossier.progress(channel.session, item)
    return {
        "number": item.at.position,
        "from": name(state, item.by),
        "to": name(state, item.to),
        "of": name(state, item.seat),
        "state": item.state,
        "state_says": STATES[item.state],
        "parts": item.parts,
        "through": through,
        "until": until,
        "items": channel.session.book.items.passed_by(item.by) if item.to == channel.me else {},
    }


def now(state: State, seat: SeatId) -> SeatId:
    """Who is in the place of a seat now: itself while it is here, then whoever succeeds it."""
    return next(iter(state.current((seat,))), seat) if state.keys(seat) is None else seat


def plan(channel: Channel, seat: Seat, to: str) -> Facts:
    """What an offer of a seat's place to somebody means: who has to say yes, and what passes."""
    state, own = channel.state, seat.id == channel.me
    mine = state.member(channel.me).party
    return {
        "of": name(state, seat.id),
        "party": seat.party,
        "role": seat.role,
        "to": text.tidy(to),
        "own": own,
        "here": state.keys(seat.id) is not None,
        "awaits": [] if own else sorted(state.parties(without=seat.id) - {mine}),
        "dossier": state.charter.terms.dossier if state.charter is not None else "all",
        "passes": handovers.passing(channel, seat.id),
        "same_party": seat.party == mine,
    }


# --- who can do what next ---------------------------------------------------------------------------------------------

_SYNC = ", with the next sync of that desk"
DUES = {
    "": ("by", "hand", f"its dossier on to {{to}}, and then leaves{_SYNC}"),
    "begun": ("by", "send", f"the rest of its dossier to {{to}}{_SYNC}"),
    "passed": ("to", "confirm", f"that all of the dossier is there{_SYNC}"),
    "taken": ("by", "leave", f"the channel, now that {{to}} has its dossier{_SYNC}"),
}
"""State of a dossier -> who does what with it next; empty: this desk knows of none."""


def steps(channel: Channel, tell: Tell) -> None:
    """What the seats owe each other until a place has passed."""
    state, given = channel.state, handovers.given(channel)

    def owed(by: SeatId, to: SeatId, dossier: str) -> None:
        who, verb, rest = DUES[dossier]
        tell(name(state, by if who == "by" else to), verb, rest.format(to=name(state, to)), "desk sync")

    for heir in _heirs(state):
        before, stage = state.member(heir.succeeds or b""), _stage(state, heir)
        known = {one.by: one.state for one in given if one.to == heir.id}
        if stage == "both":
            owed(before.id, heir.id, known.pop(before.id, ""))
        elif stage == "done" and handovers.may_pass_on(channel, heir):
            what = f"to {name(state, heir.id)} what your desk has of {name(state, before.id)}"
            tell(name(state, channel.me), "pass on", what, f"channel pass-on {quote(name(state, heir.id))}")
        for by, how in known.items():
            if how != "taken" and state.keys(by) is not None:
                owed(by, heir.id, how)
