"""Reminders: which are owed of a ladder's steps, and whose desk posts them (spec/step.md, 3.6)."""

from __future__ import annotations

from itertools import islice

from backchannel.channel.state import DAY
from backchannel.entry.codec import Value, decode, encode
from backchannel.entry.ids import Count
from backchannel.instruments.base import Due, Me, Owed, current
from backchannel.instruments.step.acts import Remind, StepId
from backchannel.instruments.step.standing import Standing, reading
from backchannel.instruments.step.values import Ladder, Step

HOUR = 12
"""Arrival units in an hour."""

MOST_AT_ONCE = 32
"""Reminders that a desk posts in one go."""


def reminder(one: Step, now: Standing, unit: int) -> int:
    """The lead time, in days, of which a reminder is owed (3.6); 0: none."""
    if now.state != "due" or now.hour is None:
        return 0
    come = [lead for lead in one.promise.remind if now.hour - lead * DAY <= unit]
    lead = min(come, default=0)
    return lead if not one.reminded or lead < one.reminded else 0


def owing(item: Ladder, unit: int) -> tuple[tuple[int, int], ...]:
    """The reminders that are owed: places of steps, and lead times."""
    waiting = [place for place, one in enumerate(item.steps) if awaits(one)]
    leads = ((place, reminder(item.steps[place], reading(item, place, unit), unit)) for place in waiting)
    return tuple((place, lead) for place, lead in leads if lead)


def awaits(one: Step) -> bool:
    """Whether a reminder may be owed yet, without another entry."""
    remind = one.promise.remind
    return one.state == "pledged" and bool(remind) and one.reminded != remind[-1]


def live(item: Ladder) -> bool:
    """Whether a reminder may be owed before anything else is said."""
    return any(map(awaits, item.steps))


class Said(Value, frozen=True, array_like=True):
    """A reminder that this desk has posted, and that it has not read yet."""

    step: StepId
    lead: Count


def reflex(item: Ladder, me: Me) -> Owed:
    """Reminders, a verifier's desk first, every other an hour later; so that one does, as a rule (3.6)."""
    owed = {Said(item.steps[place].id, lead): place for place, lead in owing(item, me.read)}
    read = decode(me.pocket, tuple[Said, ...]) if me.pocket else ()
    posted = dict.fromkeys(one for one in read if one in owed)
    mine = (one for one, place in owed.items() if one not in posted and _turn(item, place, one.lead, me))
    new, audience = tuple(islice(mine, MOST_AT_ONCE)), current(item.audience, me.state)
    says = tuple(Due("step.remind", Remind(item.id, one.step, one.lead), audience) for one in new)
    return Owed(says, encode((*posted, *new)) if posted or new else b"")


def _turn(item: Ladder, place: int, lead: int, me: Me) -> bool:
    """Whether it is my desk's turn to say this."""
    one, now = item.steps[place], reading(item, place, me.read)
    here = [seat for seat in map(me.state.member, current(item.audience, me.state)) if seat.speaks]
    turns = [seat.id for seat in sorted(here, key=lambda seat: seat.party not in one.promise.verifiers)]
    if me.seat not in turns or now.hour is None or now.opened is None:
        return False
    begun = max(now.hour - lead * DAY, now.opened, one.since.arrival)
    return me.read >= begun + turns.index(me.seat) * HOUR
