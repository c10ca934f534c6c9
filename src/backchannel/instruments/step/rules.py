"""Step: who may do what when, and what becomes of it (spec/step.md, 3 and 4)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from msgspec.structs import replace

from backchannel.entry import text
from backchannel.entry.codec import Value, encode
from backchannel.errors import Rejected
from backchannel.instruments.base import NEVER, Instrument, Kind, Rules, Spoken
from backchannel.instruments.base import step as allowed
from backchannel.instruments.step import awaiting, deeds, files, promises, reminding
from backchannel.instruments.step.acts import (
    Add,
    Excuse,
    Find,
    Inspect,
    Piece,
    Pledge,
    Propose,
    Remind,
    Report,
    StepId,
    Withdraw,
)
from backchannel.instruments.step.standing import Standing, standing
from backchannel.instruments.step.values import Ladder, Step

MOST_SAID = 8 << 20
"""Bytes of a party's entries about one ladder (1.6): every desk holds it whole, and writes it anew after each."""

STATES = {
    "proposed": "its doer has not promised it",
    "pledged": "promised; what it waits for, or is given for, is not there yet",
    "due": "it is its doer's turn, until its hour",
    "late": "its hour has come, and it was not reported",
    "reported": "done, its doer says",
    "verified": "found kept by as many as were needed",
    "disputed": "found otherwise than it was reported, by whom ever",
    "excused": "waived for good by those to whom it is owed",
    "broken": "found broken by as many as were needed, or late beyond its grace",
    "withdrawn": "taken back",
}

UNDONE = ("pledged", "due", "late")

RULES: Rules = {
    ("", "step.propose", "speaker"): ("proposed", "pledged", "due"),
    ("", "step.add", "speaker"): ("proposed", "pledged", "due"),
    ("", "step.piece", "speaker"): (),  # it is kept beside the ladder
    ("proposed", "step.pledge", "doer"): ("pledged", "due"),
    ("proposed", "step.withdraw", "doer"): ("withdrawn",),
    ("proposed", "step.withdraw", "proposer"): ("withdrawn",),
    **{(state, "step.withdraw", "doer"): ("withdrawn",) for state in UNDONE},
    **{(state, "step.report", "doer"): ("reported",) for state in (*UNDONE, "reported", "disputed")},
    **{
        (state, "step.inspect", "verifier"): (state,)
        for state in (*UNDONE, "reported", "verified", "disputed", "broken")
    },
    ("due", "step.find", "verifier"): ("due", "verified", "broken"),
    ("late", "step.find", "verifier"): ("late", "verified", "broken"),
    ("reported", "step.find", "verifier"): ("reported", "verified", "disputed", "broken"),
    ("verified", "step.find", "verifier"): ("verified", "disputed", "broken"),
    ("disputed", "step.find", "verifier"): ("reported", "verified", "disputed", "broken"),
    ("broken", "step.find", "verifier"): ("pledged", "due", "late", "verified", "disputed", "broken"),
    **{
        (state, "step.find", who): ends
        for (state, ends), who in product(
            {
                "due": ("due", "verified"),
                "late": ("late", "verified"),
                "reported": ("reported", "disputed"),
                "verified": ("verified", "disputed"),
                "disputed": ("reported", "verified", "disputed"),
                "broken": ("verified", "broken"),
            }.items(),
            ("beneficiary", "proposer", "other"),
        )
    },
    ("pledged", "step.excuse", "beneficiary"): ("pledged", "excused"),
    ("due", "step.excuse", "beneficiary"): ("due", "excused"),
    ("late", "step.excuse", "beneficiary"): ("due", "late", "excused"),
    ("reported", "step.excuse", "beneficiary"): ("reported", "excused"),
    ("disputed", "step.excuse", "beneficiary"): ("pledged", "due", "disputed", "excused"),
    ("broken", "step.excuse", "beneficiary"): ("pledged", "due", "broken", "excused"),
    **{("due", "step.remind", who): ("due",) for who in ("doer", "verifier", "beneficiary", "proposer", "other")},
}
"""By the standing of the step (2.3), which a reminder, a visit and a word of one of several may leave as it is."""


def fold(item: Ladder | None, spoken: Spoken) -> Ladder:
    """The ladder after an entry about it."""
    act = spoken.act
    if isinstance(act, Propose):
        allowed(RULES, "", spoken.kind, spoken.part)
        title = text.line(act.title, "title")
        new = promises.made(act.promises, (), spoken)
        return _weighed(Ladder(spoken.id, spoken.at, spoken.sender, spoken.audience, title, new), spoken)
    after = _FOLDS[type(act)](spoken.about(item, Ladder), spoken)
    return after if isinstance(act, Piece | Remind) else _weighed(after, spoken)


