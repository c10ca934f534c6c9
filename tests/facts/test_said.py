"""What every face says in the same words: sentences and their parts, soundings, non-papers, the hat."""

from __future__ import annotations

from typing import Any

import pytest

from backchannel.facts import hat, nonpaper, promises, sounding
from backchannel.facts.saying import Hour, Said, english, local
from backchannel.web.words import words

HOUR = "2026-11-24T18:00:00Z"


def test_a_sentence_is_filled_in_as_its_reader_writes_names_and_hours() -> None:
    said = Said(
        "{names} by {when}, {n} times.", {"names": ["Ana", Said("{n} others", {"n": 2})], "when": Hour(HOUR), "n": 3}
    )
    assert (
        english(said, Said("Done {as it stands}."))
        == f"Ana and 2 others by {local(HOUR)}, 3 times. Done {{as it stands}}."
    )
    told = words("en").told(said)
    assert told.startswith("Ana and 2 others by ")
    assert "2 others" in told
    assert words("en").when(HOUR) in told


def test_a_name_that_turns_the_writing_turns_nothing_but_itself() -> None:
    name = "\u0645\u0631\u062d\u0628\u0627"
    assert words("en").told(Said("{name} is here.", {"name": name})) == f"\u2068{name}\u2069 is here."
    assert words("en").say("{name} is here.", name=name) == f"\u2068{name}\u2069 is here."
    assert words("en").names([name, "Ana"]) == f"\u2068{name}\u2069 and Ana"
    assert words("ar").say("{name} {n}.", name="Ana P.", n=3) == "\u2068Ana P.\u2069 3."


def test_braces_in_a_name_are_nothing_but_braces() -> None:
    said = promises.by_name(["{0.__class__}"])
    assert english(said) == "{0.__class__} will read it, and see that it is yours."
    assert "{0.__class__}" in words("en").told(said)


def one(**more: Any) -> dict[str, Any]:
    """The facts of a sounding that is over."""
    options = [{"number": k, "text": f"o{k}", "met": k in more.get("met", ()), "tally": 2} for k in range(1, 4)]
    found = {"quorum": 0, "required": [], "reveal": "first", "failed": 0, "voters": [1, 2, 3], "options": options}
    return {**found, "question": "Who?", "asked_by": "Ana", **more}


SHOWN = "Nothing else is shown."
WHICH = "All who saw the question could work out which, while it ran."
MANY = "Who accepted and who refused is not shown to anybody."
PAIR = "There were only two voters: whoever accepted what failed knows that the other refused it."
COUNTED = "There were only two voters: from the number, each can work out what the other said."


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (one(), f"Not acceptable to all: none of these options. {SHOWN} {MANY}"),
        (one(quorum=2), f"None of these options was acceptable to enough. {SHOWN} {MANY}"),
        (one(met=(1, 2, 3)), SHOWN),
        (one(met=(1,), reveal="all"), f"The other 2 did not meet the rule. {SHOWN} {MANY}"),
        (one(met=(1,)), "Nothing is known about the other options."),
        (one(met=(1,), failed=1), f"1 other was opened before it and did not meet the rule. {WHICH} {SHOWN} {MANY}"),
        (one(met=(1,), failed=2), f"2 others were opened before it and did not meet the rule. {SHOWN} {MANY}"),
        (one(met=(1,), quorum=2), f"Nothing is known about the other options. {MANY}"),
        (one(met=(1, 2, 3), quorum=2, reveal="all"), MANY),
        (one(voters=[1, 2]), f"Not acceptable to all: none of these options. {SHOWN} {PAIR}"),
        (
            one(voters=[1, 2], met=(1,), failed=1),
            f"1 other was opened before it and did not meet the rule. {WHICH} {SHOWN} {PAIR}",
        ),
        (one(voters=[1, 2], met=(1,)), "Nothing is known about the other options."),
        (one(voters=[1, 2], met=(1, 2, 3)), SHOWN),
        (one(voters=[1, 2], met=(1, 2, 3), quorum=1, reveal="all"), COUNTED),
    ],
)
def test_what_is_known_of_a_sounding(facts: dict[str, Any], said: str) -> None:
    assert english(*sounding.known(facts)) == said


