"""Steps at a desk: by which clock they stand."""

from __future__ import annotations

from pathlib import Path

from backchannel.desk import steps
from tests.desk.world import talks


def test_what_was_read_is_never_later_than_the_hour_up_to_which_was_read(tmp_path: Path) -> None:
    """Arrivals never fall, so nothing from before the newest entry is still to come, however young it is."""
    with talks(tmp_path) as world:
        ana = world["ana"]
        ana.send_note("Now.")
        ana.sync()
        newest = ana.session.history.leaf(ana.size - 1).arrival
        assert newest == ana.session.now().arrival
        assert steps.hour(ana) == newest
        world.clock.days(1)
        assert steps.hour(ana) == newest
        ana.sync()
        assert newest < steps.hour(ana) < ana.session.now().arrival
