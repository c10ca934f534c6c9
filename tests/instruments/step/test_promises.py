"""What can be promised, and what steps refer to."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel import labels
from backchannel.channel.state import DAY
from backchannel.errors import Rejected
from backchannel.instruments.step.acts import Add, Propose
from backchannel.instruments.step.promises import step_id
from backchannel.seal.primitives import labelled_hash
from tests.instruments.step.kit import CHANNEL, MORNING, PEOPLE, Walk, channel, promise, word
from tests.seal.kit import refused

FAR = MORNING + 36_525 * DAY
LARGEST: dict[str, Any] = {
    "what": "x" * 2_000,
    "where": "x" * 500,
    "how": "x" * 1_000,
    "late": "x" * 1_000,
    "by": FAR,
    "days": 3_650,
    "verifiers": ("Borland", "Olan", "Pact", "Vigil", "Watch"),
    "needed": 5,
    "visits": 366,
    "share": 366,
    "toward": ("Borland", "Olan", "Pact", "Vigil", "Watch"),
    "grace": 3_650,
    "remind": (365, 100, 50, 20, 10, 5, 2, 1),
}
SMALLEST: dict[str, Any] = {
    "what": "x",
    "where": "",
    "how": "",
    "late": "",
    "days": 0,
    "verifiers": (),
    "visits": 0,
    "remind": (),
}


@pytest.mark.parametrize("terms", [LARGEST, SMALLEST])
def test_the_largest_and_the_smallest_promise_can_be_made(terms: dict[str, Any]) -> None:
    assert Walk([promise(**terms)]).step().promise == promise(**terms)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"what": ""}, "prose"),
        ({"what": "x" * 2_001}, "prose"),
        ({"what": "a\x00"}, "prose"),
        ({"where": "x" * 501}, "prose"),
        ({"where": "a\x00"}, "prose"),
        ({"how": "x" * 1_001}, "prose"),
        ({"late": "x" * 1_001}, "prose"),
        ({"doer": "Nowhere"}, "parties"),
        ({"doer": ""}, "parties"),
        ({"doer": "arland"}, "parties"),
        ({"verifiers": ("Nowhere",)}, "parties"),
        ({"verifiers": ("Arland",)}, "parties"),
        ({"verifiers": ("Vigil", "Vigil")}, "parties"),
        ({"verifiers": ("Watch", "Vigil")}, "parties"),
        ({"toward": ()}, "parties"),
        ({"toward": ("Arland",)}, "parties"),
        ({"toward": ("Olan", "Borland")}, "parties"),
        ({"toward": ("Nowhere",)}, "parties"),
        ({"needed": 0}, "needed"),
        ({"needed": 2}, "needed"),
        ({"verifiers": (), "needed": 1}, "needed"),
        ({"after": [[]]}, "after"),
        ({"after": [[0]] * 33}, "after"),
        ({"after": [list(range(33))]}, "after"),
        ({"returns": tuple(range(33))}, "returns"),
        ({"by": FAR + 1}, "by"),
        ({"by": 1 << 62}, "by"),
        ({"days": 3_651}, "by"),
        ({"visits": 367}, "visits"),
        ({"visits": 2, "share": 0}, "share"),
        ({"visits": 2, "share": 3}, "share"),
        ({"visits": 0, "share": 1}, "share"),
        ({"grace": 3_651}, "grace"),
        ({"remind": (1, 7)}, "remind"),
        ({"remind": (7, 7)}, "remind"),
        ({"remind": (7, 0)}, "remind"),
        ({"remind": (366,)}, "remind"),
        ({"remind": tuple(range(9, 0, -1))}, "remind"),
        ({"days": 0, "remind": (7,)}, "remind"),
        ({"announced": True}, "announced"),
        ({"after": [[1]]}, "reference"),
        ({"after": [[-1 + (1 << 62)]]}, "reference"),
        ({"after": [[bytes(8)]]}, "reference"),
        ({"returns": (bytes(8),)}, "reference"),
        ({"returns": (0,)}, "returns"),
        ({"after": [[0]]}, "circle"),
    ],
)
def test_what_cannot_be_promised(change: dict[str, Any], code: str) -> None:
    with refused(code):
        Walk([promise(**change)])


def test_a_ladder_has_a_title_and_steps() -> None:
    walk = Walk()
    for act, code in (
        (Propose("", (promise(),)), "name"),
        (Propose("A\nB", (promise(),)), "name"),
        (Propose("T", ()), "size"),
        (Propose("T", (word(),) * 501), "size"),
        (Add(walk.id, ()), "size"),
        (Add(walk.id, (word(),) * 501), "size"),
    ):
        with refused(code):
            walk.say("Pia", act)
    walk.add(*(word(),) * 500)


def test_a_ladder_has_an_end() -> None:
    walk = Walk([word()] * 500)
    for _ in range(18):
        walk.add(*[word()] * 500)
    with refused("size"):
        walk.add(*[word()] * 499, *[word()] * 2)
    walk = Walk([word()] * 32)
    each = [walk.key(n) for n in range(1, 33)]
    walk.add(*[word(after=[each] * 32)] * 97)
    for last, row in (((each,) * 22, 0), ((each,) * 21, 1)):
        with refused("size"):
            walk.add(word(after=last), *[word(doer="Olan", returns=(each[0],))] * row)
    walk.add(word(after=(each,) * 21))


def test_parties_are_those_that_read_it_and_speak() -> None:
    """Kenya only observes; Chad reads nothing of it; Peru has left."""
    more = {"Ken": ("Kenya", "observer"), "Cha": ("Chad", "envoy"), "Per": ("Peru", "envoy")}
    walk = Walk(state=channel({**PEOPLE, **more}, left=["Per"]))
    to = [one.id for one in walk.state.active if one.party != "Chad"]
    for party in ("Kenya", "Chad", "Peru"):
        for change in ({"doer": party}, {"verifiers": (party,)}, {"toward": (party,)}):
            with refused("parties"):
                walk.say("Pia", Propose("T", (promise(**change),)), to=to)
    walk.say("Pia", Propose("T", (promise(),)), to=to)


def test_a_step_is_named_by_its_entry_and_place() -> None:
    walk = Walk([promise(), promise()])
    entry = walk.said[0].id
    assert (
        [one.id for one in walk.item.steps]
        == [labelled_hash(labels.STEP, CHANNEL, entry, n)[:8] for n in (0, 1)]
        == [step_id(CHANNEL, entry, 0), step_id(CHANNEL, entry, 1)]
    )
    walk.add(promise(after=[[walk.key(2), 1], [walk.key(1)]]), word(doer="Borland", toward=("Arland",), returns=(0,)))
    assert (walk.step(3).after, walk.step(4).returns) == (((1, 3), (0,)), (2,))
    assert walk.step(3).id == step_id(CHANNEL, walk.said[1].id, 0)
    with refused("reference"):
        walk.add(promise(after=[[walk.key(1), walk.key(1)]]))


def test_a_step_of_another_ladder_is_none_of_this() -> None:
    other = Walk([promise(), promise()])
    other.n = 7
    other.say("Pia", Propose("Other", (promise(),)))
    walk = Walk()
    with refused("reference"):
        walk.add(promise(after=[[other.key(1)]]))


def test_in_return_for_other_parties_steps_only() -> None:
    walk = Walk()
    with refused("returns"):
        walk.add(promise(returns=(walk.key(1),)))
    with refused("reference"):
        walk.add(promise(doer="Borland", toward=("Arland",), returns=(walk.key(1),) * 2))


def test_an_announced_step_demands_nothing() -> None:
    walk = Walk([word(announced=True), word(announced=True, after=[[0]])], by="Ana")
    assert walk.states == ["due", "pledged"]
    assert [one.pledged for one in walk.item.steps] == [walk.item.at, walk.item.at]
    for by, made in (
        ("Ben", word(announced=True)),
        ("Ana", word(announced=True, returns=(1,))),
    ):
        with refused("announced"):
            walk.add(made, word(doer="Borland", toward=("Arland",)), by=by)


@pytest.mark.parametrize("length", [1, 2, 3, 5, 6, 500])
def test_a_circle_of_any_length_is_refused_and_named(length: int) -> None:
    made = [word(what=f"step {n}", after=[[(n + 1) % length]]) for n in range(length)]
    with pytest.raises(Rejected) as caught:
        Walk(made)
    assert caught.value.code == "circle"
    names = caught.value.what.partition(": ")[2]
    said = [int(part.partition('"')[0]) for part in names.split('"step ')[1:]]
    assert all((a + 1) % length == b for a, b in pairwise(said))
    assert len(said) == min(length + 1, 5)
    assert (f"({length} steps)" in names) == (length > 4)


def test_a_circle_through_one_of_several_is_one_too() -> None:
    made = [word(what="a\n  " + "b" * 90, after=[[1, 2]]), word(what="c", after=[[2], [0]]), word()]
    with pytest.raises(Rejected, match=r'"a b{55}\.\.\." waits for "c" waits for|"c" waits for "a b{55}\.\.\."'):
        Walk(made)


@given(st.data())
def test_there_is_a_circle_or_an_order(data: st.DataObject) -> None:
    """Against one that takes away what waits for nothing that is left."""
    size = data.draw(st.integers(1, 7))
    some = st.lists(st.lists(st.integers(0, size - 1), min_size=1, max_size=3, unique=True), max_size=2)
    lists = data.draw(st.lists(some, min_size=size, max_size=size))
    left = dict(enumerate({n for one in lists for n in one} for lists in lists))
    while free := [n for n, waits in left.items() if not waits & left.keys()]:
        for n in free:
            del left[n]
    made = [word(after=one) for one in lists]
    if not left:
        Walk(made)
    else:
        with refused("circle"):
            Walk(made)
