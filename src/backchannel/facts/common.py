"""What there is, as plain facts: dicts, lists, strings, numbers. JSON is made of them, and so is every page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backchannel.channel import acts
from backchannel.channel.assent import missing, unsigned
from backchannel.channel.state import Invitation, Removal, Seat, State
from backchannel.desk.book.intent import Act, Intent, Say
from backchannel.desk.book.outbox import Waiting
from backchannel.desk.channel import Channel
from backchannel.desk.hats import waiting as slips_ready
from backchannel.desk.naming import called
from backchannel.entry.codec import decode
from backchannel.entry.ids import SeatId
from backchannel.facts import Facts
from backchannel.facts.passed import passes
from backchannel.facts.saying import stamp
from backchannel.instruments import BY_KIND, note

UNIT = 300
"""Seconds of an arrival unit (spec/ledger.md, 2)."""

UNTOLD = "somebody"


def at(arrival: int) -> str:
    """An arrival unit as a time."""
    return stamp(arrival * UNIT)


def name(state: State, seat: SeatId | None) -> str:
    """A seat's name, present or gone."""
    found = state.seat(seat) if seat is not None else None
    return called(state, found) if found is not None else UNTOLD


def names(state: State, seats: Iterable[SeatId]) -> list[str]:
    """Names of seats, in the order in which they came."""
    return [name(state, seat) for seat in sorted(seats, key=lambda seat: place(state, seat))]


def place(state: State, seat: SeatId) -> int:
    """Where a seat stands in the roster: ids are in no order that a person would know."""
    return next((k for k, one in enumerate(state.seats) if one.id == seat), len(state.seats))


# --- the channel ------------------------------------------------------------------------------------------------------


def line(channel: Channel) -> Facts:
    """A channel in one line."""
    state, waiting = channel.state, rows(channel)
    me = state.seat(channel.me)
    return {
        "title": state.title,
        "id": channel.id.hex(),
        "relay": channel.session.book.cover().relay,
        "stage": state.stage,
        "me": called(state, me) if me is not None else None,
        "standing": me.standing if me is not None else "joining",
        "seat_count": len(state.present),
        "entries": channel.size,
        "waiting": sum(row.stage != "returned" for row in waiting),
        "returned": sum(row.stage == "returned" for row in waiting),
        "slips": slips_ready(channel),
        "alarms": alarms(channel),
    }


def left(channel: Channel) -> bool:
    """Whether this desk's seat is no longer in the channel."""
    me = channel.state.seat(channel.me)
    return me is not None and me.standing == "gone"


def last(channel: Channel) -> str | None:
    """When the newest entry came."""
    with channel.session.turn():
        size = channel.session.history.size
        return at(channel.session.history.leaf(size - 1).arrival) if size else None


def seat(channel: Channel, one: Seat) -> Facts:
    """A seat, and whether its words were compared."""
    return {
        "id": one.id.hex(),
        "name": called(channel.state, one),
        "in_place_of": in_place_of(channel.state, one),
        "party": one.party,
        "role": one.role,
        "standing": one.standing,
        "signed": one.signed,
        "verified": one.id in channel.session.book.verified(),
        "me": one.id == channel.me,
        "founder": one.id == channel.state.founder,
    }


def uncompared(channel: Channel) -> list[str]:
    """The seats whose words its person has not compared yet: until then each may be somebody else."""
    known = {channel.me, *channel.session.book.verified()}
    here = () if left(channel) else channel.state.present
    return [called(channel.state, one) for one in here if one.id not in known]


def in_place_of(state: State, one: Seat) -> str | None:
    """Whose place a seat has taken."""
    return name(state, one.succeeds) if one.succeeds is not None else None


def charter(channel: Channel) -> Facts | None:
    """The terms, who has signed and who has not."""
    state = channel.state
    if state.charter is None:
        return None
    terms = state.charter.terms
    here, waits = ((), ()) if left(channel) else (state.present, unsigned(state))
    return {
        "terms": {field: getattr(terms, field) for field in terms.__struct_fields__},
        "seats": [
            {"name": called(state, one), "party": one.party, "role": one.role, "signed": one.signed}
            for one in here
            if one.id in state.charter.seats or one.standing == "guest" or one.signed
        ],
        "awaits": [called(state, one) for one in waits],
        "in_force": state.stage in ("signed", "open"),
    }


