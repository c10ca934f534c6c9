"""Findings: kept, doubted, broken; what they make of a step, and what they do to those that wait."""

from __future__ import annotations

from typing import Any

import pytest

from backchannel.instruments.step.acts import Find
from tests.instruments.step.kit import Walk, promise, standing_in, word
from tests.seal.kit import refused

TWO = {"verifiers": ("Vigil", "Watch"), "needed": 2}
ONE_OF_TWO = {"verifiers": ("Vigil", "Watch"), "needed": 1}


def reported(**changes: Any) -> Walk:
    walk = Walk([promise(**changes)])
    walk.pledge()
    walk.report()
    return walk


@pytest.mark.parametrize(
    ("terms", "found", "state"),
    [
        ({}, [("Vic", "kept")], "verified"),
        ({}, [("Vic", "doubted")], "disputed"),
        ({}, [("Vic", "broken")], "broken"),
        ({}, [("Vic", "doubted"), ("Vic", "kept")], "verified"),
        ({}, [("Vic", "kept"), ("Vic", "broken")], "broken"),
        ({}, [("Vic", "broken"), ("Vic", "kept")], "verified"),
        ({}, [("Vic", "broken"), ("Vic", "doubted")], "disputed"),
        ({}, [("Ola", "kept")], "reported"),
        ({}, [("Ola", "broken")], "disputed"),
        ({}, [("Ben", "doubted"), ("Vic", "kept")], "disputed"),
        ({}, [("Ben", "doubted"), ("Vic", "kept"), ("Ben", "kept")], "verified"),
        ({}, [("Ben", "doubted"), ("Ben", "kept")], "reported"),
        ({}, [("Vic", "kept"), ("Ola", "doubted")], "disputed"),
        ({}, [("Ola", "doubted"), ("Vic", "broken")], "broken"),
        (TWO, [("Vic", "kept")], "reported"),
        (TWO, [("Vic", "kept"), ("Vic", "kept")], "reported"),
        (TWO, [("Vic", "kept"), ("Ola", "kept")], "reported"),
        (TWO, [("Vic", "kept"), ("Wim", "kept")], "verified"),
        (TWO, [("Vic", "kept"), ("Wim", "broken")], "disputed"),
        (TWO, [("Vic", "broken")], "disputed"),
        (TWO, [("Vic", "broken"), ("Wim", "broken")], "broken"),
        (TWO, [("Vic", "broken"), ("Wim", "broken"), ("Wim", "kept")], "disputed"),
        (ONE_OF_TWO, [("Vic", "kept")], "verified"),
        (ONE_OF_TWO, [("Vic", "kept"), ("Wim", "broken")], "disputed"),
        (ONE_OF_TWO, [("Vic", "broken"), ("Wim", "kept")], "disputed"),
        (ONE_OF_TWO, [("Vic", "broken"), ("Wim", "doubted")], "broken"),
    ],
)
def test_what_findings_make_of_a_report(terms: dict[str, Any], found: list[tuple[str, str]], state: str) -> None:
    walk = reported(**terms)
    for by, verdict in found:
        walk.find(by, verdict=verdict)
    assert walk.at() == state
    assert (walk.step().fulfilled is not None) == (state == "verified")
    assert [(one.party[:3], one.verdict) for one in walk.step().findings] == [
        ({"Ben": "Bor", "Vic": "Vig", "Wim": "Wat", "Ola": "Ola"}[by], verdict) for by, verdict in found
    ]


def test_the_doers_word_is_enough_if_nobody_verifies_and_nobody_doubts() -> None:
    walk = Walk([word(), word(doer="Borland", toward=("Arland",), after=[[0]])])
    walk.pledge()
    walk.pledge(2, by="Ben")
    walk.report()
    assert (walk.states, walk.step().fulfilled is not None) == (["reported", "due"], True)
    walk.find("Ola", verdict="broken")
    assert walk.states == ["disputed", "pledged"]
    walk.find("Ben", verdict="kept")
    assert walk.states == ["disputed", "pledged"]
    walk.find("Ola", verdict="kept")
    assert walk.states == ["reported", "due"]


@pytest.mark.parametrize("which", ["due", "late", "broken"])
def test_nothing_is_disputed_that_nobody_says_is_done(which: str) -> None:
    """Else a friend's doubt would stop a doer's clock."""
    walk = standing_in(which, **TWO)
    for by in ("Ola", "Vic"):
        walk.find(by, verdict="doubted")
        assert walk.at() == which
    walk.find("Vic", verdict="broken")
    assert walk.at() == which
    walk.find("Wim", verdict="broken")
    assert (walk.at(), walk.step().state) == ("broken", "broken")
    walk.find("Wim", verdict="kept")
    assert (walk.at(), walk.step().state) == (which, "pledged")


@pytest.mark.parametrize(("which", "late"), [("due", False), ("late", True), ("broken", True)])
def test_what_was_never_reported_can_be_found_kept(which: str, late: bool) -> None:
    walk = standing_in(which)
    walk.find()
    assert (walk.at(), walk.step().late, walk.step().stands) == ("verified", late, False)
    walk.find("Ola", verdict="doubted")
    assert walk.at() == "disputed"
    walk.find("Ola")
    assert walk.at() == "verified"
    assert walk.step().late == late


def test_a_doubt_behind_a_verified_step() -> None:
    """What was promised may have to last. Who waits is pledged again; who has reported, and who is done, is not."""
    waits: dict[str, Any] = {"doer": "Borland", "toward": ("Arland",), "after": [[0]]}
    walk = Walk([promise(), word(**waits), word(**waits), promise(**waits, days=1, remind=())])
    walk.pledge(1)
    walk.pledge(2, 3, 4, by="Ben")
    walk.report()
    walk.find()
    walk.report(3, by="Ben")
    walk.day = 5
    assert walk.states == ["verified", "due", "reported", "late"]
    walk.find("Ola", verdict="doubted")
    assert walk.states == ["disputed", "pledged", "reported", "pledged"]
    assert walk.now(2).waits == ((0,),)
    assert walk.now(2).opened is None


def test_a_finding_is_one_of_three() -> None:
    walk = reported()
    for verdict in ("", "Kept", "perhaps"):
        with refused("verdict"):
            walk.say("Vic", Find(walk.id, walk.key(1), verdict, "", ()))
    for verdict in ("kept", "doubted", "broken"):
        with refused("rule"):
            walk.find("Ana", verdict=verdict)


def test_a_party_has_one_finding_whoever_speaks_for_it() -> None:
    walk = Walk([promise(doer="Borland", toward=("Arland",), verifiers=("Arland",))])
    walk.pledge(by="Ben")
    walk.report(by="Ben")
    walk.find("Ana", verdict="doubted")
    walk.find("Axl", verdict="kept")
    assert walk.at() == "verified"


def test_a_verifier_may_be_owed_it_too() -> None:
    walk = reported(verifiers=("Borland",), toward=("Borland",))
    walk.inspect("Ben")
    walk.find("Ben")
    assert walk.at() == "verified"
