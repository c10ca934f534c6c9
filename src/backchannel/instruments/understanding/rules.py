"""Understanding: proposed, initialled, signed by all, anchored (spec/understanding.md, 1 and 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from backchannel.channel.state import DAY, State
from backchannel.entry import text
from backchannel.entry.ids import ZERO32, EntryId, SeatId
from backchannel.errors import Malformed, Rejected
from backchannel.instruments.base import NEVER, Due, Instrument, Kind, Me, Owed, Rules, Spoken, current, step
from backchannel.instruments.mandate import Mandate, covers, needed
from backchannel.instruments.understanding import form, jws, record
from backchannel.instruments.understanding.payload import payload
from backchannel.instruments.understanding.values import (
    CLAUSE_LIMIT,
    MOST_ANNEXES,
    MOST_CLAUSES,
    Anchor,
    Anchored,
    Initial,
    Party,
    Propose,
    Ready,
    Referendum,
    Sign,
    Signature,
    Terms,
    Understanding,
    Withdraw,
)

STATES = {
    "proposed": "a text that its signatories are to initial",
    "initialled": "a text that all have initialled and are to sign",
    "signing": "signed by some; a signature cannot be taken back",
    "complete": "signed by all",
    "withdrawn": "withdrawn before anybody had signed",
    "ended": "a signatory has left the channel before all had signed",
}

ENDING = frozenset({"proposed", "initialled", "signing"})
"""The states that a signatory's leaving ends."""

RULES: Rules = {
    ("", "understanding.propose", "speaker"): ("proposed",),
    ("proposed", "understanding.initial", "signatory"): ("proposed", "initialled"),
    ("proposed", "understanding.referendum", "signatory"): ("proposed",),
    ("initialled", "understanding.referendum", "signatory"): ("initialled",),
    ("signing", "understanding.referendum", "signatory"): ("signing",),
    ("initialled", "understanding.sign", "signatory"): ("signing",),
    # Initials may have been shown to some only: a signature is kept, and read when it is known what it signs.
    ("proposed", "understanding.sign", "signatory"): ("signing",),
    ("signing", "understanding.initial", "signatory"): ("initialled", "signing", "complete"),
    ("signing", "understanding.sign", "signatory"): ("signing", "complete"),
    ("proposed", "understanding.withdraw", "signatory"): ("withdrawn",),
    ("proposed", "understanding.withdraw", "proposer"): ("withdrawn",),
    ("initialled", "understanding.withdraw", "signatory"): ("withdrawn",),
    ("initialled", "understanding.withdraw", "proposer"): ("withdrawn",),
    ("initialled", "understanding.anchor", "signatory"): ("complete",),
    ("initialled", "understanding.anchor", "proposer"): ("complete",),
    ("signing", "understanding.anchor", "signatory"): ("complete",),
    ("signing", "understanding.anchor", "proposer"): ("complete",),
    ("complete", "understanding.anchor", "signatory"): ("complete",),
    ("complete", "understanding.anchor", "proposer"): ("complete",),
}


def standing(item: Understanding, state: State) -> str:
    """The understanding's state in a channel that stands so: `ended` once a signatory has left too early (1.7)."""
    if item.state in ENDING and any(state.keys(seat) is None for seat in item.signatories):
        return "ended"
    return item.state


def fold(item: Understanding | None, spoken: Spoken) -> Understanding:
    """The understanding after an entry about it."""
    act = spoken.act
    if isinstance(act, Propose):
        return _proposed(act, spoken)
    item = spoken.about(item, Understanding)
    who = (
        "signatory" if spoken.sender in item.signatories else "proposer" if spoken.sender == item.proposer else "reader"
    )
    ends = step(RULES, standing(item, spoken.state), spoken.kind, who)
    if isinstance(act, Withdraw):
        return replace(item, state=ends[0], reason=text.prose(act.reason, "reason", 500))
    after = _CHANGES[type(act)](item, act, spoken)
    state = _state(after)
    completed = spoken.at.arrival if state == "complete" and not item.completed else item.completed
    return replace(after, state=state, completed=completed)


