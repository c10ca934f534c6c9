"""Steps: who may do what when. Every standing, every act, every part."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from backchannel.entry.codec import Value
from backchannel.instruments import BY_KIND, INSTRUMENTS
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
    Withdraw,
)
from backchannel.instruments.step.rules import RULES, STATES, STEP
from tests.instruments.step.kit import BY, Walk, promise, seat, standing_in, word
from tests.seal.kit import refused

SHOWN = (*STATES, "found broken")
KINDS = tuple(kind for kind in STEP.kinds if kind not in ("step.propose", "step.add", "step.piece"))


def test_a_step_from_beginning_to_end() -> None:
    walk = Walk([promise(), promise("Leave the hill", after=[[0]])])
    assert walk.states == ["proposed", "proposed"]
    walk.pledge(1, 2)
    assert walk.states == ["due", "pledged"]
    walk.day = 3
    walk.report(1)
    assert walk.states == ["reported", "pledged"]
    walk.day = 4
    walk.find("Vic", 1)
    assert walk.states == ["verified", "due"]
    assert (walk.hour(1), walk.hour(2)) == (10, 14)
    walk.day = 14
    assert walk.states == ["verified", "late"]
    walk.report(2)
    assert walk.step(2).late
    assert walk.step(2).reports[0].late
    assert not walk.step(1).late
    assert STEP.lapse(walk.item) is walk.item


def test_it_is_an_instrument_among_the_others() -> None:
    names = [one.name for one in INSTRUMENTS]
    assert names[names.index("understanding") + 1] == "step"
    assert all(BY_KIND[kind] is STEP and not STEP.kinds[kind].erasable for kind in STEP.kinds)
    assert [name for name, kind in STEP.kinds.items() if kind.piece] == ["step.piece"]


def test_a_search_finds_what_was_said() -> None:
    walk = Walk([promise(where="")])
    assert STEP.text(walk.item) == "The hill\nOpen the gate"
    walk.pledge()
    walk.report(words="The gate is open.")
    walk.find()
    assert STEP.text(walk.item) == "The hill\nOpen the gate\nThe gate is open.\nWe looked."


def _act(walk: Walk, kind: str) -> Value:
    item, key = walk.id, walk.key(1)
    acts: dict[str, Value] = {
        "step.pledge": Pledge(item, (key,)),
        "step.withdraw": Withdraw(item, key, ""),
        "step.report": Report(item, key, "Done.", ()),
        "step.inspect": Inspect(item, key, ""),
        "step.find": Find(item, key, "kept", "", ()),
        "step.excuse": Excuse(item, key, 0, ""),
        "step.remind": Remind(item, key, 7),
    }
    return acts[kind]


@pytest.mark.parametrize(("which", "kind", "who"), [*product(SHOWN, KINDS, BY)])
def test_every_cell_is_allowed_or_refused(which: str, kind: str, who: str) -> None:
    """`remind` 7 days before: on the day 3.0 of a step that is due."""
    walk = standing_in(which, verifiers=("Vigil",))
    if (which, kind) == ("due", "step.remind"):
        walk.day = 3
    state = "broken" if which == "found broken" else which
    assert walk.at() == state
    act, ends = _act(walk, kind), RULES.get((state, kind, who))
    if ends is None:
        with refused("rule"):
            walk.say(BY[who], act)
        assert walk.at() == state
    elif kind == "step.withdraw" and state != "proposed":
        with refused("promised"):
            walk.say(BY[who], act)
    else:
        walk.say(BY[who], act)
        assert walk.at() in ends


@pytest.mark.parametrize(("kind", "act"), [("propose", Propose("T", (promise(),))), ("add", Add(bytes(32), ()))])
def test_observers_begin_nothing(kind: str, act: Value) -> None:
    walk = Walk()
    with refused("rule"):
        walk.say("Obi", act if kind == "propose" else Add(walk.id, (promise(),)))


def test_an_observer_of_a_party_has_none_of_its_rights() -> None:
    """Obi's party may do everything here; Obi may not."""
    walk = Walk([promise(doer="Olan", toward=("Arland",))])
    for act in (Pledge(walk.id, (walk.key(1),)), Withdraw(walk.id, walk.key(1), ""), Piece(walk.id, bytes(32), 0, b"")):
        with refused("rule"):
            walk.say("Obi", act)
    walk.pledge(by="Ola")
    assert walk.at() == "due"


def test_rights_go_by_party_not_by_seat() -> None:
    """Ana pledges and leaves; Axl, who joined before and speaks for Arland too, reports."""
    walk = Walk()
    walk.pledge(by="Ana")
    walk.leave("Ana")
    with refused("rule"):
        walk.report(by="Ben")
    walk.report(by="Axl")
    assert walk.at() == "reported"


def test_a_follow_up_goes_to_the_same_audience_and_to_a_ladder() -> None:
    walk = Walk()
    act = Pledge(walk.id, (walk.key(1),))
    with refused("item"):
        walk.say("Ana", act, to=[seat("Ana"), seat("Ben")])
    walk.item = None
    with refused("item"):
        walk.say("Ana", act)


def test_a_step_that_is_not_there() -> None:
    walk = Walk()
    for kind in KINDS:
        act: Any = _act(walk, kind)
        wrong = (
            Pledge(walk.id, (bytes(8),))
            if kind == "step.pledge"
            else type(act)(
                *(bytes(8) if name == "step" else getattr(act, name) for name in type(act).__struct_fields__)
            )
        )
        with refused("step"):
            walk.say("Ana", wrong)


# --- pledges


