"""Whose turn it is on a ladder; what a party is told that may not do something now; what the clock has moved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backchannel.desk import steps, turns
from backchannel.desk.channel import Channel
from backchannel.desk.pictures import calendar, picture, write
from backchannel.errors import Misuse
from backchannel.instruments.step import awaiting
from backchannel.instruments.step.rules import RULES
from backchannel.instruments.step.values import Ladder
from tests.desk.world import World, talks

PLAN = """title = "T"
[[step]]
key = "a"
who = "Argentina"
what = "One."
owed_to = ["Chile", "Holy See"]
verified_by = ["Holy See"]
by = 2026-12-01
visits_a_year = 2
visits_from_one = 1
broken_after_days = 30
in_return_for = ["b"]
remind_days = [3]
[[step]]
key = "b"
who = "Chile"
what = "Two."
owed_to = ["Argentina"]
after = [["c", "d"]]
within_days = 5
in_return_for = ["a"]
reversible = false
[[step]]
key = "c"
who = "Holy See"
what = "Three."
owed_to = ["Argentina"]
[[step]]
key = "d"
who = "Argentina"
what = "Four."
owed_to = ["Chile"]
by = 2027-01-31
within_days = 2
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as found:
        steps.propose(found["ana"], steps.plan(found["ana"], PLAN.encode()))
        found.settle()
        yield found


def ladder(channel: Channel) -> Ladder:
    found: Ladder = channel.items("step")[-1].value
    return found


def awaited(channel: Channel) -> list[tuple[int, str, str]]:
    item = ladder(channel)
    return [(t.place + 1, t.party, t.verb) for t in awaiting.awaited(item, steps.standings(channel, item))]


def pledge(world: World, who: str, *numbers: int) -> None:
    channel = world[who]
    steps.pledge(channel, ladder(channel), [turns.may(channel, ladder(channel), n, "step.pledge") for n in numbers])
    world.settle()


def test_a_ladder_from_beginning_to_end(world: World) -> None:
    ana, hernan, sofia = world["ana"], world["hernan"], world["sofia"]
    pledges = [
        (1, "Argentina", "pledge"),
        (2, "Chile", "pledge"),
        (3, "Holy See", "pledge"),
        (4, "Argentina", "pledge"),
    ]
    assert awaited(ana) == awaited(sofia) == pledges
    pledge(world, "ana", 1)
    pledge(world, "hernan", 2)
    assert awaited(ana) == [(1, "Argentina", "report"), pledges[2], pledges[3]]
    steps.report(ana, ladder(ana), turns.may(ana, ladder(ana), 1, "step.report"), "Done.")
    world.settle()
    assert awaited(ana)[0] == (1, "Holy See", "find")
    steps.find(hernan, ladder(hernan), turns.may(hernan, ladder(hernan), 1, "step.find"), "doubted", "No.")
    world.settle()
    assert [t for t in awaited(ana) if t[0] == 1] == [(1, "Argentina", "answer"), (1, "Holy See", "find")]
    steps.excuse(hernan, ladder(hernan), turns.may(hernan, ladder(hernan), 1, "step.excuse"), 0, "Enough.")
    world.settle()
    assert (1, "Holy See", "excuse") in awaited(ana)
    assert (1, "Chile", "excuse") not in awaited(ana)
    steps.excuse(sofia, ladder(sofia), ladder(sofia).steps[0], 0)
    world.settle()
    assert [t for t in awaited(ana) if t[0] == 1] == []
    steps.withdraw(ana, ladder(ana), turns.may(ana, ladder(ana), 4, "step.withdraw"))
    steps.withdraw(ana, ladder(ana), turns.may(ana, ladder(ana), 3, "step.withdraw"))
    world.settle()
    assert awaited(ana) == []
    assert {now.state for now in steps.standings(ana, ladder(ana))} == {"excused", "pledged", "withdrawn"}


def test_what_has_the_nearest_hour_comes_first(world: World) -> None:
    for who, numbers in (("ana", (1, 4)), ("hernan", (2,)), ("sofia", (3,))):
        pledge(world, who, *numbers)
    assert awaited(world["ana"]) == [(1, "Argentina", "report"), (4, "Argentina", "report"), (3, "Holy See", "report")]


