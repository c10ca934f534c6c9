"""Who agrees to what, and what stands in the way."""

from __future__ import annotations

import pytest

from backchannel.channel.state import DAY
from backchannel.instruments.text import standing
from backchannel.instruments.text.acts import STANCES, Delete, Move, Seen, Stand
from backchannel.instruments.text.standing import Soundable, Way, Without, in_the_way
from tests.instruments.text.kit import PEOPLE, Talk, seat
from tests.instruments.text.kit import state as channel
from tests.seal.kit import refused

FOUR = ["Peace.", "The parties [shall / may] meet.", "Good faith.", "The line is [X]."]
MANY = {**PEOPLE, "Per": ("Peru", "envoy"), "Uma": ("Uruguay", "envoy")}


def way(talk: Talk) -> Way:
    return in_the_way(talk.item, talk.state)


def test_a_paragraph_is_what_its_parties_say() -> None:
    talk = Talk(FOUR)
    assert talk.kinds == ["open", "bracketed", "open", "bracketed"]
    talk.stand("Ana", "agree")
    assert talk.kinds == ["open", "bracketed", "open", "bracketed"]
    talk.stand("Ben", "agree", 1)
    talk.stand("Bea", "referendum", 3)
    assert talk.kinds == ["agreed", "bracketed", "referendum", "bracketed"]
    talk.stand("Bea", "reserve", 1, words="We shall say why.")  # the newest of a party counts, whoever speaks for it
    assert talk.kinds[0] == "reserved"
    (_, chile) = talk.at(1).stances
    assert (chile.party, chile.seat, talk.item.words[chile.words]) == ("Chile", seat("Bea"), "We shall say why.")
    talk.stand("Ana", "open", 1)
    assert talk.kinds[0] == "reserved"
    talk.stand("Ben", "agree", 1)
    assert talk.kinds[0] == "open"


def test_other_words_let_all_stances_fall_and_a_move_does_not() -> None:
    talk = Talk(FOUR)
    for by in ("Ana", "Ben"):
        talk.stand(by, "agree", 1, 3)
    talk.amend("Sol", Move(talk.at(3).id, talk.at(4).id))
    assert talk.kinds == ["agreed", "bracketed", "bracketed", "agreed"]
    talk.amend("Sol", talk.replace(1, "Peace, now."))
    assert talk.kinds == ["open", "bracketed", "bracketed", "agreed"]
    assert talk.at(1).stances == ()


def test_nobody_agrees_to_what_they_have_not_seen() -> None:
    talk = Talk(FOUR)
    seen = tuple(Seen(one.id, one.revision) for one in talk.item.here)
    talk.amend("Sol", talk.replace(3, "Good faith and good will."))
    with refused("revision"):
        talk.say("Ana", Stand(talk.id, seen, "agree", ""))
    assert all(one.stances == () for one in talk.item.here)  # nothing of it counts
    with refused("paragraph"):
        talk.say("Ana", Stand(talk.id, (Seen(b"\x05" * 8, 0),), "agree", ""))
    one = talk.at(1)
    talk.amend("Sol", Delete(one.id, 0))
    with refused("revision"):
        talk.say("Ana", Stand(talk.id, (Seen(one.id, 0),), "agree", ""))


@pytest.mark.parametrize(
    ("stance", "words", "twice", "code"),
    [
        ("perhaps", "", False, "stance"),
        ("agree", "with joy", False, "stance"),
        ("agree", "", True, "stance"),
        ("reserve", "x" * 2_001, False, "prose"),
    ],
)
def test_a_stance_that_cannot_be(stance: str, words: str, twice: bool, code: str) -> None:
    talk = Talk(FOUR)
    on = (Seen(talk.at(1).id, 0),) * (1 + twice)
    with refused(code):
        talk.say("Ana", Stand(talk.id, on, stance, words))
    with refused("stance"):
        talk.say("Ana", Stand(talk.id, (), STANCES[0], ""))


def test_only_those_who_negotiate_speak_for_their_party() -> None:
    talk = Talk(FOUR)
    for by in ("Sol", "Xul", "Obi"):
        with refused("rule"):
            talk.stand(by, "agree")
    assert standing.parties(talk.item, talk.state) == ("Argentina", "Chile")