def test_a_pledge_is_all_or_none() -> None:
    walk = Walk([promise(), promise(doer="Borland", toward=("Arland",)), promise()])
    for numbers in ((1, 2), (1, 1)):
        with refused("rule" if numbers == (1, 2) else "steps"):
            walk.pledge(*numbers)
    with refused("steps"):
        walk.say("Ana", Pledge(walk.id, ()))
    assert walk.states == ["proposed"] * 3
    walk.pledge(1, 3)
    assert walk.states == ["due", "proposed", "due"]
    with refused("rule"):
        walk.pledge(1)


# --- who takes back what


def test_a_proposed_step_is_taken_back_by_who_proposed_it_or_would_do_it() -> None:
    for by in ("Pia", "Ana", "Axl"):
        walk = Walk()
        walk.withdraw(by=by, reason="Not now.")
        assert (walk.at(), walk.step().reason) == ("withdrawn", "Not now.")
    walk = Walk([promise()], by="Ana")  # Ana's party is doer and proposer
    walk.withdraw(by="Axl")
    assert walk.at() == "withdrawn"


def test_a_promise_stands() -> None:
    walk = Walk([promise(after=[[1, 2]], returns=(3,)), *(word(doer="Olan", days=0) for _ in range(3))])
    walk.pledge(1)
    walk.pledge(2, 3, 4, by="Ola")
    with refused("promised"):
        walk.withdraw(1)


def test_who_waits_for_what_is_lost_is_free() -> None:
    """Of two that would do, both must be lost; of what it is given for, one."""
    walk = Walk([promise(after=[[1, 2]], returns=(3,)), *(word(doer="Olan", days=0) for _ in range(3))])
    walk.pledge(1)
    walk.withdraw(2, by="Ola")
    assert not walk.now(1).held
    with refused("promised"):
        walk.withdraw(1)
    walk.withdraw(3, by="Ola")
    assert walk.now(1).held
    walk.withdraw(1)
    walk = Walk([promise(returns=(1,)), word(doer="Olan", days=0)])
    walk.pledge(1)
    walk.withdraw(2, by="Ola")
    assert (walk.at(1), walk.now(1).held, walk.now(1).owes) == ("pledged", True, (1,))
    walk.withdraw(1)
    assert walk.states == ["withdrawn", "withdrawn"]


def test_who_gives_for_what_the_clock_broke_is_free() -> None:
    walk = Walk([promise(returns=(1,), days=90), word(doer="Olan", days=2, grace=3, remind=())])
    walk.pledge(1)
    walk.pledge(2, by="Ola")
    walk.day = 4.9
    with refused("promised"):
        walk.withdraw(1)
    walk.day = 5
    assert (walk.states, walk.now(1).held) == (["due", "broken"], True)
    walk.withdraw(1)


def test_what_was_announced_can_be_taken_back_until_it_is_done() -> None:
    for day, state in ((1, "due"), (11, "late")):
        walk = Walk([word(announced=True)], by="Ana")
        walk.day = day
        assert walk.at() == state
        walk.withdraw()
        assert walk.at() == "withdrawn"
    walk = Walk([word(announced=True), word(announced=True, after=[[0]])], by="Ana")
    assert walk.states == ["due", "pledged"]
    walk.withdraw(2)
    walk.report(1)
    with refused("rule"):
        walk.withdraw(1)


# --- reports


def test_to_be_early_is_no_fault() -> None:
    walk = standing_in("pledged")
    walk.report(1)
    assert (walk.at(), walk.step().late) == ("reported", False)


def test_a_late_report_says_so_for_ever() -> None:
    walk = standing_in("late")
    walk.report(1)
    walk.find(verdict="doubted")
    walk.report(1)
    assert [one.late for one in walk.step().reports] == [True, False]
    assert walk.step().late


def test_a_new_report_answers_and_makes_findings_history() -> None:
    walk = Walk([promise(verifiers=("Vigil", "Watch"), needed=2)])
    walk.pledge()
    walk.report()
    walk.find("Vic")
    walk.find("Ola", verdict="doubted")
    assert walk.at() == "disputed"
    walk.report(words="Look again.")
    assert (walk.at(), walk.step().found, len(walk.step().findings)) == ("reported", {}, 2)
    walk.find("Wim")
    assert walk.at() == "reported"  # what Vic found was on the report before
    walk.find("Vic")
    assert walk.at() == "verified"


@pytest.mark.parametrize(("words", "code"), [("", "prose"), ("x" * 20_001, "prose"), ("a\x00b", "prose")])
def test_a_report_says_something(words: str, code: str) -> None:
    walk = standing_in("due")
    with refused(code):
        walk.say("Ana", Report(walk.id, walk.key(1), words, ()))


def test_words_that_may_be_left_out_are_checked_if_they_are_there() -> None:
    walk, bad = standing_in("due"), "a\x00b"
    key = walk.key(1)
    for by, act in (
        ("Vic", Inspect(walk.id, key, bad)),
        ("Vic", Find(walk.id, key, "kept", bad, ())),
        ("Ben", Excuse(walk.id, key, 0, bad)),
        ("Ben", Excuse(walk.id, key, 0, "x" * 501)),
    ):
        with refused("prose"):
            walk.say(by, act)
    walk = Walk()
    with refused("prose"):
        walk.withdraw(reason=bad)


# --- the table itself


def test_tables_name_only_what_there_is() -> None:
    assert {s for row, ends in RULES.items() for s in (row[0], *ends)} - {""} == set(STATES)
    assert {who for _, _, who in RULES} == {*BY, "speaker"} - {"observer"}