def test_what_can_no_longer_be_is_not_awaited(world: World) -> None:
    ana = world["ana"]
    steps.withdraw(ana, ladder(ana), ladder(ana).steps[0])
    world.settle()
    assert (2, "Chile", "pledge") not in awaited(ana)


# --- what may be done -------------------------------------------------------------------------------------------------

REFUSED = {
    ("hernan", 1, "step.pledge"): ("party", "To pledge step 1 is not for your party, but for Argentina."),
    ("hernan", 9, "step.pledge"): ("step", "There is no step 9; this ladder has 4."),
    ("hernan", 0, "step.find"): ("step", "There is no step 0; this ladder has 4."),
    ("ana", 1, "step.find"): ("party", "Your party does not judge its own step; that is for Holy See, Chile."),
    ("ana", 1, "step.report"): ("state", "Step 1 is proposed: its doer has not promised it."),
    ("sofia", 1, "step.find"): ("state", "Step 1 is proposed: its doer has not promised it."),
    ("hernan", 1, "step.inspect"): ("party", "To inspect step 1 is not for your party, but for Holy See."),
    ("sofia", 2, "step.inspect"): ("party", "To inspect step 2 is not for your party, but for nobody."),
    ("sofia", 2, "step.excuse"): ("party", "To excuse step 2 is not for your party, but for Argentina."),
    ("hernan", 1, "step.withdraw"): ("party", "To withdraw step 1 is not for your party, but for Argentina."),
}


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: " ".join(map(str, case)))
def test_what_may_not_be_done_says_by_whom_and_when(case: tuple[str, int, str], world: World) -> None:
    who, number, kind = case
    channel, (code, says) = world[who], REFUSED[case]
    with pytest.raises(Misuse) as caught:
        turns.may(channel, ladder(channel), number, kind)
    assert (caught.value.code, caught.value.what, caught.value.safe) == (code, says, "Nothing was done.")


def test_a_promise_stands_unless_what_it_is_given_for_is_lost(world: World) -> None:
    def refused(number: int) -> str:
        with pytest.raises(Misuse, match="a promise cannot be taken back") as caught:
            turns.may(ana, ladder(ana), number, "step.withdraw")
        return caught.value.code

    ana, hernan = world["ana"], world["hernan"]
    pledge(world, "ana", 1, 4)
    assert [refused(1), refused(4)] == ["promised"] * 2
    steps.withdraw(hernan, ladder(hernan), turns.may(hernan, ladder(hernan), 2, "step.withdraw"))
    world.settle()
    assert turns.may(ana, ladder(ana), 1, "step.withdraw") == ladder(ana).steps[0]
    assert refused(4) == "promised"


def test_what_is_over_is_over(world: World) -> None:
    ana = world["ana"]
    steps.withdraw(ana, ladder(ana), ladder(ana).steps[0])
    world.settle()
    with pytest.raises(Misuse, match="Step 1 is withdrawn: taken back") as caught:
        turns.may(ana, ladder(ana), 1, "step.report")
    assert caught.value.todo.startswith("See: backchannel step show")


def test_the_table_and_the_words_name_the_same_acts() -> None:
    said = {kind for _, kind, _ in RULES} - {"step.propose", "step.add", "step.piece", "step.remind"}
    assert said == turns.VERBS.keys()


def test_visits_have_an_end(world: World) -> None:
    sofia = world["sofia"]
    pledge(world, "ana", 1)
    steps.inspect(sofia, ladder(sofia), turns.may(sofia, ladder(sofia), 1, "step.inspect"), "On Monday.")
    world.settle()
    with pytest.raises(Misuse, match="No visit to step 1 is left; the next is possible on 2027-1"):
        turns.may(sofia, ladder(sofia), 1, "step.inspect")


def test_no_visits_were_promised(world: World) -> None:
    ana, sofia = world["ana"], world["sofia"]
    made = steps.gesture(ana, {"what": "A light.", "verified_by": ["Holy See"]}, "G")
    steps.propose(ana, made)
    world.settle()
    with pytest.raises(Misuse, match="takes no visits"):
        turns.may(sofia, ladder(sofia), 1, "step.inspect")


