"""Reminders: which are owed, who posts them, and when."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from backchannel.channel.state import DAY, At
from backchannel.instruments.base import NEVER, Me, Owed
from backchannel.instruments.step.reminding import HOUR, MOST_AT_ONCE, live, owing
from backchannel.instruments.step.rules import STEP
from tests.instruments.step.kit import MORNING, Walk, promise, seat, word
from tests.seal.kit import refused


def owed(walk: Walk, name: str = "Vic", pocket: bytes = b"", clock: float = 0) -> Owed:
    """What a desk owes on the walk's day; its own clock says `clock` days."""
    assert STEP.reflex is not None
    me = Me(seat(name), pocket, bytes, At(walk.n, MORNING + round(clock * DAY)), walk.unit, walk.state)
    return STEP.reflex(walk.item, me)


def leads(found: Owed) -> list[int]:
    return [due.body.lead for due in found.says]  # type: ignore[attr-defined]


def pledged(**changes: Any) -> Walk:
    walk = Walk([promise(**{"days": 40, "remind": (30, 7, 1), **changes})])
    walk.pledge()
    return walk


def test_a_lead_time_that_has_come_is_said_once() -> None:
    walk = pledged()
    for day, lead in ((9.9, 30), (10, 31)):
        walk.day = day
        with refused("remind"):
            walk.remind(lead)
    walk.remind(30)
    with refused("remind"):
        walk.remind(30, by="Ana")
    walk.day = 39.5
    walk.remind(1, by="Ana")
    for lead in (7, 30, 1):  # a later lead time takes the earlier ones with it
        with refused("remind"):
            walk.remind(lead)
    walk.day = 40
    with refused("rule"):
        walk.remind(1)


def test_of_what_has_no_hour_nobody_is_reminded() -> None:
    walk = pledged(days=0, remind=())
    with refused("remind"):
        walk.remind(7)
    assert owing(walk.item, walk.unit) == ()


@pytest.mark.parametrize(
    ("day", "said", "lead"),
    [
        (9, (), 0),
        (10, (), 30),
        (32.9, (), 30),
        (33, (), 7),
        (33, (30,), 7),
        (34, (30, 7), 0),
        (39, (7,), 1),
        (40, (), 0),
    ],
)
def test_which_is_owed(day: float, said: tuple[int, ...], lead: int) -> None:
    walk = pledged()
    walk.day = 38
    for one in said:
        walk.remind(one)
    walk.day = day
    assert owing(walk.item, walk.unit) == (((0, lead),) if lead else ())


def test_another_hour_has_reminders_of_its_own() -> None:
    walk = pledged()
    walk.day = 39
    walk.remind(1)
    assert not live(walk.item)
    walk.excuse(day=60)
    assert live(walk.item)
    assert owing(walk.item, walk.unit) == ((0, 30),)


def test_a_ladder_waits_for_its_reflex_while_reminders_may_be_owed() -> None:
    walk = Walk([promise(), word(remind=())])
    assert (STEP.until(walk.item), STEP.idle(walk.item)) == (None, 0)  # a pledge would come first
    walk.pledge(1, 2)
    assert (STEP.until(walk.item), STEP.idle(walk.item)) == (NEVER, NEVER)
    walk.day = 9
    walk.remind(1)
    assert (STEP.until(walk.item), STEP.idle(walk.item)) == (None, 0)


def test_desks_remind_in_turn() -> None:
    """The verifier's first, then the others, an hour later for each place; who observes never."""
    walk = pledged(days=8, remind=(7,))
    order = sorted((one for one in walk.state.active if one.speaks), key=lambda one: (one.party != "Vigil", one.id))
    assert order[0].name == "Vic"
    for place, one in enumerate(order):
        walk.day = 1 + (place * HOUR - 1) / DAY
        assert owed(walk, one.name) == Owed((), b"")
        walk.day = 1 + place * HOUR / DAY
        found = owed(walk, one.name)
        assert [(due.kind, due.audience) for due in found.says] == [("step.remind", walk.item.audience)]
        assert owed(walk, one.name, found.pocket) == Owed((), found.pocket)  # it is on its way
    assert owed(walk, "Obi").says == ()
    walk.remind(7)
    assert owed(walk, "Vic", found.pocket) == Owed((), b"")


def test_a_step_that_opens_late_is_no_reason_to_speak_all_at_once() -> None:
    walk = Walk([promise(days=5, remind=(7,))])
    walk.day = 100
    walk.pledge()
    assert leads(owed(walk)) == [7]
    assert all(owed(walk, name).says == () for name in ("Ana", "Ben", "Wim", "Pia", "Ola"))


def test_a_verifier_that_has_left_is_not_waited_for() -> None:
    walk = pledged(days=8, remind=(7,))
    walk.leave("Vic")
    walk.day = 1
    first = min((one for one in walk.state.active if one.speaks), key=lambda one: one.id)
    assert leads(owed(walk, first.name)) == [7]
    assert owed(walk, "Vic").says == ()


def test_only_the_logs_clock_counts() -> None:
    """A desk whose clock is days ahead, or behind, says nothing sooner or later."""
    walk = pledged(days=8, remind=(7,))
    for clock in (-10, 0, 1, 30):
        walk.day = 0.9
        assert owed(walk, clock=clock).says == ()
        walk.day = 1
        assert leads(owed(walk, clock=clock)) == [7]


def test_not_too_many_at_once_and_none_twice() -> None:
    walk = Walk([promise(what=f"step {n}") for n in range(MOST_AT_ONCE + 5)])
    walk.pledge(*range(1, MOST_AT_ONCE + 6))
    walk.day = 4
    first = owed(walk)
    second = owed(walk, pocket=first.pocket)
    assert (len(first.says), len(second.says)) == (MOST_AT_ONCE, 5)
    said = [due.body.step for due in (*first.says, *second.says)]  # type: ignore[attr-defined]
    assert said == [one.id for one in walk.item.steps]
    assert owed(walk, pocket=second.pocket).says == ()


def test_one_more_desk_that_speaks_is_refused_and_nothing_else() -> None:
    walk = pledged(days=8, remind=(7,))
    walk.day = 2
    (due,) = owed(walk, "Vic").says
    (other,) = owed(walk, "Ana").says
    walk.say("Vic", due.body)
    before = walk.item
    with refused("remind"):
        walk.say("Ana", other.body)
    assert walk.item == before
    assert replace(walk.step(), reminded=0) == replace(pledged(days=8, remind=(7,)).step(), reminded=0)