def _state(item: Understanding) -> str:
    if item.agreed and len(item.signatures) == len(item.signatories):
        return "complete"
    return "signing" if item.signatures else "initialled" if item.agreed else "proposed"


def _proposed(act: Propose, spoken: Spoken) -> Understanding:
    ends = step(RULES, "", "understanding.propose", spoken.part)
    text.line(act.title, "title")
    _check_clauses(act.clauses)
    names = [text.line(annex.name, "annex") for annex in act.annexes]
    if len(names) > MOST_ANNEXES or len(set(names)) != len(names):
        raise Rejected("annexes", f"An understanding has at most {MOST_ANNEXES} annexes, each by a name of its own.")
    if len(act.signatories) < 2 or list(act.signatories) != sorted(set(act.signatories)):
        raise Rejected("signatories", "An understanding names two or more signatories, each once.")
    parties = []
    for seat_id in act.signatories:
        seat = spoken.state.seat(seat_id)
        if seat is None or seat.standing != "active" or not seat.speaks or seat_id not in spoken.audience:
            raise Rejected("signatories", "An understanding names a signatory who cannot sign it or cannot read it.")
        parties.append(Party(seat.id, seat.name, seat.party, seat.role))
    terms = Terms(act.title, act.clauses, act.annexes, act.seed, tuple(parties))
    digest = terms.digest(spoken.state.channel)
    return Understanding(
        id=spoken.id,
        at=spoken.at,
        proposer=spoken.sender,
        audience=spoken.audience,
        terms=terms,
        digest=digest,
        state=ends[0],
        ready=(),
        referendum=(),
        signatures=(),
        mandates=(),
        completed=0,
        anchor=None,
        reason="",
    )


def _check_clauses(clauses: tuple[str, ...]) -> None:
    if not 1 <= len(clauses) <= MOST_CLAUSES:
        raise Rejected("clauses", f"An understanding has 1 to {MOST_CLAUSES:,} clauses.")
    if sum(map(len, clauses)) > text.PROSE_LIMIT:
        raise Rejected("clauses", f"The clauses of an understanding have at most {text.PROSE_LIMIT:,} characters.")
    for clause in clauses:
        text.prose(clause, "clause", CLAUSE_LIMIT)


def _initialled(item: Understanding, act: Initial, spoken: Spoken) -> Understanding:
    _same_text(item, act.digest)
    _once(item.initials, spoken.sender, "initialled")
    _allowed("initial", act.mandate, spoken)
    after = replace(item, ready=(*item.ready, Ready(spoken.sender, act.keys)))
    if not after.agreed:
        return after
    signed = payload(spoken.state.channel, after)
    return replace(after, signatures=tuple(one for one in item.signatures if _holds(after, one, signed)))


def _referred(item: Understanding, _: Referendum, spoken: Spoken) -> Understanding:
    if spoken.sender not in item.initials or spoken.sender in (*item.signed, *item.referendum):
        raise Rejected("referendum", "Only who has initialled, and not signed, can refer it to the capital, once.")
    return replace(item, referendum=(*item.referendum, spoken.sender))


def _signed(item: Understanding, act: Sign, spoken: Spoken) -> Understanding:
    _same_text(item, act.digest)
    _once(item.signed, spoken.sender, "signed")
    signature = Signature(spoken.sender, act.ed, act.mldsa)
    if item.agreed and not _holds(item, signature, payload(spoken.state.channel, item)):
        raise Rejected("signature", "A signature under an understanding does not hold.")
    rests = ((spoken.sender, act.mandate),) if _allowed("sign", act.mandate, spoken) else ()
    return replace(item, signatures=(*item.signatures, signature), mandates=(*item.mandates, *rests))


