"""What the keys on a desk open of recorded entries: what it has read, and nothing that was closed to it."""

from __future__ import annotations

from pathlib import Path

from backchannel.desk.reach import Recorded, opens
from tests.desk.world import World, talks


def recorded(world: World) -> list[Recorded]:
    rows = world.host.rows(world.name)
    return [Recorded(at, leaf[44:], body) for at, (leaf, body) in enumerate(rows) if body is not None]


def test_a_desk_opens_what_is_said_to_it_and_nothing_else(tmp_path: Path) -> None:
    with talks(tmp_path) as w:
        ana, before = w["ana"], len(recorded(w))
        ana.send_note("For Hernan.", [w["hernan"].me])
        ana.send_note("For all.")
        w.settle()
        new, (alone, together) = recorded(w)[before:], (held.position for held in ana.items("note"))
        found = {name: set(opens(w[name].session, new)) for name in w.desks}
        assert {alone, together} <= found["hernan"]
        assert together in found["sofia"]
        assert alone not in found["sofia"]


def test_of_lines_that_started_before_it_opens_what_is_to_come(tmp_path: Path) -> None:
    """And not what was read: the keys behind are gone."""
    with talks(tmp_path) as w:
        ana, hernan = w["ana"], w["hernan"]
        ana.send_note("First.")
        w.settle()
        before = len(recorded(w))
        ana.send_note("Second.")
        ana.sync()
        (second,) = recorded(w)[before:]
        assert opens(hernan.session, [second]) == [second.position]
        w.settle()
        assert opens(hernan.session, [second]) == []
