"""What a sync tells of what came holds neither sealed bytes nor those of files: a long one would fill the memory."""

from __future__ import annotations

import os
from pathlib import Path

from backchannel.desk import evidence, files, steps
from backchannel.desk.intake import BULK
from backchannel.entry.codec import decode
from backchannel.instruments import BY_KIND
from backchannel.instruments.step.acts import PIECE, Piece
from tests.desk.world import talks

PLAN = b"""
title = "A file"
[[step]]
who = "Argentina"
what = "Sends a file."
owed_to = ["Chile"]
"""


def test_what_came_is_told_without_its_bytes(tmp_path: Path) -> None:
    with talks(tmp_path) as w:
        ana, hernan, file = w["ana"], w["hernan"], tmp_path / "file"
        file.write_bytes(os.urandom(2 * PIECE + 5))
        steps.propose(ana, steps.plan(ana, PLAN))
        ana.sync()
        item = ana.items("step")[0].value
        steps.pledge(ana, item, item.steps)
        ana.sync()
        item = ana.items("step")[0].value
        named = files.take(ana.session, item.at.position, file).file
        steps.report(ana, item, item.steps[0], "Done.", [named])
        files.carry(ana)
        events = hernan.sync().events
        held = hernan.items("step")[0].value
        (there,) = evidence.named(hernan, held, 1)
        evidence.save(hernan, held, there, tmp_path / "out")
        assert (tmp_path / "out").read_bytes() == file.read_bytes()
    assert all(event.record.body is None for event in events)
    pieces = [decode(event.body, Piece) for event in events if event.kind == "step.piece"]
    assert [(one.item, one.n, one.data) for one in pieces] == [(item.id, n, b"") for n in range(3)]
    assert [event for event in events if event.kind == "step.report" and b"Done." in event.body]


def test_each_of_these_fields_is_there() -> None:
    assert all(name in BY_KIND[kind].kinds[kind].body.__struct_fields__ for kind, name in BULK.items())
