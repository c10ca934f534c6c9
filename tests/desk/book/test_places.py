"""Places: no number names an item of another channel."""

from __future__ import annotations

from pathlib import Path

import pytest

from backchannel.errors import Misuse
from tests.desk.world import URL, talks


def test_a_number_beyond_any_log_is_of_no_channel(tmp_path: Path) -> None:
    with talks(tmp_path) as world:
        first = world["ana"]
        first.send_note("For the first channel only.")
        world.settle()
        position = first.items("note")[0].position
        second = world.desks["ana"].found(URL, title="Other", purpose="Other.", name="Ana P.", party="A", role="envoy")
        far = (second.session.book.c - first.session.book.c) << 40
        assert first.note_at(position).text
        for number in (position - far, position + far, 10**30, -1):
            with pytest.raises(Misuse, match="There is no note number"):
                second.note_at(number)
            if number != position:
                assert first.session.book.items.at(number) is None