def test_the_rule_of_a_sounding() -> None:
    assert english(sounding.rule(one())) == "Acceptable only if all voters could live with it."
    assert english(sounding.rule(one(quorum=2))) == "Acceptable if 2 of the voters could live with it."
    required = one(quorum=1, required=["Ana", "Bo"])
    assert english(sounding.rule(required)) == "Acceptable if Ana, Bo and 1 of the others could live with it."
    assert sounding.reveals(one()) is promises.FIRST
    assert english(sounding.reveals(one(reveal="all"))) == "Every option that meets this is shown."
    assert english(sounding.met(one(), {"tally": 3})) == "acceptable to all"
    assert english(sounding.met(one(quorum=1), {"tally": 2})) == "acceptable to 2 of 3"


def test_only_the_hats_own_questions_are_brought_by_a_desk() -> None:
    assert english(sounding.asked(one())) == "asked by Ana"
    assert english(sounding.asked(one(question="From the hat: who?"))) == "brought by the desk of Ana"


def test_with_two_voters_each_knows_the_other() -> None:
    for voters, quorum, limit in (
        (2, 0, promises.TWO),
        (3, 0, promises.LEARN),
        (2, 1, promises.TWO_COUNTED),
        (3, 1, promises.COUNTED),
    ):
        said = promises.casting(voters, quorum)
        assert said == [promises.CAST, limit, promises.PROVE]
        assert "nobody learns" not in english(*said)


@pytest.mark.parametrize(
    ("mine", "route", "said"),
    [
        (True, "party", "floated by you"),
        (True, "carry", "handed to Bo by you"),
        (True, "intermediary", "put forward by you for another seat; which, only the two know"),
        (False, "party", "floated by Ana"),
        (False, "carry", "handed to you by Ana"),
        (False, "intermediary", "put forward by Ana for another seat; which, only the two know"),
        (False, "hat", "from the hat; nobody knows whose it is"),
    ],
)
def test_where_a_nonpaper_came_from(mine: bool, route: str, said: str) -> None:
    facts = {"mine": mine, "route": route, "from": None if route == "hat" else "Ana", "through": ["Bo"], "few": False}
    assert english(nonpaper.came(facts)) == said
    shorter = english(nonpaper.came({**facts, "few": True}))
    assert shorter == said.removesuffix("; which, only the two know")


@pytest.mark.parametrize(
    ("by", "many", "said"),
    [
        ("hat", "1", "1 objection from the hat ends it."),
        ("hat", "2", "2 objections from the hat end it."),
        ("name", "1", "The objection of one party ends it."),
        ("name", "3", "Objections of 3 parties end it."),
    ],
)
def test_what_ends_a_nonpaper(by: str, many: str, said: str) -> None:
    assert english(nonpaper.objection({"reactions_by": by, "objection": many})) == said


def test_what_was_in_the_hat() -> None:
    none = {"idea": 0, "reaction": 0, "question": 0, "spoiled": 0, "empty": 0}
    assert english(hat.was_in({**none, "idea": 1, "empty": 2})) == "In the hat: 1 idea and 2 empty slips."
    many = {"idea": 2, "reaction": 1, "question": 3, "spoiled": 1, "empty": 1}
    said = "In the hat: 2 ideas, 1 reaction, 3 questions, 1 that nobody could read and 1 empty slip."
    assert english(hat.was_in(many)) == said
    more = {**none, "reaction": 2, "question": 1}
    assert english(hat.was_in(more)) == "In the hat: 2 reactions and 1 question."
    cheat = {"name": "Ana", "how": hat.HOW["alarm"]}
    assert english(hat.cheat(cheat)) == "Ana stopped the round without reason."


def test_every_route_has_its_promise_and_its_limits() -> None:
    end = promises.ends_at(HOUR)
    for route in ("party", "carry"):
        first, limits = promises.floating(route, end, ["Bo"], "Cy")
        assert first[-1] is end
        assert limits == [promises.UNREACHED]
    few = english(*promises.floating("carry", end, ["Bo"], "Cy")[0])
    assert "Only Cy will read it" in few
    assert "Few could have" in few
    one = english(*promises.floating("carry", end, [], "Cy", promises.known_by(["Bo"], ""))[0])
    assert "Bo will know that it is yours: nobody else could have written it." in one
    assert "Few could have" not in one
    dropped = promises.floating("hat", promises.ends_after(14), [], "")
    assert english(*dropped[0]).endswith("the host is asked to delete its copy.")
    assert dropped[2] == [promises.HAT_LIMITS, promises.STYLE]
