"""A text when a seat has passed on: the successor stands where its predecessor stood (spec/handover.md, 3)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from backchannel.errors import Rejected
from backchannel.instruments.text import adopting, standing
from backchannel.instruments.text.acts import Adopt, Break, Pass, Silence, Withdraw
from tests.channel.weaken import weaken
from tests.instruments.text.kit import Talk, seat
from tests.seal.kit import refused


def succeed(talk: Talk, old: str, new: str, *, gone: bool = True) -> None:
    """Somebody new has come into a seat's place."""
    before = talk.state.member(seat(old))
    heir = replace(before, id=seat(new), name=new, succeeds=before.id)
    talk.state = replace(talk.state, seats=(*talk.state.seats, heir))
    if gone:
        talk.leave(old)


def test_a_successor_negotiates_in_the_place_of_whom_it_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    def adopted_without_argentina() -> str:
        talk = Talk(["The parties shall meet."])
        talk.stand("Ben", "agree")
        succeed(talk, "Ana", "Ani")
        talk.issue()
        try:
            talk.say("Sol", Adopt(talk.id, 1))
        except Rejected as problem:
            return problem.code
        return str(talk.item.state)

    assert adopted_without_argentina() == "open"
    weaken(
        monkeypatch,
        "instruments.text.standing",
        ("map(state.member, current(audience, state)) if", "map(state.member, audience) if state.keys(one.id) and"),
    )
    assert adopted_without_argentina() == "adopted"


def test_a_successors_word_is_its_partys() -> None:
    talk = Talk(["The parties shall meet."])
    succeed(talk, "Ana", "Ani")
    assert {one.name for one in standing.negotiators(talk.item.audience, talk.state)} == {"Ani", "Ben", "Bea"}
    talk.stand("Ben", "agree")
    assert talk.kinds == ["open"]
    talk.stand("Ani", "agree")
    assert talk.kinds == ["agreed"]


def test_while_both_are_there_both_speak_for_the_party_and_the_later_word_counts() -> None:
    talk = Talk(["The parties shall meet."])
    succeed(talk, "Ana", "Ani", gone=False)
    assert standing.parties(talk.item, talk.state) == ("Argentina", "Chile")
    talk.stand("Ben", "agree")
    talk.stand("Ana", "agree")
    talk.stand("Ani", "reserve", words="Not yet.")
    assert talk.kinds == ["reserved"]


def test_a_successor_takes_back_its_predecessors_amendment_and_breaks_silence() -> None:
    talk = Talk(["The parties shall meet."])
    amendment = talk.amend("Ana", talk.replace(1, "The parties may meet."))
    succeed(talk, "Ana", "Ani")
    with refused("rule"):
        talk.say("Ben", Withdraw(talk.id, amendment))
    talk.say("Ani", Withdraw(talk.id, amendment))
    assert talk.item.settled[-1].outcome == "withdrawn"
    talk.issue()
    talk.say("Sol", Silence(talk.id, 1, 24))
    talk.say("Ani", Break(talk.id, "Too soon."))
    assert (talk.item.state, talk.item.hushes[-1].party) == ("drafting", "Argentina")


def test_the_pen_goes_to_who_succeeds_its_holder_and_to_nobody_else() -> None:
    talk = Talk(["The parties shall meet."])
    succeed(talk, "Sol", "Sal")
    assert adopting.pens(talk.item, talk.state) == (seat("Sal"),)
    with refused("rule"):
        talk.say("Ben", Pass(talk.id, seat("Ben")))
    with refused("rule"):
        talk.issue("Sal")
    talk.say("Sal", Pass(talk.id, seat("Sal")))
    assert talk.issue("Sal") == 1