def change(state: State, one: Invitation | Removal) -> Facts:
    """An invitation or a removal that is under way, and whose assent it lacks."""
    common = {
        "by": name(state, one.proposal.by),
        "stage": one.proposal.stage,
        "awaits": sorted(missing(state, one)) if one.proposal.stage == "open" else [],
    }
    if isinstance(one, Invitation):
        who = {"change": "invitation", "name": one.name, "party": one.party, "role": one.role}
        place = name(state, one.replaces) if one.replaces is not None else None
        return {**who, "in_place_of": place, "expires": at(one.expires), **common}
    return {"change": "removal", "name": name(state, one.seat), "reason": one.reason, **common}


def changes(state: State) -> list[Invitation | Removal]:
    """All invitations and removals, whatever became of them."""
    return [*state.invitations, *state.removals]


def alarms(channel: Channel) -> list[Facts]:
    """What every later look at the channel must show."""
    return [{"code": code, "what": what, "at": stamp(at)} for code, what, at in channel.session.book.alarms()]


# --- what waits -------------------------------------------------------------------------------------------------------


def rows(channel: Channel) -> list[Waiting]:
    """What this desk has written and the log has not taken, what was returned to it included."""
    return [*channel.session.book.outbox.returned(), *channel.session.book.outbox.waiting()]


def outbox(channel: Channel) -> list[Facts]:
    """What this desk has written and the log has not taken: waiting, or returned and why."""
    return [waiting(channel.state, row) for row in rows(channel)]


def waiting(state: State, row: Waiting) -> Facts:
    """One thing in the outbox."""
    stage = "returned" if row.stage == "returned" else "waiting"
    return {"number": row.n, "what": intent(state, row.intent), "stage": stage, "why": row.why}


def intent(state: State, wanted: Intent) -> str:
    """What somebody wanted, in words."""
    if isinstance(wanted, Say):
        body = decode(wanted.body, BY_KIND[wanted.kind].kinds[wanted.kind].body)
        words = next((w for w in (getattr(body, field, "") for field in ("title", "text", "reason")) if w), "")
        start = words if len(words) <= 60 else words[:60] + "…"
        return f"{KINDS.get(wanted.kind, wanted.kind)}{f' ({start})' if start else ''}"
    if isinstance(wanted, Act):
        act = acts.parse(wanted.body)
        what = KINDS[acts.kind(act)]
        if isinstance(act, acts.Invite | acts.Handover):
            return f"{what}: {act.name}"
        return f"{what}: {name(state, act.seat)}" if isinstance(act, acts.Remove | acts.Freeze) else what
    return "what the invited desk needs to open the channel"


CALM = frozenset({"freeze", "handover", "rotate"})
"""Of which a desk whose seat has left does not tell whose they were: whoever has it now may not be its person."""

