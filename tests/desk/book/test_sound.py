"""What could be an item, and what could not: everything that desks rely on without asking again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from backchannel.channel.state import At, State
from backchannel.desk import disclosures, steps, texts, understandings
from backchannel.desk.book.sound import sound
from backchannel.entry.codec import decode, encode
from backchannel.errors import Malformed, Rejected
from backchannel.instruments import INSTRUMENTS, Instrument
from backchannel.instruments.base import Me
from backchannel.instruments.step.values import Past, Step
from backchannel.instruments.text.acts import Replace
from tests.desk import test_dossier as flow
from tests.desk.test_plans import TWO
from tests.desk.world import World, talks

PASSING = {one.name: one for one in INSTRUMENTS if one.passes}
Change = Callable[[Any], Any]


class Made(NamedTuple):
    """Items by instrument, and what desks know beside."""

    state: State
    size: int
    held: Callable[[bytes], Any]
    items: dict[str, Any]

    def check(self, name: str, value: Any) -> None:
        sound(PASSING[name], value, self.state, self.size, self.held)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """One rich item of each instrument, made by real desks."""
    with talks(tmp_path_factory.mktemp("sound"), flow.SEATS) as world:
        fill(world)
        ana = world["ana"]
        held = {one.value.id: one.value for name in PASSING for one in ana.items(name)}
        yield Made(ana.state, ana.size, held.get, {name: _richest(ana.items(name)) for name in PASSING})


def _richest(items: list[Any]) -> Any:
    return max((item.value for item in items), key=lambda value: len(encode(value)))


def fill(world: World) -> None:
    flow.fill(world)
    ana, hernan = world["ana"], world["hernan"]
    item = ana.items("understanding")[0].value
    for one in (ana, hernan):
        understandings.sign(one, item)
        world.settle()
        item = ana.items("understanding")[0].value
    steps.propose(ana, steps.plan(ana, TWO))
    disclosures.propose(ana, item, [1], "We agree.")
    text = hernan.items("text")[0].value
    texts.stand(hernan, text, text.here[:1], "reserve", "Not this.")
    texts.amend(hernan, text, [Replace(text.here[1].id, text.here[1].revision, "Two, and a half.")], "It is more.")
    world.settle()
    text = ana.items("text")[0].value
    texts.issue(ana, text)
    world.settle()
    texts.silence(ana, ana.items("text")[0].value, 24)
    world.settle()


def change(path: str, value: Any) -> Change:
    """A change of one field, named by its path; of tuples the first."""

    def changed(item: Any) -> Any:
        return _set(item, path.split("."), value)

    return changed


def _set(item: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value(item) if callable(value) else value
    if isinstance(item, tuple):
        return (_set(item[0], path, value), *item[1:])
    return replace(item, **{path[0]: _set(getattr(item, path[0]), path[1:], value)})


def _waits(some: tuple[Step, ...], past: tuple[Past, ...], many: int = 1) -> tuple[Step, ...]:
    """The second step has waited for the first, which was fulfilled, and was not, in these hours."""
    first, second = replace(some[0], past=past), some[1]
    promise = replace(second.promise, by=9_000_000, days=10, after=((0,),) * 32)
    waiting = replace(second, promise=promise, pledged=At(1, 1), state="pledged", after=((0,),) * many, until=0)
    return (first, waiting)


NOBODY = b"\x09" * 16
FUTURE = At(10**6, 1)

BAD: dict[str, list[Change]] = {
    "note": [
        change("author", NOBODY),
        change("audience", lambda seats: seats[:1] if seats[0] else ()),
        change("at", FUTURE),
        change("until", 2**63 - 1),
    ],
    "mandate": [
        change("terms.acts", ()),
        change("terms.acts", ("dance",)),
        change("terms.attestation", b"\x01"),
        change("terms.to", NOBODY),
        change("state", "sung"),
        change("party", "two\nlines"),
    ],
    "understanding": [
        change("digest", bytes(32)),
        change("terms.title", "Another"),
        change("terms.parties", lambda parties: parties[:1]),
        change("ready", lambda ready: ready * 2),
        change("signatures", ()),
        change("completed", 0),
        change("state", "initialled"),
        change("referendum", (NOBODY,)),
        change("anchor.at", FUTURE),
    ],
    "disclosure": [
        change("terms.clauses", ()),
        change("terms.clauses", (0,)),
        change("terms.clauses", (2, 1)),
        change("terms.clauses", (1, 2)),
        change("terms.understanding", bytes(32)),
        change("consents", ("Nobody",)),
        change("terms.to", "two\nlines"),
        change("terms.not_before", 2**62),
    ],
    "text": [
        change("words", ()),
        change("words", lambda words: words[:1]),
        change("paragraphs", lambda some: (*some, some[0])),
        change("paragraphs", ()),
        change("versions", ()),
        change("versions", lambda some: some * 2),
        change("versions.layout", b"short"),
        change("versions.layout", bytes(12)),
        change("proposed.reason", 10**6),
        change("proposed.steps.words", (10**6,)),
        change("proposed.steps.words", ()),
        change("proposed.steps.do", "sing"),
        change("hushes", ()),
        change("hushes.number", 0),
        change("hushes.until", 2**62),
        change("title", "two\nlines"),
        change("pen", NOBODY),
        change("state", "sung"),
    ],
    "step": [
        change("steps", lambda some: (*some, some[0])),
        change("steps.state", "sung"),
        change("steps.after", ((7,),)),
        change("steps.returns", (7,)),
        change("steps.promise.doer", "Nobody"),
        change("steps.promise.days", 10**9),
        change("steps.until", 2**62),
        change("steps", lambda some: _waits(some, (Past(True, 5, 6), Past(True, 799_000_000, 799_000_001)))),
        change("steps", lambda some: _waits(some, (Past(True, 9, 10), Past(True, 5, 6)))),
        change("steps", lambda some: _waits(some, tuple(Past(True, 9, 9) for _ in range(20_000)), 600)),
        change("title", "two\nlines"),
    ],
}

CASES = [(name, n) for name, bad in BAD.items() for n in range(len(bad))]


def test_what_desks_made_could_be(made: Made) -> None:
    items = made.items
    assert set(items) == set(PASSING) == set(BAD)
    for name, item in items.items():
        made.check(name, item)
        made.check(name, PASSING[name].lapse(item))


@pytest.mark.parametrize(("name", "n"), CASES)
def test_what_no_desk_makes_could_not(made: Made, name: str, n: int) -> None:
    items = made.items
    bad = BAD[name][n](items[name])
    assert bad != items[name]
    with pytest.raises(Rejected) as error:
        made.check(name, bad)
    assert error.value.code == "passed"


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to every part of a value that has no parts."""
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _leaves(getattr(value, name), (*path, name))
    elif isinstance(value, tuple):
        yield path
        for n, part in enumerate(value):
            yield from _leaves(part, (*path, n))
    else:
        yield path