@pytest.mark.parametrize(
    ("roles", "parties"),
    [
        (("envoy", "principal", "expert", "intermediary"), ("P0", "P1")),
        (("expert", "expert", "convenor", "observer"), ("P0", "P1")),
        (("intermediary", "guarantor", "observer", "convenor"), ("P0", "P1", "P3")),
        (("observer", "guarantor", "observer", "observer"), ("P1",)),
    ],
)
def test_whose_agreement_is_needed(roles: tuple[str, ...], parties: tuple[str, ...]) -> None:
    people = {f"S{n}": (f"P{n}", role) for n, role in enumerate(roles)}
    speaker = next(name for name, (_, role) in people.items() if role != "observer")
    talk = Talk(["Peace."], state=channel(people), pen=speaker, by=speaker)
    assert standing.parties(talk.item, talk.state) == parties


def test_who_has_left_need_not_agree_and_cannot_any_more() -> None:
    talk = Talk(["Peace."])
    talk.stand("Ana", "agree")
    talk.leave("Ben")
    assert talk.kinds == ["open"]  # Chile has another seat
    talk.leave("Bea")
    assert talk.kinds == ["agreed"]
    talk.leave("Ana")
    assert standing.parties(talk.item, talk.state) == ()
    assert talk.kinds == ["open"]  # nobody is left to agree; the expert does not take their place
    assert standing.negotiators((), talk.state) == ()


def test_what_stands_in_the_way() -> None:
    talk = Talk([*FOUR, "[Chile: shall] [not] meet [there / [then]]."])
    talk.stand("Ana", "agree", 1, 3)
    talk.stand("Ben", "referendum", 1)
    talk.stand("Ben", "reserve", 3)
    held = talk.amend("Xul", talk.replace(1, "Peace and quiet."))
    found = way(talk)
    assert [(r.number, r.kind, r.brackets, r.reserve, r.silent, r.referendum) for r in found.rows] == [
        (1, "referendum", 0, (), (), ("Chile",)),
        (2, "bracketed", 1, (), ("Argentina", "Chile"), ()),
        (3, "reserved", 0, ("Chile",), (), ()),
        (4, "bracketed", 1, (), ("Argentina", "Chile"), ()),
        (5, "bracketed", 3, (), ("Argentina", "Chile"), ()),
    ]
    assert found.counts == {"bracketed": 3, "reserved": 1, "open": 0, "referendum": 1, "agreed": 0}
    assert found.brackets == 5
    assert [one.id for one in found.proposed] == [held]
    assert found.stale == ()
    talk.amend("Sol", talk.replace(1, "Peace, for now."))
    assert way(talk).stale == way(talk).proposed
    assert not found.clear
    assert found.soundable == (
        Soundable(2, 1, ("shall", "may"), True),
        Soundable(5, 1, ("shall", "not"), False),
        Soundable(5, 3, ("then", "(no words)"), False),
    )
    assert found.without == (Without(("Chile",), (3,)),)


def test_minus_x() -> None:
    talk = Talk(["a", "b", "c", "d", "e", "[f]"], state=channel(MANY))
    for by in ("Ana", "Ben", "Per", "Uma"):
        talk.stand(by, "agree")
    talk.stand("Ana", "reserve", 2)
    talk.stand("Ben", "open", 3)
    talk.stand("Ana", "open", 4)
    talk.stand("Per", "reserve", 4)
    for by in ("Ana", "Ben", "Per"):
        talk.stand(by, "reserve", 5)  # more than two
    assert way(talk).without == (
        Without(("Argentina",), (2,)),
        Without(("Chile",), (3,)),
        Without(("Argentina", "Chile"), (2, 3)),
        Without(("Argentina", "Peru"), (2, 4)),
    )


def test_never_minus_everybody() -> None:
    talk = Talk(["a"])
    assert way(talk).without == ()
    talk.leave("Ana")
    assert way(talk).without == ()


def test_when_nothing_stands_in_the_way() -> None:
    talk = Talk(["Peace.", "Good faith."])
    for by, stance in (("Ana", "agree"), ("Ben", "referendum")):
        talk.stand(by, stance)
    assert way(talk).clear
    assert not way(Talk([])).clear


@pytest.mark.parametrize(
    "words",
    [
        *("[X]", "[a / a]", "[a / A]", "[(no words)]"),
        f"[{'a' * 501} / b]",
        "[" + " / ".join(f"o{n}" for n in range(33)) + "]",
    ],
)
def test_what_no_sounding_can_clear(words: str) -> None:
    assert way(Talk([words])).soundable == ()


def test_what_the_capital_says_later() -> None:
    talk = Talk(["Peace.", "Good faith."])
    talk.day = 2
    talk.stand("Ana", "referendum")
    assert talk.at(1).stances[0].at.arrival == 1_002 * DAY
    talk.stand("Ana", "agree", 1)
    talk.stand("Ana", "reserve", 2, words="The capital said no.")
    assert [one.stances[0].stance for one in talk.item.here] == ["agree", "reserve"]