def _anchored(item: Understanding, act: Anchor, spoken: Spoken) -> Understanding:
    if item.anchor is not None:
        raise Rejected("repeat", "What was signed stands in the log already.")
    if not item.agreed:
        raise Rejected("early", "Not all have initialled this text, so it is not known what was signed.")
    signatures = _read(item, act, spoken)
    anchor = Anchored(spoken.at, spoken.id, spoken.box, spoken.key)
    return replace(item, signatures=signatures, anchor=anchor)


def _read(item: Understanding, act: Anchor, spoken: Spoken) -> tuple[Signature, ...]:
    """The signatures of an anchor; `Rejected("anchor")` unless they are all there and hold (3.2)."""
    try:
        whole, signed = form.read(act.jws, jws.Jws), payload(spoken.state.channel, item)
        found = jws.read_signatures([(one.protected, one.signature) for one in whole.signatures], item.signatories)
        if form.unb64(whole.payload) == signed and all(_holds(item, one, signed) for one in found):
            return found
    except Malformed as problem:
        raise _other() from problem
    raise _other()


def _other() -> Rejected:
    return Rejected("anchor", "This is not what the signatories have signed.")


Change = Callable[[Understanding, Any, Spoken], Understanding]
_CHANGES: dict[type, Change] = {Initial: _initialled, Referendum: _referred, Sign: _signed, Anchor: _anchored}


def _same_text(item: Understanding, digest: bytes) -> None:
    if digest != item.digest:
        raise Rejected("digest", "This initials or signs another text than the one proposed.")


def _once(seats: tuple[SeatId, ...], seat: SeatId, done: str) -> None:
    if seat in seats:
        raise Rejected("repeat", f"This seat has {done} it already.")


def _allowed(act: str, named: EntryId, spoken: Spoken) -> bool:
    """Whether the act rests on a mandate; `Rejected("mandate")` if it needs one and has none (mandate.md, 4)."""
    seat = spoken.state.member(spoken.sender)
    if named == ZERO32 and not needed(spoken.state, seat):
        return False
    if isinstance(spoken.linked, Mandate) and covers(spoken.linked, seat, act, spoken.audience, spoken.at):
        return True
    raise Rejected("mandate", f"This seat has no mandate in force to {act} what these readers see.")


def _holds(item: Understanding, signature: Signature, signed: bytes) -> bool:
    return jws.holds(item.keys(signature.seat), signed, signature)


def reflex(item: Understanding, me: Me) -> Owed:
    """The anchor, once all have signed: the proposer's desk's; a day later the first signatory's; and so on (3.1)."""
    turns = [seat for seat in dict.fromkeys((item.proposer, *item.signatories)) if me.state.keys(seat) is not None]
    if item.state != "complete" or item.anchor is not None or me.pocket or me.seat not in turns:
        return Owed((), me.pocket)
    if me.at.arrival < item.completed + turns.index(me.seat) * DAY:
        return Owed((), me.pocket)
    due = Due("understanding.anchor", record.anchor(me.state.channel, item), current(item.audience, me.state))
    return Owed((due,), b"posted")


def _live(item: Understanding) -> bool:
    return item.anchor is None and item.state != "withdrawn"


UNDERSTANDING = Instrument(
    name="understanding",
    kinds={
        "understanding.propose": Kind(Propose, False),
        "understanding.initial": Kind(Initial, False),
        "understanding.referendum": Kind(Referendum, False),
        "understanding.sign": Kind(Sign, False),
        "understanding.withdraw": Kind(Withdraw, False),
        "understanding.anchor": Kind(Anchor, False, anchor=True),
    },
    opens="understanding.propose",
    item=Understanding,
    rules=RULES,
    fold=fold,
    text=lambda item: f"{item.terms.title}\n{item.terms.text}",
    until=lambda item: NEVER if _live(item) else None,
    lapse=lambda item: item,
    reflex=reflex,
    idle=lambda item: NEVER if _live(item) else 0,
    links=lambda _, act: act.mandate if isinstance(act, Initial | Sign) and act.mandate != ZERO32 else None,
    settled=lambda item: item.state not in ENDING,
)
