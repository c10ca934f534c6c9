"""When a ladder rests: nothing is awaited before something else is said of it."""

from __future__ import annotations

from backchannel.instruments.step import awaiting
from tests.instruments.step.kit import NOTE, Walk, promise, word


def test_a_ladder_rests_once_all_its_steps_do() -> None:
    walk = Walk([promise(), word(), word()])
    assert not awaiting.rests(walk.item)
    walk.pledge(1, 2)
    walk.withdraw(3, by="Pia")
    walk.report(1)
    assert not awaiting.rests(walk.item)
    walk.report(2)
    assert not awaiting.rests(walk.item)
    walk.find("Vic", 1)
    assert awaiting.rests(walk.item)
    walk.find("Ben", 2, "doubted")
    assert not awaiting.rests(walk.item)


def test_whoever_is_asked_to_excuse_it_is_awaited() -> None:
    walk = Walk([promise(toward=("Borland", "Olan"))])
    walk.pledge(1)
    walk.report(1)
    walk.find("Vic", 1, "broken")
    assert awaiting.rests(walk.item)
    walk.excuse("Ben", 1)
    assert not awaiting.rests(walk.item)
    walk.excuse("Ola", 1)
    assert awaiting.rests(walk.item)


def test_where_files_were_named_some_may_be_on_their_way() -> None:
    walk = Walk([word()])
    walk.pledge(1)
    walk.report(1, files=[NOTE])
    assert not awaiting.rests(walk.item)
