"""Sound: whether what somebody passed on could be the item of a channel (spec/handover.md, 4.3).

Its giver may have made it up, and every later entry, reflex and page works on it. So whatever those rely on is asked
here, once, instead of there, always: that its seats and numbers name something, and that its names are names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from backchannel.channel.state import At, State
from backchannel.entry import text
from backchannel.entry.ids import EntryId
from backchannel.errors import Rejected
from backchannel.instruments import Instrument
from backchannel.instruments.disclosure.rules import Disclosure
from backchannel.instruments.mandate import ACTS, Mandate, attestation
from backchannel.instruments.note import STATES, Note
from backchannel.instruments.step import promises, standing
from backchannel.instruments.step.acts import VERDICTS
from backchannel.instruments.step.rules import STATES as STEPS
from backchannel.instruments.step.values import Ladder, Past
from backchannel.instruments.text.acts import STANCES
from backchannel.instruments.text.paragraphs import applied
from backchannel.instruments.text.values import Text, laid_out
from backchannel.instruments.understanding.values import Understanding

_SEAT = 16
"""Bytes of a seat's id, and of nothing else in an item."""

_NAMES = frozenset({"name", "party", "title", "to"})
"""Fields that are shown in one line."""

_HOURS = frozenset({"arrival", "until", "completed", "not_before", "first", "last"})
"""Fields that are arrival units."""

_LAST_HOUR = 800_000_000
"""An arrival unit that a calendar still has: some day of the year 9576."""

_MOST_PAST = 10_000_000
"""Changes in what steps wait for, by every step that does: the clocks of a ladder are read off all of them."""


Held: TypeAlias = Callable[[EntryId], Any]
"""The item of an entry, as it is on this desk; None if there is none."""


def sound(instrument: Instrument, value: Any, state: State, before: int, held: Held) -> None:
    """`Rejected("passed")` for an item that no fold makes of entries before a position, as far as desks rely on it."""
    try:
        good = _could_be(instrument, value, state, before) and _OF[instrument.name](value, state, held)
    except Exception as problem:  # it may be anything
        raise _unsound() from problem
    if not good:
        raise _unsound()


def _unsound() -> Rejected:
    return Rejected("passed", "Something was passed on that cannot be.")


def _could_be(instrument: Instrument, value: Any, state: State, before: int) -> bool:
    seats = {seat.id for seat in state.seats}
    for name, part in _parts("", value):
        if isinstance(part, bytes) and len(part) == _SEAT and part not in seats:
            return False
        if isinstance(part, At) and part.position >= before:
            return False
        if isinstance(part, int) and name in _HOURS and part > _LAST_HOUR:
            return False
        if isinstance(part, str) and part and name in _NAMES:
            text.line(part)
    instrument.text(value)
    instrument.until(value)
    instrument.until(instrument.lapse(value))
    whole = list(value.audience) == sorted(set(value.audience)) and value.audience
    states = {end for ends in instrument.rules.values() for end in ends}
    return bool(whole) and getattr(value, "state", None) in {None, *states}


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Everything in a value, each with the name of the field that it stands in."""
    yield name, value
    if isinstance(value, Struct):
        for field in value.__struct_fields__:
            yield from _parts(field, getattr(value, field))
    elif isinstance(value, tuple):
        for part in value:
            yield from _parts(name, part)


def _note(item: Note, _: State, _held: Held) -> bool:
    asked = [one.seat for one in item.readbacks]
    known = all(one.state in STATES for one in item.readbacks)
    return known and item.author in item.audience and len(set(asked)) == len(asked) and set(asked) <= {*item.audience}


def _mandate(item: Mandate, _: State, _held: Held) -> bool:
    attestation(item)
    return bool(item.terms.acts) and set(item.terms.acts) <= {*ACTS}


def _understanding(item: Understanding, state: State, _held: Held) -> bool:
    signing, initials, signed = item.signatories, item.initials, item.signed
    if item.digest != item.terms.digest(state.channel) or len(signing) < 2 or list(signing) != sorted(set(signing)):
        return False
    once = all(len(set(seats)) == len(seats) for seats in (initials, signed, item.referendum, dict(item.mandates)))
    some = {*initials, *signed, *dict(item.mandates)} <= {*signing} and {*item.referendum} <= {*initials}
    return once and some and item.state in ("withdrawn", _reached(item))


def _reached(item: Understanding) -> str:
    if item.agreed and len(item.signatures) == len(item.signatories) and item.completed:
        return "complete"
    return "signing" if item.signatures else "initialled" if item.agreed else "proposed"


def _disclosure(item: Disclosure, _: State, held: Held) -> bool:
    clauses, parties = item.terms.clauses, {party for _, party in item.parties}
    of = held(item.terms.understanding)
    if not isinstance(of, Understanding) or max(clauses, default=0) > len(of.terms.clauses):
        return False
    said = {*item.consents, *item.confirms, *item.retracts}
    return bool(clauses) and list(clauses) == sorted(set(clauses)) and clauses[0] > 0 and said <= parties


def _text(item: Text, _: State, _held: Held) -> bool:
    words, ids = len(item.words), [one.id for one in item.paragraphs]
    used = [one.words for one in item.paragraphs]
    used += [stance.words for one in item.paragraphs for stance in one.stances]
    for one in (*item.proposed, *item.settled):
        used += [one.reason, one.answer, *(number for step in one.steps for number in step.words)]
        applied(item.paragraphs, one.id, one.steps)
    for version in item.versions:
        rows = list(laid_out(version.layout))
        used += [number for _, number in rows]
        if not {id_ for id_, _ in rows} <= {*ids}:
            return False
    used += [hush.words for hush in item.hushes]
    return (
        bool(item.words)
        and max(used, default=0) < words
        and len(set(ids)) == len(ids)
        and [one.number for one in item.versions] == [*range(1, len(item.versions) + 1)]
        and all(0 < hush.number <= len(item.versions) for hush in item.hushes)
        and all(stance.stance in STANCES for one in item.paragraphs for stance in one.stances)
        and (item.state != "silence" or bool(item.hushes))
    )


def _ladder(item: Ladder, state: State, _held: Held) -> bool:
    parties = frozenset(seat.party for seat in state.seats)
    for one in item.steps:
        promises.check(one.promise, parties, one.at.arrival)
    steps, ids = len(item.steps), [one.id for one in item.steps]
    named = [n for one in item.steps for n in (*one.returns, *(n for any_of in one.after for n in any_of))]
    verdicts = {found.verdict for one in item.steps for found in one.findings}
    if len(set(ids)) < len(ids) or max(named, default=0) >= max(steps, 1) or len(named) > promises.MOST_REFERENCES:
        return False
    if sum(len(item.steps[n].past) for n in named) > _MOST_PAST or not all(_in_order(one.past) for one in item.steps):
        return False
    if any(now.hour is not None and now.hour > _LAST_HOUR for now in standing.stand(item, item.at.arrival)):
        return False
    return all(one.state in STEPS for one in item.steps) and verdicts <= {*VERDICTS}


def _in_order(past: tuple[Past, ...]) -> bool:
    hours = [hour for one in past for hour in (one.first, one.last)]
    return hours == sorted(hours)


_OF: Mapping[str, Callable[[Any, State, Held], bool]] = {
    "note": _note,
    "mandate": _mandate,
    "understanding": _understanding,
    "disclosure": _disclosure,
    "text": _text,
    "step": _ladder,
}
"""What else must hold of an item, by its instrument."""
