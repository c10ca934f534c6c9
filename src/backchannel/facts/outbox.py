"""What this desk has written and the log has not taken, in words: what waits, and what came back and why."""

from __future__ import annotations

from backchannel.channel import acts
from backchannel.channel.state import State
from backchannel.desk import sending
from backchannel.desk.book.intent import Act, Intent, Say
from backchannel.desk.book.outbox import Waiting
from backchannel.desk.channel import Channel
from backchannel.entry.codec import decode
from backchannel.facts import Facts
from backchannel.facts.common import name
from backchannel.instruments import BY_KIND

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
"""What an entry is called, by its kind."""


def rows(channel: Channel) -> list[Waiting]:
    """What this desk has written and the log has not taken, what was returned to it included."""
    return [*channel.session.book.outbox.returned(), *channel.session.book.outbox.waiting()]


def facts(channel: Channel) -> list[Facts]:
    """What this desk has written and the log has not taken: waiting, or returned and why."""
    return [waiting(channel.state, row) for row in rows(channel)]


def files(channel: Channel) -> list[Facts]:
    """Files that are on their way from this desk, by themselves: how much of each the log has."""
    going = {(item.at.position, one.sha256): (item, one) for item, one in sending.going(channel.session)}
    counted = [(item, one, *sending.progress(channel.session, [(item, one)])) for item, one in going.values()]
    return [
        {"ladder": item.at.position, "name": one.name, "size": one.size, "here": here, "pieces": pieces}
        for item, one, here, pieces in counted
        if here < pieces
    ]


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