def test_an_observer_does_nothing(tmp_path: Path) -> None:
    with talks(tmp_path, ("ana", "hernan", "dora")) as world:
        plan = PLAN.replace("Holy See", "Argentina").replace('"Chile", "Argentina"', '"Chile"')
        plan = plan.replace('verified_by = ["Argentina"]', 'verified_by = ["Chile"]').replace(
            'what = "Three."\nowed_to = ["Argentina"]', 'what = "Three."\nowed_to = ["Chile"]'
        )
        steps.propose(world["ana"], steps.plan(world["ana"], plan.encode()))
        world.settle()
        dora = world["dora"]
        with pytest.raises(Misuse, match="is not for your party"):
            turns.may(dora, ladder(dora), 1, "step.pledge")


# --- what moved -------------------------------------------------------------------------------------------------------


def moved(channel: Channel, before: turns.Seen) -> list[tuple[int, str]]:
    return [(one.place + 1, one.now.state) for one in turns.moved(channel, before)]


def test_what_came_to_be_due_or_late_since(world: World) -> None:
    ana = world["ana"]
    before = turns.seen(ana)
    assert moved(ana, before) == []
    pledge(world, "ana", 1)
    pledge(world, "hernan", 2)
    assert moved(ana, before) == [(1, "due")]
    before = turns.seen(ana)
    assert moved(ana, before) == []
    world.clock.days(20)
    world.settle()
    assert moved(ana, before) == [(1, "late")]
    before = turns.seen(ana)
    world.clock.days(60)
    world.settle()
    assert moved(ana, before) == [(1, "broken")]


def test_a_ladder_that_is_new_is_told(world: World) -> None:
    ana = world["ana"]
    before = turns.seen(ana)
    steps.propose(ana, steps.gesture(ana, {"what": "A light."}, "G"))
    world.settle()
    assert moved(ana, before) == [(1, "due")]


# --- as a picture, a table, a calendar --------------------------------------------------------------------------------


def test_what_is_drawn(world: World) -> None:
    ana = world["ana"]
    for who, numbers in (("ana", (1,)), ("hernan", (2,))):
        pledge(world, who, *numbers)
    drawn = picture(ana, ladder(ana))
    assert drawn.parties == ("Argentina", "Chile", "Holy See")
    first, second, third, fourth = drawn.cards
    assert (first.by, first.standing, first.verifiers, first.returns) == ("1 December 2026", "due", ("Holy See",), (2,))
    assert (second.by, second.after, second.note) == ("5 days after it is open", ((3, 4),), "cannot be undone")
    assert (third.by, third.note) == ("", "")
    assert fourth.by == "31 January 2027 or 2 days after it is open"
    world.clock.days(20)
    world.settle()
    steps.report(ana, ladder(ana), ladder(ana).steps[0], "Late.")
    world.settle()
    assert picture(ana, ladder(ana)).cards[0].note == "reported late"


def test_an_hour_that_is_no_end_of_a_day(world: World) -> None:
    pledge(world, "sofia", 3)
    ana = world["ana"]
    steps.report(world["sofia"], ladder(world["sofia"]), ladder(world["sofia"]).steps[2], "Done.")
    world.settle()
    pledge(world, "hernan", 2)
    pledge(world, "ana", 1)
    assert picture(ana, ladder(ana)).cards[1].by.endswith(" UTC")


@pytest.mark.parametrize(("form", "begins"), [("svg", b"<"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("txt", b"T")])
def test_its_forms(form: str, begins: bytes, world: World) -> None:
    ana = world["ana"]
    content = write(ana, ladder(ana), form)
    assert content.startswith(begins)
    assert len(content) > 300


def test_a_calendar_knows_its_events_again(world: World) -> None:
    ana = world["ana"]
    pledge(world, "ana", 1)
    pledge(world, "hernan", 2)
    vault = world.desks["ana"].vault
    one = calendar(ana, vault, [ladder(ana)])
    assert one.count(b"BEGIN:VEVENT") == 2
    assert one.count(b"BEGIN:VALARM") == 1
    assert b"One." not in one
    assert calendar(ana, vault, [ladder(ana)]) == one
    world.open("ana")
    ana, vault = world["ana"], world.desks["ana"].vault
    again = calendar(ana, vault, [ladder(ana)], words=True, leads=[9, 2])
    assert again.count(b"BEGIN:VALARM") == 4
    assert b"One." in again
    uids = [line for line in one.splitlines() if line.startswith(b"UID")]
    assert [line for line in again.splitlines() if line.startswith(b"UID")] == uids
    other = calendar(world["hernan"], world.desks["hernan"].vault, [ladder(world["hernan"])])
    assert not set(uids) & set(other.splitlines())