def _weighed(item: Ladder, spoken: Spoken) -> Ladder:
    """By party, so that nobody keeps another from speaking by filling the ladder itself."""
    party, said = spoken.state.member(spoken.sender).party, dict(item.said)
    said[party] = said.get(party, 0) + len(encode(spoken.act))
    if said[party] > MOST_SAID:
        raise Rejected("size", f"A party says at most {MOST_SAID >> 20} MiB in one ladder.")
    return replace(item, said=tuple(sorted(said.items())))


def parts(one: Step, spoken: Spoken) -> tuple[str, ...]:
    """The parts in which a seat's party acts on a step, the act's own before others (3): a doer is nothing else."""
    if spoken.part != "speaker":
        return (spoken.part,)
    return roles(one, spoken.state.member(spoken.sender).party)


def roles(one: Step, party: str) -> tuple[str, ...]:
    """The same for a party that speaks."""
    promise = one.promise
    if party == promise.doer:
        return ("doer",)
    of = {"verifier": promise.verifiers, "beneficiary": promise.toward, "proposer": (one.party,)}
    return (*(name for name, parties in of.items() if party in parties), "other")


def _add(item: Ladder, spoken: Spoken) -> Ladder:
    allowed(RULES, "", spoken.kind, spoken.part)
    new = promises.made(spoken.act.promises, item.steps, spoken)
    return replace(item, steps=(*item.steps, *new))


def _pledge(item: Ladder, spoken: Spoken) -> Ladder:
    named: tuple[StepId, ...] = spoken.act.steps
    if not named or len(set(named)) != len(named):
        raise Rejected("steps", "A pledge names its steps, each once.")
    places = {one.id: n for n, one in enumerate(item.steps)}
    steps = list(item.steps)
    for step in named:  # all are judged as they stand before it
        place = _there(places.get(step))
        steps[place] = deeds.pledge(item.steps[place], _may(item, place, spoken), spoken)
    return replace(item, steps=tuple(steps))


def _done(item: Ladder, spoken: Spoken) -> Ladder:
    """An act upon one step."""
    place = _there(item.place(spoken.act.step))
    after = deeds.DO[type(spoken.act)](item.steps[place], _may(item, place, spoken), spoken)
    return replace(item, steps=(*item.steps[:place], after, *item.steps[place + 1 :]))


def _piece(item: Ladder, spoken: Spoken) -> Ladder:
    allowed(RULES, "", spoken.kind, spoken.part)
    files.check_piece(item, spoken)
    return item


_FOLDS: dict[type[Value], Callable[[Ladder, Spoken], Ladder]] = {
    Add: _add,
    Pledge: _pledge,
    Piece: _piece,
    **dict.fromkeys(deeds.DO, _done),
}


def _may(item: Ladder, place: int, spoken: Spoken) -> Standing:
    """Where the step stands; `Rejected("rule")` unless the sender's party may do this to it now."""
    now, those = standing(item, place, spoken.at.arrival), parts(item.steps[place], spoken)
    allowed(RULES, now.state, spoken.kind, next((p for p in those if (now.state, spoken.kind, p) in RULES), those[0]))
    return now


def _there(place: int | None) -> int:
    if place is None:
        raise Rejected("step", "No such step stands in this ladder.")
    return place


def _text(item: Ladder) -> str:
    """What a search finds: what is to be done, and what was said of it."""
    said = [item.title]
    for one in item.steps:
        said += [one.promise.what, one.promise.where, *(report.words for report in one.reports)]
        said += [found.words for found in one.findings]
    return "\n".join(filter(None, said))


STEP = Instrument(
    name="step",
    kinds={
        "step.propose": Kind(Propose, False),
        "step.add": Kind(Add, False),
        "step.pledge": Kind(Pledge, False),
        "step.withdraw": Kind(Withdraw, False),
        "step.report": Kind(Report, False),
        "step.inspect": Kind(Inspect, False),
        "step.find": Kind(Find, False),
        "step.excuse": Kind(Excuse, False),
        "step.remind": Kind(Remind, False),
        "step.piece": Kind(Piece, False, piece=True),
    },
    opens="step.propose",
    item=Ladder,
    rules=RULES,
    fold=fold,
    text=_text,
    until=lambda item: NEVER if reminding.live(item) else None,
    lapse=lambda item: item,
    reflex=reminding.reflex,
    idle=lambda item: NEVER if reminding.live(item) else 0,
    settled=awaiting.rests,
)
