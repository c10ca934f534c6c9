"""Text: who may do what when, and what becomes of it (spec/text.md)."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from backchannel.entry import text
from backchannel.errors import Rejected
from backchannel.instruments.base import NEVER, Instrument, Kind, Me, Owed, Rules, Spoken, step
from backchannel.instruments.text import adopting, amending, paragraphs, standing
from backchannel.instruments.text.acts import (
    Adopt,
    Amend,
    Break,
    Close,
    Decide,
    Issue,
    Open,
    Pass,
    Silence,
    Stand,
    Withdraw,
)
from backchannel.instruments.text.values import Text

STATES = {
    "drafting": "it is being worked on",
    "silence": "it is adopted at the hour, unless somebody breaks silence",
    "adopted": "adopted: it changes no more",
    "closed": "given up",
}

RULES: Rules = {
    ("", "text.open", "speaker"): ("drafting",),
    ("drafting", "text.amend", "pen"): ("drafting",),
    ("drafting", "text.amend", "speaker"): ("drafting",),
    ("drafting", "text.decide", "pen"): ("drafting",),
    ("drafting", "text.withdraw", "author"): ("drafting",),
    ("silence", "text.withdraw", "author"): ("silence",),
    ("drafting", "text.stand", "party"): ("drafting",),
    ("silence", "text.stand", "party"): ("silence",),
    ("adopted", "text.stand", "party"): ("adopted",),
    ("drafting", "text.issue", "pen"): ("drafting",),
    ("drafting", "text.silence", "pen"): ("silence",),
    ("silence", "text.break", "party"): ("drafting",),
    ("drafting", "text.adopt", "pen"): ("adopted",),
    ("silence", "text.adopt", "pen"): ("adopted",),
    ("drafting", "text.close", "pen"): ("closed",),
    ("silence", "text.close", "pen"): ("closed",),
    **{(state, "text.pass", who): (state,) for state in ("drafting", "silence") for who in ("pen", "heir")},
}

_FOR_A_PARTY = ("text.stand", "text.break")


def fold(item: Text | None, spoken: Spoken) -> Text:
    """The text after an entry about it."""
    if spoken.kind == "text.open":
        return _opened(spoken)
    held = at_the_hour(spoken.about(item, Text), spoken.at.arrival)
    (state,) = step(RULES, held.state, spoken.kind, _who(held, spoken))
    return replace(_FOLDS[spoken.kind](held, spoken), state=state)


def at_the_hour(item: Text, unit: int) -> Text:
    """The text once everything that arrived before `unit` is known: adopted, if nobody has broken silence (5.2)."""
    return lapse(item) if item.state == "silence" and unit >= item.hushes[-1].until else item


def lapse(item: Text) -> Text:
    """The text after a silence that nobody broke."""
    return replace(item, state="adopted") if item.state == "silence" else item


def _who(item: Text, spoken: Spoken) -> str:
    sender, speaks = spoken.sender, spoken.part
    if spoken.kind in _FOR_A_PARTY:
        negotiates = sender in (one.id for one in standing.negotiators(item.audience, spoken.state))
        return "party" if negotiates else speaks
    if spoken.kind == "text.withdraw":
        held = amending.awaited(item, spoken.act.amendment)
        return "author" if spoken.stands_for(held.seat) else speaks
    if sender == item.pen:
        return "pen"
    heir = spoken.kind == "text.pass" and spoken.act.to == sender and sender in adopting.pens(item, spoken.state)
    return "heir" if heir else speaks


def _opened(spoken: Spoken) -> Text:
    act: Open = spoken.act
    step(RULES, "", "text.open", spoken.part)
    text.line(act.title, "title")
    adopting.can_hold(act.pen, spoken.audience, spoken.state)
    if len(act.paragraphs) > paragraphs.MOST_PARAGRAPHS:
        raise Rejected("size", f"A text has up to {paragraphs.MOST_PARAGRAPHS} paragraphs.")
    hidden = amending.hidden(spoken.state)
    for words in act.paragraphs:
        paragraphs.check(words, hidden)
    rows = paragraphs.first(spoken.id, act.paragraphs, 1)
    store = ("", *act.paragraphs)
    begun = (spoken.id, spoken.at, spoken.sender, spoken.audience, act.title, act.pen, "drafting", store, rows)
    return Text(*begun, (), (), (), ())


_FOLDS: dict[str, Callable[[Text, Spoken], Text]] = {
    "text.amend": amending.amend,
    "text.decide": amending.decide,
    "text.withdraw": amending.withdraw,
    "text.stand": adopting.stand,
    "text.issue": adopting.issue,
    "text.silence": adopting.silence,
    "text.break": adopting.break_,
    "text.adopt": adopting.adopt,
    "text.close": lambda item, _: item,
    "text.pass": adopting.pass_,
}


def owed(item: Text, me: Me) -> Owed:
    """Nothing; but once the log is read to the hour of a silence, it is over (5.2)."""
    return Owed((), me.pocket, item.state == "silence" and me.read >= item.hushes[-1].until)


def _text(item: Text) -> str:
    return "\n".join((item.title, *map(item.said, item.here)))


TEXT = Instrument(
    name="text",
    kinds={
        "text.open": Kind(Open, False),
        "text.amend": Kind(Amend, False),
        "text.decide": Kind(Decide, False),
        "text.withdraw": Kind(Withdraw, False),
        "text.stand": Kind(Stand, False),
        "text.issue": Kind(Issue, False),
        "text.silence": Kind(Silence, False),
        "text.break": Kind(Break, False),
        "text.adopt": Kind(Adopt, False),
        "text.close": Kind(Close, False),
        "text.pass": Kind(Pass, False),
    },
    opens="text.open",
    item=Text,
    rules=RULES,
    fold=fold,
    text=_text,
    # Never by a desk's clock alone: what broke silence in time may be unread.
    until=lambda item: NEVER if item.state == "silence" else None,
    lapse=lapse,
    settled=lambda item: item.state in ("adopted", "closed"),
    reflex=owed,
)