def _put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(head, int):
        return (*value[:head], _put(value[head], rest, new), *value[head + 1 :])
    return replace(value, **{head: _put(getattr(value, head), rest, new)})


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for head in path:
        value = value[head] if isinstance(head, int) else getattr(value, head)
    return value


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_is_put_anywhere_nothing_but_a_refusal_comes_of_it(made: Made, data: st.DataObject) -> None:
    items = made.items
    name = data.draw(st.sampled_from(sorted(items)))
    instrument, value = PASSING[name], items[name]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(_leaves(value))))
        old = _at(value, path)
        value = _put(value, path, data.draw(_other(old)))
    with suppress(Malformed):
        taken = decode(encode(value), instrument.item)  # as it comes to a desk
        made.check(name, taken)
        _used(instrument, taken, made.state)


def _other(old: Any) -> st.SearchStrategy[Any]:
    if isinstance(old, bool):
        return st.booleans()
    if isinstance(old, int):
        return st.sampled_from([0, 1, 2, 63, 10**6, 10**9, 2**31, 2**62, 2**63 - 1])
    if isinstance(old, bytes):
        return st.sampled_from([b"", bytes(8), bytes(16), bytes(32), bytes(64), b"\x09" * 16, old[::-1], old * 2])
    if isinstance(old, str):
        return st.sampled_from(
            ["", "Chile", "open", "gone", "complete", "silence", "adopted", "two\nlines", "x" * 3_000]
        )
    if isinstance(old, tuple):
        return st.sampled_from([(), old[::-1], old[:1], old * 2])
    return st.sampled_from([None, At(1, 1), 5])


def _used(instrument: Instrument, value: Any, state: State) -> None:
    """What desks do with every item, without asking again."""
    instrument.text(value)
    instrument.until(value)
    instrument.until(instrument.lapse(value))
    if instrument.reflex is not None:
        for seat in state.seats:
            instrument.reflex(value, Me(seat.id, b"", bytes, value.at, 10**6, state))
    state.current(value.audience)
    for seat in value.audience:
        state.member(seat)
