"""Ladders as people write them: what a file may say, every way in which it can be wrong, and the templates."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.desk import steps
from backchannel.desk.channel import Channel
from backchannel.desk.plans import reading
from backchannel.desk.plans.templates import NAMES, PARTIES, template
from backchannel.errors import Misuse
from backchannel.instruments.step.values import Ladder
from tests.desk.world import World, agree, returned, talks

DAY = date(2026, 12, 1)
NAMED = {"A": "Argentina", "B": "Chile", "C": "Holy See"}
PARTY: dict[str, str] = {name.casefold(): name for name in NAMED.values()}


def party(name: str) -> str:
    if name.casefold() not in PARTY:
        raise Misuse("party", f"no party here is called {name!r}.")
    return PARTY[name.casefold()]


def read(words: str | bytes) -> reading.Plan:
    return reading.read(words if isinstance(words, bytes) else words.encode(), party)


def one(lines: str = "", head: str = 'title = "T"\n') -> reading.Plan:
    return read(f'{head}[[step]]\nwho = "Argentina"\nwhat = "It stops."\nowed_to = ["Chile"]\n{lines}')


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with talks(tmp_path_factory.mktemp("plans")) as found:
        yield found


# --- what a file says -------------------------------------------------------------------------------------------------


def test_a_step_with_nothing_but_what_it_needs() -> None:
    (promise,) = one().promises
    assert (promise.doer, promise.what, promise.toward) == ("Argentina", "It stops.", ("Chile",))
    assert (promise.by, promise.days, promise.verifiers, promise.needed, promise.visits, promise.share) == (
        *(0, 0, (), 0),
        *(0, 0),
    )
    assert (promise.remind, promise.reversible, promise.announced) == ((), True, False)


def test_every_line() -> None:
    (promise,) = one(
        'where = "There."\nby = 2026-12-01\nwithin_days = 4\nverified_by = ["holy see", "Chile"]\nfindings_needed = 1\n'
        'how = "By looking."\nvisits_a_year = 3\nvisits_from_one = 2\nif_late = "A call."\nbroken_after_days = 9\n'
        "remind_days = [1, 7, 1]\nreversible = false\nannounced = true\n"
    ).promises
    assert promise.verifiers == ("Chile", "Holy See")
    assert (promise.needed, promise.visits, promise.share, promise.grace) == (1, 3, 2, 9)
    assert (promise.remind, promise.reversible, promise.announced) == ((7, 1), False, True)
    assert (promise.where, promise.how, promise.late, promise.days) == ("There.", "By looking.", "A call.", 4)
    assert promise.by * 300 == 1_796_169_600  # 2 December 2026, 0:00 UTC: the day has ended


def test_what_is_left_out_is_all_of_it() -> None:
    (promise,) = one('verified_by = ["Chile", "Holy See"]\nvisits_a_year = 5').promises
    assert (promise.needed, promise.share) == (2, 5)


LADDER = """
title = "T"
[[step]]
key = "a"
who = "Argentina"
what = "First."
in_return_for = ["b"]
[[step]]
key = "b"
who = "Chile"
what = "Second."
in_return_for = ["a"]
after = [["a", "#1"], "#2"]
"""


def test_references_and_to_whom_it_is_owed(world: World) -> None:
    ana = world["ana"]
    before = len(ana.items("step"))
    steps.propose(ana, steps.plan(ana, TWO))
    ana.sync()
    item: Ladder = ana.items("step")[before].value
    plan = steps.plan(ana, LADDER.encode(), item)
    first, second = plan.promises
    assert (first.returns, first.toward) == ((1,), ("Chile",))
    assert (second.returns, second.toward) == ((0,), ("Argentina",))
    assert second.after == ((0, item.steps[0].id), (item.steps[1].id,))
    alone = LADDER.split("[[step]]")[2].replace('"a"', '"#1"')
    (third,) = steps.plan(ana, f"[[step]]{alone}".encode(), item).promises
    assert third.toward == ("Argentina",)


TWO = b"""title = "Two"
[[step]]
who = "Argentina"
what = "One."
owed_to = ["Chile"]
[[step]]
who = "Chile"
what = "Two."
owed_to = ["Argentina"]
"""


# --- what is wrong ----------------------------------------------------------------------------------------------------


def deep() -> str:
    return "a = " + "[" * 100_000 + "]" * 100_000


BAD: dict[str, tuple[str | bytes, str]] = {
    "no TOML": ("title =", "cannot be read"),
    "not UTF-8": (b"\xff\xfe\x00", "UTF-8"),
    "too long": (b"#" * (reading.MOST_BYTES + 1), "two megabytes"),
    "too deep": (deep(), "cannot be read"),
    "a number too long": ("a = " + "9" * 5_000, "cannot be read"),
    "twice the same": ('title = "a"\ntitle = "b"', "cannot be read"),
    "a title that is none": ("title = 3", "something that is no step"),
    "another line": ('name = "x"', "'name'"),
    "a step that is none": ("step = 3", "something that is no step"),
    "steps that are none": ("step = [3]", "something that is no step"),
    "a step as a table": ("[step]\nwho = 'x'", "something that is no step"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_ladder(name: str) -> None:
    words, says = BAD[name]
    with pytest.raises(Misuse, match=says) as caught:
        read(words)
    assert caught.value.code == "plan"
    assert caught.value.safe == "Nothing was done."


LINES: dict[str, str] = {
    "whatever = 1": "there is no 'whatever'",
    "where = 1": "'where' should be text",
    'by = "2026-12-01"': "'by' should be a day",
    "by = 2026-12-01T10:00:00": "'by' should be a day",
    "by = 1969-12-31": "too far away",
    "by = 0001-01-02": "too far away",
    "by = 9999-12-31": "too far away",
    "within_days = 1.5": "'within_days' should be",
    "within_days = true": "'within_days' should be",
    "within_days = -1": "'within_days' should be",
    "within_days = 99999999999": "'within_days' should be",
    'verified_by = "Chile"': "'verified_by' should be a list",
    "verified_by = [1]": "1 is no name",
    'verified_by = ["Norway"]': "no party here is called 'Norway'",
    "findings_needed = -2": "'findings_needed' should be",
    "visits_from_one = -9": "'visits_from_one' should be",
    'remind_days = ["3"]': "'remind_days' should be",
    "remind_days = [true]": "'remind_days' should be",
    "reversible = 1": "'reversible' should be true or false",
    'after = ["gone"]': "no step is called 'gone'",
    'after = ["#1"]': "no step is called '#1'",
    "after = [[[1]]]": "no step is called",
    "after = [1]": "no step is called",
    "in_return_for = [{}]": "no step is called",
    'key = "#1"': "a key is a word",
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_is_wrong_is_named(line: str) -> None:
    with pytest.raises(Misuse, match="Step 1") as caught:
        one(line)
    assert LINES[line] in caught.value.what


def test_what_is_missing_is_named() -> None:
    for left, says in (("who", "'who' is missing"), ("what", "'what' is missing"), ("owed_to", "to whom is it")):
        words = "\n".join(
            line
            for line in ('who = "Chile"', 'what = "x"', 'owed_to = ["Argentina"]')
            if not line.startswith(f"{left} ")
        )
        with pytest.raises(Misuse, match=says):
            read(f"[[step]]\n{words}")
    with pytest.raises(Misuse, match=r"Step 2 \(a\): a key is a word of its own"):
        one('key = "a"\n[[step]]\nkey = "a"\nwho = "Chile"\nwhat = "x"')


@settings(max_examples=200)
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_no_file_brings_down_the_program(words: str | bytes) -> None:
    with pytest.raises(Misuse):
        read((words if isinstance(words, bytes) else words.encode("utf-8", "surrogatepass")) + b"\n=")


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from([*reading.FIELDS, "x"]), VALUES, max_size=6))
def test_no_value_brings_down_the_program(said: dict[str, Any]) -> None:
    with suppress(Misuse):
        reading.plan("T", [{"who": "Chile", "what": "x", "owed_to": ["Argentina"]} | said], party)


# --- what the instrument says of it -----------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[str], str], str]] = {
    "no steps": (lambda _: 'title = "T"', "size"),
    "no title": (lambda words: words.replace('title = "T"', ""), "name"),
    "a circle": (lambda words: words.replace('after = ["a"]', 'after = ["a", "b"]'), "circle"),
    "the doer verifies": (lambda words: words + 'verified_by = ["Chile"]', "parties"),
    "too much said": (lambda words: words + f'where = "{"x" * 600}"', "prose"),
    "reminders without an hour": (lambda words: words + "remind_days = [3]", "remind"),
    "announced for another": (lambda words: words + "announced = true", "announced"),
}
GOOD = (
    'title = "T"\n[[step]]\nkey = "a"\nwho = "Argentina"\nwhat = "x"\nowed_to = ["Chile"]\n'
    '[[step]]\nkey = "b"\nwho = "Chile"\nwhat = "y"\nafter = ["a"]\nowed_to = ["Argentina"]\n'
)


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_promised_never_leaves(name: str, world: World) -> None:
    ana, (change, code) = world["ana"], REFUSED[name]
    size = ana.size
    with pytest.raises(Misuse) as caught:
        steps.propose(ana, steps.plan(ana, change(GOOD).encode()))
    assert caught.value.code == code
    if code in ("parties", "prose", "remind"):
        assert caught.value.what.startswith("Step 2 (“y”): ")
    ana.sync()
    assert ana.size == size


# --- templates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_accepted_by_all(name: str, world: World) -> None:
    ana = world["ana"]
    words = template(name, NAMED, date(2026, 11, 23))
    assert "{" not in words
    made = steps.plan(ana, words.encode())
    steps.propose(ana, made)
    world.settle()
    for who in ("ana", "hernan", "sofia"):
        item = world[who].items("step")[-1].value
        assert (item.title, len(item.steps)) == (made.title, len(made.promises))
    assert not returned(ana)
    agree(world)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_says_each_line_that_it_has(name: str) -> None:
    plain = template(name, {}, DAY)
    data = tomllib.loads(plain)
    assert {step["who"] for step in data["step"]} <= set(PARTIES)
    assert all(step.get("by", DAY) >= DAY for step in data["step"])
    assert plain.startswith("# ")


def test_the_blank_one_has_every_line() -> None:
    words = template("blank", {}, DAY)
    assert {name for name in reading.FIELDS if f"{name} = " in words} == set(reading.FIELDS)


def test_names_of_parties_are_quoted() -> None:
    hostile = 'A "great" \\ power'
    data = tomllib.loads(template("hotline", {"A": hostile}, DAY))
    assert data["step"][0]["who"] == hostile
    assert data["step"][0]["what"].startswith(hostile)
    assert "2026-12-31" in template("hotline", {}, DAY)


def test_a_template_that_is_not_there() -> None:
    with pytest.raises(Misuse, match="There is no template called 'peace'"):
        template("peace", {}, DAY)
    with pytest.raises(Misuse, match="'D'"):
        template("hotline", {"D": "Norway"}, DAY)


# --- steps at a desk --------------------------------------------------------------------------------------------------


def test_a_ladder_by_its_number(world: World) -> None:
    ana: Channel = world["ana"]
    ana.send_note("No ladder.")
    ana.sync()
    for number in (0, ana.items("note")[-1].position, 10_000):
        with pytest.raises(Misuse, match=f"There is no ladder number {number}"):
            steps.ladder_at(ana, number)
    item = ana.items("step")[-1]
    assert steps.ladder_at(ana, item.position) == item.value
    for number in (0, len(item.value.steps) + 1):
        with pytest.raises(Misuse, match=f"no step {number}"):
            steps.step(item.value, number)


def test_a_gesture_is_owed_to_all_who_read_it(world: World) -> None:
    ana = world["ana"]
    (promise,) = steps.gesture(ana, {"what": "A light."}, "G").promises
    assert (promise.doer, promise.toward, promise.announced) == ("Argentina", ("Chile", "Holy See"), True)
    (promise,) = steps.gesture(ana, {"what": "A light."}, "G", [ana.me, ana.seat("Chile").id]).promises
    assert promise.toward == ("Chile",)
    (promise,) = steps.gesture(ana, {"what": "A light.", "owed_to": ["chile"]}, "G").promises
    assert promise.toward == ("Chile",)
    steps.propose(ana, steps.plan(ana, TWO), [ana.seat("Chile").id])
    ana.sync()
    (promise,) = steps.gesture(ana, {"what": "A light."}, item=ana.items("step")[-1].value).promises
    assert promise.toward == ("Chile",)


def test_a_day_that_has_passed_is_none(world: World) -> None:
    ana = world["ana"]
    made = steps.gesture(ana, {"what": "A light.", "by": date(2001, 2, 3)}, "G")
    with pytest.raises(Misuse, match="a day that has passed"):
        steps.check_plan(ana, made)


def test_a_party_is_named_as_the_roster_has_it(tmp_path: Path, world: World) -> None:
    assert steps.party(world["ana"], "holy  SEE") == "Holy See"
    with pytest.raises(Misuse, match="there are Argentina, Chile, Holy See"):
        steps.party(world["ana"], "Norway")
    assert steps.day(0) == "1970-01-01"
