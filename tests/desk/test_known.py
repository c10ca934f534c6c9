"""What is remembered is what would be worked out."""

from __future__ import annotations

from pathlib import Path

import pytest

from backchannel.desk import steps, texts
from backchannel.desk.book import items
from backchannel.desk.known import MOST, Known
from backchannel.instruments.step.standing import stand
from tests.desk.test_turns import PLAN
from tests.desk.world import talks


def test_a_result_lasts_as_long_as_what_it_was_made_of() -> None:
    known, made = Known(), list[str]()

    def make() -> int:
        made.append("")
        return len(made)

    assert [known.by_record("a", size, make) for size in (1, 1, 2, 1)] == [1, 1, 2, 3]
    assert known.by_record("b", 1, make) == 4
    first, twin = [1], [1]
    assert [known.by_item(item, "a", 7, make) for item in (first, first, twin, first)] == [5, 5, 6, 5]
    assert [known.by_item(first, "a", of, make) for of in (7, 8, 7)] == [5, 7, 8]
    for n in range(MOST):
        known.by_item([n], "a", 7, make)
    assert known.by_item(first, "a", 7, make) == len(made)


def test_where_steps_stand_moves_with_the_clock(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        ana = world["ana"]
        steps.propose(ana, steps.plan(ana, PLAN.encode()))
        world.settle()
        steps.pledge(ana, item := ana.items("step")[0].value, [item.steps[0], item.steps[3]])
        world.settle()
        item, states = ana.items("step")[0].value, set()
        for _ in range(4):
            found = steps.standings(ana, item)
            assert steps.standings(ana, item) is found
            assert found == stand(item, steps.hour(ana))
            states |= {now.state for now in found}
            world.clock.days(30)
            ana.sync()
        assert {"due", "late"} <= states


def test_a_long_item_is_decoded_once_and_is_what_the_vault_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "LONG", 10)
    with talks(tmp_path) as world:
        ana, sofia = world["ana"], world["sofia"]
        texts.open_(ana, "Treaty", ["One."])
        ana.send_note("One.")
        world.settle()
        first = sofia.items("text")[0].value
        assert sofia.items("text")[0].value is first
        assert sofia.items("note")[0].value is not sofia.items("note")[0].value  # its words may have to be destroyed
        rows = texts.rows(sofia, first)
        assert texts.rows(sofia, first) is rows
        texts.stand(ana, item := ana.items("text")[0].value, item.here, "agree")
        world.settle()
        after = sofia.items("text")[0].value
        assert after == ana.items("text")[0].value != first
        assert texts.rows(sofia, after) != rows
