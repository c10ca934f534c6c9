"""When a ladder rests: nothing is awaited before something else is said of it."""

from __future__ import annotations

from backchannel.instruments.step import awaiting
from backchannel.instruments.step.standing import stand
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


def test_what_is_awaited_has_the_nearest_hour_first() -> None:
    walk = Walk([promise(days=20), promise(days=10), word(doer="Borland", toward=("Arland",))])

    def told() -> list[tuple[int, str, str]]:
        stands = stand(walk.item, walk.unit)
        return [(turn.place + 1, turn.party, turn.verb) for turn in awaiting.awaited(walk.item, stands)]

    walk.pledge(1, 2)
    assert told() == [(2, "Arland", "report"), (1, "Arland", "report"), (3, "Borland", "pledge")]
    walk.report(1)
    assert told() == [(2, "Arland", "report"), (1, "Vigil", "find"), (3, "Borland", "pledge")]
    walk.find("Ben", 1, "doubted")
    walk.withdraw(3, by="Pia")
    assert told() == [(2, "Arland", "report"), (1, "Arland", "answer"), (1, "Vigil", "find")]