KINDS = {
    "seats": "change of the seats",
    "found": "founding of the channel",
    "prekey": "a fresh place for what others seal",
    "once": "a fresh place for what is to vanish",
    "invite": "invitation",
    "join": "joining",
    "charter": "proposal of the charter",
    "assent": "signature, or yes to a change",
    "remove": "removal",
    "handover": "offer of a seat to a successor",
    "freeze": "freezing of a seat",
    "rotate": "new round, with the seats as agreed",
    "note.send": "note",
    "note.restate": "read-back of a note",
    "note.confirm": "confirmation of a read-back",
    "note.correct": "correction of a read-back",
    "sounding.open": "sounding",
    "sounding.key": "readiness for sounding",
    "sounding.ballot": "sealed answer to sounding",
    "sounding.blind": "work on sounding",
    "sounding.share": "part of the opening of sounding",
    "sounding.ack": "receipt in sounding",
    "sounding.release": "release of sounding",
    "sounding.show": "part of the result of sounding",
    "sounding.withdraw": "withdrawal of sounding",
    "nonpaper.float": "non-paper",
    "nonpaper.react": "reaction to non-paper",
    "nonpaper.revise": "new version of non-paper",
    "nonpaper.take-up": "taking up of non-paper",
    "nonpaper.withdraw": "withdrawal of non-paper",
    "nonpaper.carried": "putting to the others of non-paper",
    "nonpaper.again": "request for the words of non-paper",
    "nonpaper.copy": "copy, for a desk that asked, of non-paper",
    "nonpaper.destroyed": "receipt of destruction of non-paper",
    "nonpaper.words": "words of non-paper",
    "hat.open": "round of the hat",
    "hat.key": "readiness for the hat",
    "hat.commit": "folding of a slip for the hat",
    "hat.submit": "folded slip in the hat",
    "hat.stage": "shaking of the hat",
    "hat.go": "agreement to the opening of the hat",
    "hat.nogo": "alarm about the hat",
    "hat.reveal": "part of the opening of the hat",
    "hat.show": "part of the search for a cheat in the hat",
    "hat.close": "end of the round of the hat",
    "text.open": "text",
    "text.amend": "amendment to text",
    "text.decide": "decision of the pen on text",
    "text.withdraw": "withdrawal of an amendment to text",
    "text.stand": "a party's stance on text",
    "text.issue": "new version of text",
    "text.silence": "silence procedure on text",
    "text.break": "breaking of silence on text",
    "text.adopt": "adoption of text",
    "text.close": "giving up of text",
    "text.pass": "passing of the pen of text",
    "mandate.grant": "mandate",
    "mandate.revoke": "revocation of mandate",
    "understanding.propose": "proposal of an understanding",
    "understanding.initial": "initials under an understanding",
    "understanding.referendum": "reference of an understanding to the capital",
    "understanding.sign": "signature under an understanding",
    "understanding.withdraw": "withdrawal of an understanding",
    "understanding.anchor": "what was signed, without its words",
    "disclosure.propose": "proposal to disclose clauses",
    "disclosure.consent": "consent to disclosure",
    "disclosure.refuse": "refusal of disclosure",
    "disclosure.withdraw": "withdrawal of disclosure",
    "disclosure.confirm": "confirmation of the condition of disclosure",
    "disclosure.publish": "publication of disclosure",
    "disclosure.retract": "retraction of disclosure",
    "step.propose": "ladder",
    "step.add": "more steps in ladder",
    "step.pledge": "promise in ladder",
    "step.withdraw": "withdrawal of a step of ladder",
    "step.report": "report on a step of ladder",
    "step.inspect": "inspection of a step of ladder",
    "step.find": "finding on a step of ladder",
    "step.excuse": "excuse for a step of ladder",
    "step.remind": "reminder of a step of ladder",
    "step.piece": "piece of a file for ladder",
    "handover.begin": "dossier",
    "handover.part": "part of dossier",
    "handover.end": "end of dossier",
    "handover.taken": "receipt of dossier",
}


def from_hat(item: Any, kind: str, position: int) -> bool:
    """Whether who posted this says nothing about whose it is: the caller's desk posts what came out of the hat."""
    if kind == "nonpaper.float":
        return item is not None and item.route == "hat"
    if kind == "nonpaper.react":
        return item is not None and any(one.seat is None and one.at.position == position for one in item.reactions)
    return kind == "nonpaper.words"


# --- instruments ------------------------------------------------------------------------------------------------------


@passes
def note_facts(channel: Channel, item: note.Note) -> Facts:
    """A note: who can read it, until when, and how its read-back stands."""
    state = channel.state
    return {
        "number": item.at.position,
        "from": name(state, item.author),
        "mine": item.author in state.line(channel.me),
        "readers": names(state, (seat for seat in item.audience if seat != item.author)),
        "sent": at(item.at.arrival),
        "until": at(item.until),
        "gone": item.gone,
        "text": item.text,
        "read_back": [
            {
                "seat": name(state, r.seat),
                "id": r.seat.hex(),
                "mine": r.seat in state.line(channel.me),
                "state": r.state,
                "restated": r.restated,
                "corrected": r.corrected,
            }
            for r in sorted(item.readbacks, key=lambda r: place(state, r.seat))
            if r.state != "plain"
        ],
    }
