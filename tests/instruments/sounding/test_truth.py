"""The truth table: what is opened is what met the rule, and nothing else."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backchannel.instruments.sounding import tally
from tests.instruments.sounding.kit import NAMES, Table, seat, sounded


def met(yes: set[str], voters: tuple[str, ...], required: tuple[str, ...], quorum: int) -> int | None:
    """The tally of an option that meets the rule, None if it does not."""
    if not quorum:
        return len(voters) if yes == set(voters) else None
    others = yes - set(required)
    return len(yes) if set(required) <= yes and len(others) >= quorum else None


def check(voters: tuple[str, ...], columns: list[set[str]], **change: Any) -> Table:
    """A sounding whose option k is accepted by columns[k]: everybody must come to what the rule says."""
    answers = {name: [k for k, yes in enumerate(columns) if name in yes] for name in voters}
    table = sounded(voters, [f"option {k}" for k in range(len(columns))], answers, shared=True, **change)
    wanted = [met(yes, voters, tuple(change.get("required", ())), change.get("quorum", 0)) for yes in columns]
    for name in table.desks:
        item = table.item(name)
        found = {result.option: result.tally for result in item.results}
        truth = {k: tally_ for k, tally_ in enumerate(wanted) if tally_ is not None}
        assert item.state == "closed"
        assert (item.keys, item.ballots, item.blinds, item.openings) == ((), (), (), ())
        assert item.answered == tuple(sorted(map(seat, voters)))
        if change.get("reveal") != "first":
            assert (found, item.failed) == (truth, 0 if truth else 1)
        elif truth:
            assert len(found) == 1
            assert found.items() <= truth.items()
            assert item.failed <= len(columns) - len(truth)
        else:
            assert (found, item.failed) == ({}, len(columns))
    assert {entry.verdicts.get(name, "ok") for entry in table.log for name in table.desks} == {"ok"}
    assert not any(any(desk.pockets.values()) for desk in table.desks.values())
    return table


def columns(voters: tuple[str, ...]) -> list[set[str]]:
    """Every way to answer an option."""
    return [{v for v, yes in zip(voters, row, strict=True) if yes} for row in product([0, 1], repeat=len(voters))]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_unanimity_over_all_ways_to_answer(n: int) -> None:
    check(NAMES[:n], columns(NAMES[:n]))


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("reveal", ["first", "all"])
def test_unanimity_over_all_ballots(n: int, k: int, reveal: str) -> None:
    voters = NAMES[:n]
    for chosen in product(columns(voters), repeat=k):
        check(voters, list(chosen), reveal=reveal)


def test_three_options_one_at_a_time() -> None:
    for chosen in product(columns(NAMES[:2]), repeat=3):
        check(NAMES[:2], list(chosen), reveal="first")


RULES = [
    (n, required, quorum)
    for n in (2, 3, 4)
    for q in range(n)
    for required in (combinations(NAMES[:n], q) if n < 4 else [NAMES[4 - q : 4]])
    for quorum in range(1, n - q + 1)
]


@pytest.mark.parametrize(("n", "required", "quorum"), RULES)
def test_every_quorum_over_all_ways_to_answer(n: int, required: tuple[str, ...], quorum: int) -> None:
    check(NAMES[:n], columns(NAMES[:n]), required=required, quorum=quorum)


@pytest.mark.parametrize(("n", "required", "quorum"), [r for r in RULES if r[0] == 3])
def test_every_quorum_one_at_a_time(n: int, required: tuple[str, ...], quorum: int) -> None:
    check(NAMES[:n], columns(NAMES[:n])[::-3], required=required, quorum=quorum, reveal="first")


@settings(max_examples=12)
@given(st.data())
def test_larger_ones(data: st.DataObject) -> None:
    n = data.draw(st.integers(4, 7))
    voters = NAMES[:n]
    q = data.draw(st.integers(0, n - 1))
    quorum = data.draw(st.integers(0, n - q))
    change: dict[str, Any] = {"quorum": quorum, "required": voters[:q]} if quorum else {}
    chosen = data.draw(st.lists(st.sets(st.sampled_from(voters)), min_size=1, max_size=4))
    chosen += data.draw(st.lists(st.sampled_from([set(voters), set(voters[1:])]), max_size=2))
    asker = data.draw(st.sampled_from(["Rae", "Sol", "Ana"]))
    check(voters, chosen, reveal=data.draw(st.sampled_from(["first", "all"])), asker=asker, **change)


def test_targets_cannot_be_met_otherwise() -> None:
    """Every n up to 32: only all required and exactly j others add up to (m+1)q + j; no tally passes for another."""
    for n in range(2, 33):
        for q in range(n):
            m = n - q
            sums: dict[int, set[tuple[int, int]]] = {}
            for said, others in product(range(q + 1), range(m + 1)):
                sums.setdefault((m + 1) * said + others, set()).add((said, others))
            for target, tally_ in tally.targets(q, m, 1):
                assert sums[target] == {(q, tally_ - q)}


def test_the_order_is_nobodys() -> None:
    """Every order of three options comes up, and one part of it changes all."""
    seen = set()
    for k in range(60):
        table = Table(NAMES[:2], ["a", "b", "c"], reveal="first", name=f"order {k}")
        table.run()
        table.answer({"Ana": [], "Ben": []})
        table.until("sounding.share")
        seen.add(table.item().sums.order)
    assert len(seen) == 6
